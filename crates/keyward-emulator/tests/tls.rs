//! The development authority: what it writes, and who accepts it.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod client;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use client::Http2;
use http::{Request, StatusCode};
use http_body_util::Full;
use keyward_emulator::Emulator;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

fn start(folder: &Path) -> Emulator {
    Emulator::builder().tls(folder).start().unwrap()
}

/// A connection that trusts the authority in `folder` only.
async fn connect(emulator: &Emulator, folder: &Path, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(emulator.address()).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = start(folder.path());
    assert!(emulator.endpoint().starts_with("https://127.0.0.1:"));
    for name in ["localhost", "127.0.0.1", "::1"] {
        let stream = connect(&emulator, folder.path(), name).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let request = Request::get("https://localhost/").body(Full::default()).unwrap();
        let answer = Http2::over(stream).await.send(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    assert!(
        connect(&emulator, folder.path(), "cloudkms.googleapis.com")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_authority_stays_and_others_are_not_trusted() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let read = |file: &str| std::fs::read(one.path().join(file)).unwrap();
    drop(start(one.path()));
    let (authority, server) = (read("ca.pem"), read("server.pem"));
    let emulator = start(one.path());
    assert_eq!(
        (read("ca.pem"), read("server.pem")),
        (authority.clone(), server.clone())
    );
    drop(start(other.path()));
    assert!(connect(&emulator, other.path(), "localhost").await.is_err());
    // A server's certificate that is of no use any more is made anew, under the same authority.
    std::fs::copy(other.path().join("server.pem"), one.path().join("server.pem")).unwrap();
    let emulator = start(one.path());
    assert_eq!(read("ca.pem"), authority);
    assert!(connect(&emulator, one.path(), "localhost").await.is_ok());
}

#[test]
fn keys_are_their_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    drop(start(folder.path()));
    for (file, mode) in [("authority.pem", 0o600), ("server.pem", 0o600), ("ca.pem", 0o644)] {
        let metadata = folder.path().join(file).metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{file}");
    }
    let trusted = std::fs::read_to_string(folder.path().join("ca.pem")).unwrap();
    assert!(!trusted.contains("PRIVATE"));
}

#[test]
fn what_is_no_authority_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("authority.pem"), "mine").unwrap();
    let error = Emulator::builder().tls(folder.path()).start().err().unwrap();
    assert_eq!(error.kind().exit_code(), 4, "{error}");
    assert_eq!(
        std::fs::read(folder.path().join("authority.pem")).unwrap(),
        b"mine"
    );
}
