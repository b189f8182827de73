//! Any place of a message.

use keyward_core::envelope::SEALED_CHUNK_LEN;

use super::*;

fn reader(body: &[u8]) -> Result<BodyReader> {
    BodyReader::new(file(body), 0, opener())
}

#[test]
fn any_place_is_what_it_is_in_the_message() {
    let plain = message(2 * GROUP + 1000);
    let reader = reader(&sealed(&plain)).unwrap();
    assert_eq!(reader.len(), plain.len() as u64);
    for offset in [
        0,
        1,
        CHUNK_LEN - 1,
        CHUNK_LEN,
        GROUP - 5,
        GROUP + 7,
        plain.len() - 1,
    ] {
        for len in [0, 1, 4096, CHUNK_LEN, 2 * CHUNK_LEN + 1, GROUP] {
            let mut target = vec![0; len];
            let read = reader.read_at(offset as u64, &mut target).unwrap();
            assert_eq!(read, len.min(plain.len() - offset));
            assert!(
                target[..read] == plain[offset..offset + read],
                "{len} at {offset}"
            );
        }
    }
}

#[test]
fn behind_the_end_there_is_nothing() {
    for len in [0, 1, CHUNK_LEN, GROUP] {
        let reader = reader(&sealed(&message(len))).unwrap();
        assert_eq!(reader.is_empty(), len == 0);
        assert_eq!(reader.read_at(len as u64, &mut [0; 9]).unwrap(), 0);
        assert_eq!(reader.read_at(u64::MAX, &mut [0; 9]).unwrap(), 0);
    }
}

#[test]
fn a_length_is_not_believed_before_the_last_chunk_opens() {
    let body = sealed(&message(2 * CHUNK_LEN + 1000));
    assert!(reader(&body[..body.len() - SEALED_CHUNK_LEN]).is_err());
    assert!(reader(&body[..body.len() - 1]).is_err());
    assert!(reader(&body[..BODY_HEAD_LEN]).is_err());
    assert!(reader(&[]).is_err());
}

#[test]
fn damage_is_found_where_it_is_read() {
    let mut body = sealed(&message(4 * CHUNK_LEN));
    body[BODY_HEAD_LEN + SEALED_CHUNK_LEN + 3] ^= 1;
    let reader = reader(&body).unwrap();
    let mut target = [7; 100];
    assert_eq!(reader.read_at(0, &mut target).unwrap(), 100);
    let mut target = [7; 100];
    let error = reader.read_at(CHUNK_LEN as u64, &mut target).unwrap_err();
    assert_eq!(error.kind().exit_code(), 4);
    assert_eq!(target, [7; 100]);
}
