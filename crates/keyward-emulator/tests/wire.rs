//! The wire itself: gRPC over one port with HTTP/1.1, and what hostile, slow and unlucky clients meet.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod client;

use std::net::TcpStream as BlockingStream;
use std::time::{Duration, Instant};

use bytes::Bytes;
use client::{Ended, Http2, http1};
use http::{Request, StatusCode};
use http_body_util::Full;
use keyward_emulator::interface::google::cloud::kms::v1::{
    CreateCryptoKeyRequest, CreateKeyRingRequest, CryptoKey, DecryptRequest, DecryptResponse, EncryptRequest,
    EncryptResponse, GetKeyRingRequest, crypto_key::CryptoKeyPurpose,
};
use keyward_emulator::{Code, Emulator, Fault};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PLACE: &str = "projects/p/locations/global";
const RING: &str = "projects/p/locations/global/keyRings/r";
const KEY: &str = "projects/p/locations/global/keyRings/r/cryptoKeys/k";
const ENCRYPT: &str = "google.cloud.kms.v1.KeyManagementService/Encrypt";
const GET: &str = "google.cloud.kms.v1.KeyManagementService/GetKeyRing";

fn ring(id: &str) -> CreateKeyRingRequest {
    CreateKeyRingRequest {
        parent: PLACE.to_owned(),
        key_ring_id: id.to_owned(),
        key_ring: None,
    }
}

fn get(name: &str) -> GetKeyRingRequest {
    GetKeyRingRequest {
        name: name.to_owned(),
    }
}

async fn with_key(emulator: &Emulator) -> Http2 {
    let mut client = Http2::to(emulator.address()).await;
    assert_eq!(client.kms("CreateKeyRing", &ring("r")).await.code, 0);
    let key = CreateCryptoKeyRequest {
        parent: RING.to_owned(),
        crypto_key_id: "k".to_owned(),
        crypto_key: Some(CryptoKey {
            purpose: CryptoKeyPurpose::EncryptDecrypt.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    assert_eq!(client.kms("CreateCryptoKey", &key).await.code, 0);
    client
}

async fn encrypted(client: &mut Http2, plaintext: &[u8]) -> Bytes {
    let request = EncryptRequest {
        name: KEY.to_owned(),
        plaintext: Bytes::copy_from_slice(plaintext),
        ..Default::default()
    };
    let ended = client.kms("Encrypt", &request).await;
    assert_eq!(ended.code, 0, "{}", ended.message);
    EncryptResponse::decode(ended.body).unwrap().ciphertext
}

async fn decrypted(client: &mut Http2, ciphertext: &Bytes) -> Bytes {
    let request = DecryptRequest {
        name: KEY.to_owned(),
        ciphertext: ciphertext.clone(),
        ..Default::default()
    };
    let ended = client.kms("Decrypt", &request).await;
    DecryptResponse::decode(ended.body).unwrap().plaintext
}

#[tokio::test]
async fn what_is_persisted_opens_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let start = || Emulator::builder().data(folder.path()).start();
    let emulator = start().unwrap();
    let sealed = encrypted(&mut with_key(&emulator).await, b"hello").await;
    let second = start().err().unwrap();
    assert_eq!(second.kind().exit_code(), 3, "{second}");
    emulator.stop();
    let emulator = start().unwrap();
    let mut client = Http2::to(emulator.address()).await;
    assert_eq!(decrypted(&mut client, &sealed).await, "hello");
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let emulator = Emulator::start().unwrap();
    let mut client = with_key(&emulator).await;
    for malformed in [
        &b"\xff"[..],
        b"\x0a\x05ab",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x0a\x01\xff",
    ] {
        let ended = client.grpc(ENCRYPT, malformed, &[]).await.unwrap();
        assert_eq!(ended.code, Code::Internal as i32, "{malformed:?}");
        assert!(
            ended.message.contains("failed%20to%20decode"),
            "{}",
            ended.message
        );
    }
    // A field that this version does not know is none of its business.
    let mut request = get(RING).encode_to_vec();
    request.extend_from_slice(b"\xf8\x7f\x01");
    assert_eq!(client.grpc(GET, &request, &[]).await.unwrap().code, 0);
    for unknown in [
        "google.cloud.kms.v1.KeyManagementService/Nope",
        "nope.Nope/Nope",
        "nope",
    ] {
        let ended = client.grpc(unknown, b"", &[]).await.unwrap();
        assert_eq!(ended.code, Code::Unimplemented as i32, "{unknown}");
    }
    let compressed = client.grpc(GET, b"", &[("grpc-encoding", "gzip")]).await.unwrap();
    assert_eq!(compressed.code, Code::Unimplemented as i32);
}

#[tokio::test]
async fn a_message_has_at_most_four_mebibytes() {
    let emulator = Emulator::start().unwrap();
    let mut client = with_key(&emulator).await;
    let ended = client.grpc(ENCRYPT, &vec![0; (4 << 20) + 1], &[]).await.unwrap();
    assert_eq!(ended.code, Code::ResourceExhausted as i32, "{}", ended.message);
    assert_eq!(client.kms("GetKeyRing", &get(RING)).await.code, 0);
}

#[tokio::test]
async fn a_dropped_reply_is_no_reply() {
    let emulator = Emulator::start().unwrap();
    let trouble = emulator.trouble();
    let mut client = Http2::to(emulator.address()).await;
    trouble.add(Fault::drop_reply("CreateKeyRing").times(2)).unwrap();
    let create = "google.cloud.kms.v1.KeyManagementService/CreateKeyRing";
    let cut = client.grpc(create, &ring("a").encode_to_vec(), &[]).await;
    assert!(cut.is_err(), "{cut:?}");
    let uri = format!("/v1/{PLACE}/keyRings?keyRingId=b");
    let request = Request::post(uri)
        .header("host", "localhost")
        .body(Full::default())
        .unwrap();
    let cut = http1(emulator.address(), request).await;
    assert!(cut.unwrap_err().is_incomplete_message());
    // Both were made, and the HTTP/2 connection still serves.
    for id in ["a", "b"] {
        assert_eq!(
            client
                .kms("GetKeyRing", &get(&format!("{PLACE}/keyRings/{id}")))
                .await
                .code,
            0
        );
    }
}

#[tokio::test]
async fn a_deadline_is_kept() {
    let emulator = Emulator::start().unwrap();
    let mut client = Http2::to(emulator.address()).await;
    let hour = Duration::from_secs(3600);
    emulator
        .trouble()
        .add(Fault::delay("GetKeyRing", hour).times(1))
        .unwrap();
    let late = client
        .grpc(GET, &get(RING).encode_to_vec(), &[("grpc-timeout", "50m")])
        .await
        .unwrap();
    assert_eq!(late.code, Code::DeadlineExceeded as i32);
}

#[tokio::test]
async fn ten_thousand_streams_are_served_in_turn() {
    let emulator = Emulator::start().unwrap();
    let client = with_key(&emulator).await;
    let calls: Vec<_> = (0..10_000)
        .map(|_| {
            let mut client = client.clone();
            tokio::spawn(async move { client.kms("GetKeyRing", &get(RING)).await.code })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), 0);
    }
}

/// What the server says to bytes that are no request, until it closes.
async fn said_to(emulator: &Emulator, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(emulator.address()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    // The server may have closed before all of it is written.
    let _ = writer.write_all(bytes).await;
    let mut said = Vec::new();
    let _ = reader.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn what_is_no_http_is_closed() {
    let emulator = Emulator::start().unwrap();
    let header = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(1000));
    for (bytes, start) in [
        (&b"\x00\xff\x00\xff\r\n\r\n"[..], "HTTP/1.1 400"),
        (b"GET / HTTP/9.9\r\n\r\n", "HTTP/1.1 400"),
        (header.as_bytes(), "HTTP/1.1 431"),
        (many.as_bytes(), "HTTP/1.1 431"),
        (
            b"POST /v1/x HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 400",
        ),
    ] {
        let said = said_to(&emulator, bytes).await;
        assert!(said.starts_with(start) || said.is_empty(), "{said}");
    }
    let greeting = Request::get("/")
        .header("host", "localhost")
        .body(Full::default())
        .unwrap();
    assert_eq!(
        http1(emulator.address(), greeting).await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_length_that_is_a_lie_reserves_nothing() {
    let emulator = Emulator::start().unwrap();
    let mut client = with_key(&emulator).await;
    let framed = Bytes::from_static(b"\x00\xff\xff\xff\xff");
    let request = Request::post(format!("http://localhost/{GET}"))
        .header("content-type", "application/grpc")
        .body(Full::new(framed))
        .unwrap();
    let answer = client.send(request).await.unwrap();
    assert_eq!(answer.headers()["grpc-status"], "8");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_begun_is_answered() {
    let emulator = Emulator::start().unwrap();
    let mut client = with_key(&emulator).await;
    let moment = Duration::from_millis(300);
    emulator
        .trouble()
        .add(Fault::delay("GetKeyRing", moment))
        .unwrap();
    let call = tokio::spawn(async move { client.kms("GetKeyRing", &get(RING)).await.code });
    while emulator.trouble().waiting_faults() > 0 {
        tokio::task::yield_now().await;
    }
    tokio::task::spawn_blocking(|| drop(emulator)).await.unwrap();
    assert_eq!(call.await.unwrap(), 0);
}

#[tokio::test]
async fn a_dropped_emulator_is_gone() {
    let emulator = Emulator::start().unwrap();
    let address = emulator.address();
    let mut client = Http2::to(address).await;
    assert_eq!(client.kms("CreateKeyRing", &ring("r")).await.code, 0);
    let _idle = TcpStream::connect(address).await.unwrap();
    let begun = Instant::now();
    tokio::task::spawn_blocking(|| drop(emulator)).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(BlockingStream::connect(address).is_err());
    let ended: Result<Ended, _> = client.grpc(GET, b"", &[]).await;
    assert!(ended.is_err());
}
