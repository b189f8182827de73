//! A proxy from the environment must not see what goes to a plain-http emulator.

use keyward_core::kms::{KmsCode, KmsError};
use url::Url;

/// Variables whose proxy Google's client would use for plain http.
const PROXIES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
/// Variables that name exceptions.
const EXCEPTIONS: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// Refuses an endpoint that would be reached through a proxy: plaintexts would leave this machine, readable.
pub(crate) fn refuse(url: &Url) -> Result<(), KmsError> {
    check(url, |variable| {
        std::env::var(variable).ok().filter(|value| !value.is_empty())
    })
}

fn check(url: &Url, environment: impl Fn(&str) -> Option<String>) -> Result<(), KmsError> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    // Which of the two a client reads is its own affair: both have to say it, as far as they are set.
    let mut exceptions = EXCEPTIONS
        .iter()
        .filter_map(|variable| environment(variable))
        .peekable();
    let is_excepted = exceptions.peek().is_some()
        && exceptions.all(|list| list.split(',').any(|entry| covers(entry.trim(), host)));
    match PROXIES.iter().find(|variable| environment(variable).is_some()) {
        Some(variable) if !is_excepted => Err(KmsError::new(
            KmsCode::InvalidArgument,
            format!("{variable} would send what is meant for {url} through a proxy, readable"),
        )
        .hint(format!("set NO_PROXY={host}"))),
        _ => Ok(()),
    }
}

fn covers(entry: &str, host: &str) -> bool {
    entry == "*" || entry.trim_matches(['[', ']']).eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(url: &str, environment: &[(&str, &str)]) -> bool {
        let value = |wanted: &str| {
            let found = environment.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        };
        check(&Url::parse(url).unwrap(), value).is_err()
    }

    #[test]
    fn a_proxy_is_refused_unless_the_host_is_excepted() {
        let proxy = ("HTTP_PROXY", "http://proxy.example:3128");
        assert!(!refuses("http://127.0.0.1:1", &[]));
        assert!(refuses("http://127.0.0.1:1", &[proxy]));
        assert!(refuses("http://127.0.0.1:1", &[proxy, ("NO_PROXY", "localhost")]));
        assert!(!refuses(
            "http://127.0.0.1:1",
            &[proxy, ("NO_PROXY", "localhost, 127.0.0.1")]
        ));
        assert!(refuses(
            "http://127.0.0.1:1",
            &[proxy, ("NO_PROXY", "127.0.0.1"), ("no_proxy", "localhost")]
        ));
        assert!(!refuses("http://[::1]:1", &[proxy, ("no_proxy", "::1")]));
        assert!(!refuses("http://localhost:1", &[proxy, ("no_proxy", "*")]));
    }
}
