//! `multipart/related` (RFC 2387) as uploads use it: metadata first, content second.

use crate::storage::body::LONGEST_JSON;
use crate::storage::refusal::Refusal;

/// Longest boundary (RFC 2046).
const LONGEST_BOUNDARY: usize = 70;
/// Longest head of a part.
const LONGEST_HEAD: usize = 8 << 10;
/// How far before its end a body may end for the reader.
const EPILOGUE: usize = 4 << 10;

/// The two parts of an upload.
#[derive(Debug, PartialEq)]
pub(super) struct Parts<'a> {
    /// JSON.
    pub(super) metadata: &'a [u8],
    /// What the head of the second part says.
    pub(super) content_type: Option<&'a str>,
    /// The content.
    pub(super) content: &'a [u8],
}

/// Splits a body.
///
/// # Errors
/// 400 when it does not have these two parts.
pub(super) fn split<'a>(content_type: &str, body: &'a [u8]) -> Result<Parts<'a>, Refusal> {
    let boundary = boundary(content_type).ok_or_else(|| wrong("its Content-Type names no boundary"))?;
    let open = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let start = body
        .get(..LONGEST_HEAD.min(body.len()))
        .and_then(|head| find(head, open.as_bytes()))
        .ok_or_else(|| wrong("it does not begin with the boundary"))?;
    let rest = after_line(&body[start + open.len()..])?;
    let first = &rest[..rest.len().min(LONGEST_JSON)];
    let end = find(first, between.as_bytes()).ok_or_else(|| wrong("its first part does not end"))?;
    let (_, metadata) = head_and_body(&rest[..end])?;
    let rest = after_line(&rest[end + between.len()..])?;
    let (head, content) = head_and_body(rest)?;
    let close = format!("{between}--");
    let tail = content.len().saturating_sub(EPILOGUE);
    let end =
        rfind(&content[tail..], close.as_bytes()).ok_or_else(|| wrong("its second part does not end"))?;
    Ok(Parts {
        metadata,
        content_type: header(head, "content-type"),
        content: &content[..tail + end],
    })
}

fn wrong(why: &str) -> Refusal {
    Refusal::new(
        400,
        "parseError",
        format!("This is not a multipart/related body: {why}."),
    )
}

fn boundary(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1);
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then_some(value)
    })?;
    let value = value.trim().trim_matches(['"', '\'']);
    (1..=LONGEST_BOUNDARY).contains(&value.len()).then_some(value)
}

/// What comes after the rest of a boundary's line.
fn after_line(rest: &[u8]) -> Result<&[u8], Refusal> {
    let line = &rest[..rest.len().min(LONGEST_BOUNDARY)];
    let end = find(line, b"\r\n").ok_or_else(|| wrong("a boundary's line does not end"))?;
    if line[..end].iter().all(|byte| matches!(byte, b' ' | b'\t')) {
        Ok(&rest[end..])
    } else {
        Err(wrong("it has one part"))
    }
}

/// Head and body of a part that begins with the end of the boundary's line.
fn head_and_body(part: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let head = &part[..part.len().min(LONGEST_HEAD)];
    let end = find(head, b"\r\n\r\n").ok_or_else(|| wrong("the head of a part does not end"))?;
    Ok((&part[..end], &part[end + 4..]))
}

fn header<'a>(head: &'a [u8], wanted: &str) -> Option<&'a str> {
    let lines = str::from_utf8(head).ok()?.split("\r\n");
    let mut pairs = lines.filter_map(|line| line.split_once(':'));
    let named = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
    named
        .map(|(_, value)| value.trim())
        .filter(|value| !value.is_empty())
}

fn find(within: &[u8], wanted: &[u8]) -> Option<usize> {
    within.windows(wanted.len()).position(|window| window == wanted)
}

fn rfind(within: &[u8], wanted: &[u8]) -> Option<usize> {
    within.windows(wanted.len()).rposition(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/related; boundary=\"==x==\"";

    fn body(content: &str) -> String {
        format!(
            "--==x==\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n{{\"name\": \"a\"}}\r\n\
             --==x==\r\nContent-Type: text/plain\r\n\r\n{content}\r\n--==x==--"
        )
    }

    #[test]
    fn metadata_and_content_come_apart() {
        let body = body("one\r\n--==x== two\r\n\r\n");
        let parts = split(TYPE, body.as_bytes()).unwrap();
        assert_eq!(parts.metadata, b"{\"name\": \"a\"}");
        assert_eq!(parts.content_type, Some("text/plain"));
        assert_eq!(parts.content, b"one\r\n--==x== two\r\n\r\n");
    }

    #[test]
    fn an_empty_content_is_a_content() {
        assert_eq!(split(TYPE, body("").as_bytes()).unwrap().content, b"");
    }

    #[test]
    fn whatever_is_cut_off_is_refused() {
        let body = body("content");
        for end in 0..body.len() {
            assert!(
                split(TYPE, &body.as_bytes()[..end]).is_err(),
                "the first {end} bytes"
            );
        }
        for content_type in [
            "",
            "multipart/related",
            "multipart/related; boundary=",
            "a; boundary=other",
        ] {
            assert_eq!(split(content_type, body.as_bytes()).unwrap_err().status, 400);
        }
    }
}
