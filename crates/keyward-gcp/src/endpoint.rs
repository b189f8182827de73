//! Endpoints: the address of Cloud KMS for one location, checked before anything is sent to it.

use keyward_core::kms::{KmsCode, KmsError};
use keyward_core::location::Location;
use url::{Host, Url};

use crate::proxy;

/// Where one location is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    /// Google's own address.
    Google,
    /// Another one over TLS, of Google's or of a host that the user has named.
    Tls(String),
    /// An emulator on this machine. No credential that Google would accept is sent there.
    Local(String),
}

/// Why a host alone is no endpoint.
const NO_SCHEME: &str = "it does not say whether to speak https, or http on this machine";

/// The domain whose hosts are Google's. Not all of them are Cloud KMS: a bucket has a host there too.
const GOOGLE: &str = ".googleapis.com";

impl Endpoint {
    /// The endpoint that `text` says for `location`. Credentials go with every call, and `text` may come from a manifest that
    /// somebody else wrote: a host that is neither Google's nor this machine has to be the one of `named`, the endpoint that
    /// the user has named.
    pub(crate) fn of(text: Option<&str>, named: Option<&str>, location: &Location) -> Result<Self, KmsError> {
        let Some(text) = text else {
            return Ok(Self::Google);
        };
        let (filled, url) = parsed(text, location)?;
        match url.scheme() {
            "http" | "https" if is_loopback(&url) => {
                if url.scheme() == "http" {
                    proxy::refuse(&url)?;
                }
                Ok(Self::Local(filled))
            }
            "http" => Err(refused(
                &filled,
                "plain http is accepted on loopback only, for an emulator on this machine",
            )),
            "https" if is_google(&url) || is_named(&url, named, location) => Ok(Self::Tls(filled)),
            "https" => Err(not_named(&filled)),
            scheme => Err(refused(&filled, &format!("`{scheme}` is not https"))),
        }
    }

    /// Its address; `None` for Google's own.
    pub(crate) fn address(&self) -> Option<&str> {
        match self {
            Self::Google => None,
            Self::Tls(address) | Self::Local(address) => Some(address),
        }
    }

    /// Whether it is on this machine, where anybody may listen.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self, Self::Local(_))
    }
}

/// The endpoint with its location filled in, as text and taken apart.
fn parsed(text: &str, location: &Location) -> Result<(String, Url), KmsError> {
    let filled = text.replace("{location}", location.as_str());
    let url = Url::parse(&filled).map_err(|cause| match filled.contains("://") {
        true => refused(&filled, &cause.to_string()),
        false => refused(&filled, NO_SCHEME),
    })?;
    check_parts(&filled, &url)?;
    Ok((filled, url))
}

/// Cloud KMS itself: global, regional, behind Private Service Connect, or by the two addresses of private access.
fn is_google(url: &Url) -> bool {
    let Some(Host::Domain(name)) = url.host() else {
        return false;
    };
    let labels: Vec<_> = name
        .strip_suffix(GOOGLE)
        .into_iter()
        .flat_map(|host| host.split('.'))
        .collect();
    let is_kms = match *labels {
        ["cloudkms" | "private" | "restricted"] | ["cloudkms", "mtls"] | ["cloudkms", _, "rep"] => true,
        [private, "p"] => private.starts_with("cloudkms-"),
        _ => false,
    };
    is_kms && url.port().is_none()
}

/// The address of an endpoint on this machine that the user has not named. Whoever listens there gets the plaintext of data keys.
pub(crate) fn unnamed_local(text: &str, named: Option<&str>, location: &Location) -> Option<String> {
    let (_, url) = parsed(text, location).ok()?;
    let is_unnamed = is_loopback(&url) && !is_named(&url, named, location);
    is_unnamed.then(|| url.origin().ascii_serialization())
}

fn is_named(url: &Url, named: Option<&str>, location: &Location) -> bool {
    let named = named.and_then(|named| parsed(named, location).ok());
    named.is_some_and(|(_, named)| named.origin() == url.origin())
}

/// A host that only a manifest names.
fn not_named(endpoint: &str) -> KmsError {
    let why = "it is no address of Cloud KMS at Google, and credentials would be sent there";
    let said = refused(endpoint, why);
    KmsError::new(said.code, said.message)
        .hint("if it is yours, name it yourself, with `--endpoint` or KEYWARD_ENDPOINT; a manifest alone does not decide that")
}

fn check_parts(text: &str, url: &Url) -> Result<(), KmsError> {
    if !text.contains("://") {
        // `localhost:9010` reads as a scheme and a path.
        return Err(refused(text, NO_SCHEME));
    }
    let has_login = !url.username().is_empty() || url.password().is_some();
    let has_path = !matches!(url.path(), "" | "/");
    if has_login || has_path || url.query().is_some() || url.fragment().is_some() {
        return Err(refused(
            text,
            "it is a scheme, a host and a port, and nothing else",
        ));
    }
    if text.contains(['{', '}']) {
        return Err(refused(text, "the one placeholder is {location}"));
    }
    match url.host() {
        Some(_) => Ok(()),
        None => Err(refused(text, "it names no host")),
    }
}

/// Loopback by address, or by the one name that means it (RFC 6761).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// An endpoint that is not used. What stands before an `@` may be a password and is not shown.
fn refused(endpoint: &str, why: &str) -> KmsError {
    let shown = endpoint.rsplit('@').next().unwrap_or_default();
    let shown: String = shown.chars().take(200).flat_map(char::escape_debug).collect();
    KmsError::new(
        KmsCode::InvalidArgument,
        format!("the Cloud KMS endpoint `{shown}` is not usable: {why}"),
    )
    .hint(match meant(&shown) {
        Some(meant) => format!("write `{meant}`"),
        None => "write `https://HOST`; {location} in it stands for the location of the key".to_owned(),
    })
}

/// The endpoint that a text seems to mean, if one can be told from it.
fn meant(text: &str) -> Option<String> {
    let with = |scheme: &str| Url::parse(&format!("{scheme}://{text}")).ok();
    let url = match text.contains("://") {
        true => Url::parse(text).ok(),
        false => with("http").filter(is_loopback).or_else(|| with("https")),
    }?;
    let is_usable = match url.scheme() {
        "http" => is_loopback(&url),
        scheme => scheme == "https",
    };
    let origin = url.origin().ascii_serialization();
    (is_usable && url.host().is_some() && origin != text).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Result<Endpoint, KmsError> {
        Endpoint::of(Some(text), None, &Location::parse("europe-west3").unwrap())
    }

    #[test]
    fn the_location_is_filled_in() {
        assert_eq!(
            endpoint("https://cloudkms.{location}.rep.googleapis.com").unwrap(),
            Endpoint::Tls("https://cloudkms.europe-west3.rep.googleapis.com".to_owned())
        );
        let nowhere = Location::parse("global").unwrap();
        assert_eq!(Endpoint::of(None, None, &nowhere).unwrap(), Endpoint::Google);
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for near in [
            "http://127.0.0.1:9010",
            "http://[::1]:9010",
            "http://localhost:9010",
            "http://127.9.9.9",
            "https://127.0.0.1:9010",
        ] {
            assert!(endpoint(near).unwrap().is_local(), "{near}");
        }
        for far in [
            "http://kms.example",
            "http://10.0.0.1:9010",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://[::ffff:10.0.0.1]",
        ] {
            assert!(
                endpoint(far).unwrap_err().message.contains("loopback only"),
                "{far}"
            );
        }
    }

    #[test]
    fn credentials_go_to_google_or_where_the_user_has_said() {
        let location = Location::parse("europe-west3").unwrap();
        let of = |text, named| Endpoint::of(Some(text), named, &location);
        for foreign in [
            "https://kms.example",
            "https://googleapis.com.example",
            "https://xgoogleapis.com",
            "https://cloudkms.googleapis.com:8443",
            "https://10.0.0.1",
            "https://bucket.storage.googleapis.com",
            "https://cloudkms.storage.googleapis.com",
            "https://storage.googleapis.com",
        ] {
            let error = of(foreign, Some("https://other.example")).unwrap_err();
            assert!(
                error.message.contains("credentials would be sent"),
                "{foreign}: {error}"
            );
            assert!(of(foreign, Some(foreign)).is_ok(), "{foreign}");
        }
        let named = Some("https://{location}.kms.example:8443");
        assert!(of("https://europe-west3.kms.example:8443", named).is_ok());
        assert!(of("https://europe-west3.kms.example", named).is_err());
        for ours in [
            "cloudkms",
            "cloudkms-ours.p",
            "cloudkms.europe-west3.rep",
            "private",
            "cloudkms.mtls",
        ] {
            let address = format!("https://{ours}.googleapis.com");
            assert!(Endpoint::of(Some(&address), None, &location).is_ok(), "{ours}");
        }
    }

    #[test]
    fn what_was_meant_is_offered() {
        for (given, meant) in [
            ("127.0.0.1:9010", "`http://127.0.0.1:9010`"),
            ("localhost:9010", "`http://localhost:9010`"),
            ("[::1]:9010", "`http://[::1]:9010`"),
            ("http://127.0.0.1:9010/v1", "`http://127.0.0.1:9010`"),
            ("cloudkms.googleapis.com", "`https://cloudkms.googleapis.com`"),
            ("https://user:geheim@kms.example/v1", "`https://kms.example`"),
            ("", "`https://HOST`"),
            ("http://kms.example", "`https://HOST`"),
        ] {
            let hint = endpoint(given).unwrap_err().hint.unwrap();
            assert!(hint.contains(&format!("write {meant}")), "{given}: {hint}");
        }
    }

    #[test]
    fn other_forms_are_refused_without_showing_a_password() {
        for bad in [
            "",
            "cloudkms.googleapis.com",
            "ftp://kms.example",
            "https://user:geheim@kms.example",
            "https://kms.example/?key=1",
            "https://cloudkms.googleapis.com/v1",
            "https://kms.example/#x",
            "https://{region}.kms.example",
            "https://",
            "unix:/run/kms",
        ] {
            let error = endpoint(bad).unwrap_err();
            assert_eq!(error.code, KmsCode::InvalidArgument, "{bad}");
            assert!(!error.message.contains("geheim"), "{bad}");
        }
    }
}
