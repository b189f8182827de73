//! Web pages that reach for the port: what their browser sends in their name is not answered.

use std::net::IpAddr;

use http::Request;
use http::header::{HOST, ORIGIN};
use http::uri::{Authority, Uri};

/// Whether a request comes from a web page that is not of this very port on this machine. Programs say no origin.
pub(super) fn is_foreign<B>(request: &Request<B>) -> bool {
    let Some(origin) = request.headers().get(ORIGIN) else {
        return false;
    };
    let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let own = origin
        .as_ref()
        .and_then(Uri::authority)
        .is_some_and(|origin| is_loopback(origin) && Some(origin.as_str()) == asked(request));
    !own
}

/// A name that somebody else may let point to this machine is foreign.
fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The host that was asked, over either protocol.
fn asked<B>(request: &Request<B>) -> Option<&str> {
    let named = request.uri().authority().map(Authority::as_str);
    named.or_else(|| request.headers().get(HOST)?.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(origin: &str, host: &str) -> bool {
        let request = Request::get("/").header(ORIGIN, origin).header(HOST, host);
        is_foreign(&request.body(()).unwrap())
    }

    #[test]
    fn only_this_very_port_is_not_foreign() {
        for (origin, host) in [
            ("http://127.0.0.1:9010", "127.0.0.1:9010"),
            ("http://localhost:9010", "localhost:9010"),
            ("https://[::1]:9010", "[::1]:9010"),
        ] {
            assert!(!foreign(origin, host), "{origin}");
        }
        for (origin, host) in [
            ("https://example.com", "127.0.0.1:9010"),
            ("http://127.0.0.1:8080", "127.0.0.1:9010"),
            ("http://example.com:9010", "example.com:9010"),
            ("null", "127.0.0.1:9010"),
            ("", "127.0.0.1:9010"),
        ] {
            assert!(foreign(origin, host), "{origin}");
        }
        assert!(!is_foreign(&Request::get("/").body(()).unwrap()));
    }
}
