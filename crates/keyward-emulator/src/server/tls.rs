//! Certificates for development: an authority of its own, and what it signs for this machine.
//!
//! The folder holds `ca.pem`, which clients trust; `authority.pem`, the key of the authority and its certificate; and
//! `server.pem`, the same for this server. The latter two are their owner's only. All are kept for as long as they are
//! valid; the server's is renewed by a start.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::Offset;
use jiff::{Span, Timestamp};
use keyward_core::error::{Error, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{RootCertStore, ServerConfig};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;

/// What clients trust.
const TRUSTED: &str = "ca.pem";
const AUTHORITY: &str = "authority.pem";
const SERVER: &str = "server.pem";

/// The names of this machine.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Days that the certificates are good for.
const AUTHORITY_DAYS: i64 = 3650;
const SERVER_DAYS: i64 = 365;

/// Speaks TLS with the certificates in `folder`, which are made when they are missing.
///
/// # Errors
/// Usage when the folder cannot be written, damaged when what is in it is not what we write.
pub(crate) fn acceptor(folder: &Path) -> Result<TlsAcceptor> {
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
    let authority = authority(folder)?;
    let file = folder.join(SERVER);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let is_valid = |server: &Pair| is_valid(server, &authority, &provider);
    let server = match Pair::read(&file).ok().flatten().filter(is_valid) {
        Some(server) => server,
        None => {
            let server = Pair::issued(&authority).map_err(|error| unmade(&file, error))?;
            place(&file, &server.pem, 0o600, true)?;
            server
        }
    };
    if !is_valid(&server) {
        let what = "the authority is not valid any more, or is another than its key says";
        return Err(Error::damaged(what)
            .on(folder.display())
            .hint("remove the folder; a new authority is made, and clients have to trust that one"));
    }
    config(server, provider).map(|config| TlsAcceptor::from(Arc::new(config)))
}

/// A certificate and its key.
struct Pair {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    pem: String,
}

impl Pair {
    /// What is in `file`; none when there is no such file.
    fn read(file: &Path) -> Result<Option<Self>> {
        match fs::read_to_string(file) {
            Ok(pem) => Self::parse(pem).map(Some).ok_or_else(|| {
                Error::damaged("this is not a certificate and its key")
                    .on(file.display())
                    .hint("remove the folder; a new authority is made, and clients have to trust that one")
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::usage("cannot read").on(file.display()).because(error)),
        }
    }

    fn parse(pem: String) -> Option<Self> {
        Some(Self {
            certificate: CertificateDer::from_pem_slice(pem.as_bytes()).ok()?,
            key: PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?,
            pem,
        })
    }

    /// An authority.
    fn authority() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let certificate = authority_params().self_signed(&key)?;
        Self::of(&certificate.pem(), &key)
    }

    /// This server's, signed by `authority`.
    fn issued(authority: &Self) -> Result<Self, rcgen::Error> {
        let authority = KeyPair::try_from(&authority.key)?;
        let issuer = Issuer::new(authority_params(), authority);
        let mut params = params(CertificateParams::new(NAMES.map(str::to_owned))?, SERVER_DAYS);
        params
            .distinguished_name
            .push(DnType::CommonName, "keyward-emulator");
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        Self::of(&params.signed_by(&key, &issuer)?.pem(), &key)
    }

    fn of(certificate: &str, key: &KeyPair) -> Result<Self, rcgen::Error> {
        let pem = format!("{certificate}{}", key.serialize_pem());
        Self::parse(pem).ok_or(rcgen::Error::CouldNotParseCertificate)
    }
}

/// The authority of the folder. Of two that are made at once, one is kept.
fn authority(folder: &Path) -> Result<Pair> {
    let file = folder.join(AUTHORITY);
    if !file.exists() {
        let made = Pair::authority().map_err(|error| unmade(&file, error))?;
        place(&file, &made.pem, 0o600, false)?;
    }
    let authority =
        Pair::read(&file)?.ok_or_else(|| Error::unavailable("the authority has gone").on(file.display()))?;
    let trusted = folder.join(TRUSTED);
    let certificate = authority
        .pem
        .split_inclusive("-----END CERTIFICATE-----")
        .next()
        .unwrap_or_default();
    let certificate = format!("{}\n", certificate.trim());
    if fs::read_to_string(&trusted).ok().as_ref() != Some(&certificate) {
        place(&trusted, &certificate, 0o644, true)?;
    }
    Ok(authority)
}

fn authority_params() -> CertificateParams {
    let mut params = params(CertificateParams::default(), AUTHORITY_DAYS);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
        .distinguished_name
        .push(DnType::CommonName, "keyward-emulator development authority");
    params
}

/// Valid from yesterday, as clocks differ.
fn params(mut params: CertificateParams, days: i64) -> CertificateParams {
    params.distinguished_name = rcgen::DistinguishedName::new();
    let today = Offset::UTC.to_datetime(Timestamp::now()).date();
    let in_days = |days: i64| {
        let date = today.saturating_add(Span::new().days(days));
        date_time_ymd(
            date.year().into(),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        )
    };
    (params.not_before, params.not_after) = (in_days(-1), in_days(days));
    params
}

/// Whether clients that trust the authority accept the server today.
fn is_valid(server: &Pair, authority: &Pair, provider: &Arc<CryptoProvider>) -> bool {
    let mut roots = RootCertStore::empty();
    if roots.add(authority.certificate.clone()).is_err() {
        return false;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    let Ok(verifier) = verifier else { return false };
    NAMES.iter().all(|name| {
        let name = ServerName::try_from(*name);
        name.is_ok_and(|name| {
            verifier
                .verify_server_cert(&server.certificate, &[], &name, &[], UnixTime::now())
                .is_ok()
        })
    })
}

fn config(server: Pair, provider: Arc<CryptoProvider>) -> Result<ServerConfig> {
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| {
            config
                .with_no_client_auth()
                .with_single_cert(vec![server.certificate], server.key)
        });
    let mut config = config.map_err(|error| Error::bug("no TLS with this certificate").because(error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Puts a whole file into its place; one that is there stays unless it is to be replaced.
fn place(file: &Path, text: &str, mode: u32, replaced: bool) -> Result<()> {
    let written = || {
        let folder = file.parent().unwrap_or(Path::new("."));
        let mut temporary = NamedTempFile::new_in(folder)?;
        temporary.write_all(text.as_bytes())?;
        temporary
            .as_file()
            .set_permissions(fs::Permissions::from_mode(mode))?;
        temporary.as_file().sync_all()?;
        match replaced {
            true => temporary.persist(file).map(drop).map_err(|error| error.error),
            false => match temporary.persist_noclobber(file) {
                Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
                _ => Ok(()),
            },
        }
    };
    written().map_err(|error| unwritable(file, error))
}

fn unwritable(file: &Path, error: std::io::Error) -> Error {
    Error::usage("cannot write there")
        .on(file.display())
        .because(error)
}

fn unmade(file: &Path, error: rcgen::Error) -> Error {
    Error::bug("no certificate could be made")
        .on(file.display())
        .because(error)
}
