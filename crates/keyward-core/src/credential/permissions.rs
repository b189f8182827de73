//! What a token got with a credential may do, checked when it is written.
//!
//! The old server does not check: an impossible block silently never matches, and a bare entry that is no address
//! makes the request die. So nothing of that kind is written.

use std::collections::HashSet;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::Serialize;
use url::Url;

use crate::error::{Error, Result};
use crate::limits;

/// The permission fields of a credential document. The default gives what the old generator wrote: no limit on
/// addresses and preferences, and nothing may be created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// The addresses that may ask for a token: `None` any, an empty list none.
    pub allowed_ips: Option<Vec<AllowedIp>>,
    /// The preferences that may be written: `None` any, an empty list none.
    pub allowed_prefs: Option<Vec<AllowedPref>>,
    /// A key may be created. The server wants this and `create_safe` both, or neither has an effect.
    pub create_key: bool,
    /// A preferences safe may be created.
    pub create_safe: bool,
}

/// Reads a list in which the one word `none` stands for the empty list; no word at all is no limit.
///
/// # Errors
/// A usage error when an entry is not valid or stands there twice, when `none` stands beside others, or when there are
/// too many.
pub fn allowed<T: FromStr<Err = Error>>(words: &[impl AsRef<str>]) -> Result<Option<Vec<T>>> {
    match words {
        [] => Ok(None),
        [word] if word.as_ref() == "none" => Ok(Some(Vec::new())),
        _ if words.len() > limits::PERMISSION_ENTRIES => Err(Error::usage(format!(
            "more than {} entries",
            limits::PERMISSION_ENTRIES
        ))),
        _ => {
            let mut seen = HashSet::new();
            let mut entry = |word: &str| match seen.insert(word.to_owned()) {
                true => word.parse(),
                false => Err(Error::usage(format!("`{}` is given twice", word.escape_debug()))),
            };
            words
                .iter()
                .map(|word| entry(word.as_ref()))
                .collect::<Result<_>>()
                .map(Some)
        }
    }
}

/// An address, or a block of addresses in CIDR notation, as given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AllowedIp(String);

impl FromStr for AllowedIp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(prefix)),
        };
        let address = address.parse::<IpAddr>().map_err(|_| not_an_address(text))?;
        never_matches(address)?;
        has_no_dots(text, address)?;
        if let Some(prefix) = prefix {
            check_block(address, prefix)?;
        }
        Ok(Self(text.to_owned()))
    }
}

fn check_block(address: IpAddr, prefix: &str) -> Result<()> {
    let shown = format!("{address}/{}", prefix.escape_debug());
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let canonical = |bits: &u8| bits.to_string() == prefix;
    let block = prefix
        .parse::<u8>()
        .ok()
        .filter(canonical)
        .and_then(|bits| IpNet::new(address, bits).ok());
    let Some(block) = block else {
        return Err(Error::usage(format!("`{shown}` is not a block of addresses"))
            .hint(format!("after the `/` stands a number from 0 to {longest}")));
    };
    if block.addr() == block.network() {
        return Ok(());
    }
    Err(
        Error::usage(format!("`{shown}` has bits set after its first {prefix}")).hint(format!(
            "write `{}` for the block, or `{address}` for the one address",
            block.trunc()
        )),
    )
}

/// The server turns a mapped address (RFC 4291 section 2.5.5.2) into the IPv4 address before it looks.
fn never_matches(address: IpAddr) -> Result<()> {
    let IpAddr::V6(v6) = address else { return Ok(()) };
    match v6.to_ipv4_mapped() {
        None => Ok(()),
        Some(v4) => Err(Error::usage(format!("`{address}` would never match"))
            .hint(format!("write the IPv4 address, `{v4}`"))),
    }
}

/// The server's parser (ipaddr.js 1.9.0) throws on IPv6 text that ends like an IPv4 address (RFC 4291 section 2.2,
/// form 3), and the request dies.
fn has_no_dots(text: &str, address: IpAddr) -> Result<()> {
    match address {
        IpAddr::V6(v6) if text.contains('.') => {
            let prefix = text.find('/').map_or("", |at| &text[at..]).escape_debug();
            Err(
                Error::usage(format!("servers cannot read `{}`", text.escape_debug()))
                    .hint(format!("write it in hexadecimal: `{v6}{prefix}`")),
            )
        }
        _ => Ok(()),
    }
}

fn not_an_address(text: &str) -> Error {
    let shown = text
        .chars()
        .take(80)
        .flat_map(char::escape_debug)
        .collect::<String>();
    let error = Error::usage(format!("`{shown}` is not an address or a block of addresses"));
    match text {
        "none" => error.hint("`none` stands alone: it allows no address at all"),
        _ => {
            error.hint("write an address (`62.230.58.1`), a block (`125.19.23.0/24`), or `none` to deny all")
        }
    }
}

/// A preference that may be written: the URI that is its key, as given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AllowedPref(String);

impl FromStr for AllowedPref {
    type Err = Error;

    /// An absolute URI in the characters of RFC 3986. It is written as given, since the server compares text.
    fn from_str(text: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
        let is_uri = text.bytes().all(allowed) && is_percent_encoded(text) && names_something(text);
        if text.len() <= 2048 && is_uri {
            return Ok(Self(text.to_owned()));
        }
        let shown = text
            .chars()
            .take(80)
            .flat_map(char::escape_debug)
            .collect::<String>();
        let error = Error::usage(format!("`{shown}` is not the URI of a preference"));
        Err(match text {
            "none" => error.hint("`none` stands alone: nothing may be written"),
            _ => error.hint("write it in full, as `http://registry.gpii.net/common/language`"),
        })
    }
}

fn is_percent_encoded(text: &str) -> bool {
    let encoded = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    text.split('%').skip(1).all(encoded)
}

/// A scheme alone names no preference.
fn names_something(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.has_host() || !url.path().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_as_given() {
        for text in [
            "125.19.23.0/24",
            "2001:cdba::3257:9652",
            "62.230.58.1",
            "0.0.0.0/0",
            "2001:DB8::/32",
            "10.0.0.1/32",
        ] {
            assert_eq!(text.parse::<AllowedIp>().unwrap().0, text);
        }
    }

    #[test]
    fn what_would_never_match_or_kill_the_request_is_refused() {
        for text in [
            "203.0.113.9/24",
            "2001:db8::1/32",
            "192.168.1.1/128",
            "10.0.0.0/33",
            "10.0.0.0/08",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0",
            "example.org",
            "",
            "::ffff:203.0.113.9",
            "::ffff:203.0.113.0/120",
            "::1.2.3.4",
            "2001:db8::1.2.3.4",
            "::1.2.3.0/120",
            "fe80::1%eth0",
            "010.0.0.1",
            "10.0.0.1 ",
            "none",
        ] {
            assert_eq!(
                text.parse::<AllowedIp>().unwrap_err().kind().exit_code(),
                2,
                "{text:?}"
            );
        }
        let error = "203.0.113.9/24".parse::<AllowedIp>().unwrap_err();
        assert!(
            error.hints()[0].contains("`203.0.113.0/24`"),
            "{:?}",
            error.hints()
        );
    }

    #[test]
    fn an_ipv6_address_with_dots_is_shown_in_hexadecimal() {
        for (given, shown) in [
            ("::1.2.3.4", "`::102:304`"),
            ("2001:db8::1.2.3.4", "`2001:db8::102:304`"),
            ("::1.2.3.0/120", "`::102:300/120`"),
        ] {
            let error = given.parse::<AllowedIp>().unwrap_err();
            assert!(error.hints()[0].contains(shown), "{:?}", error.hints());
        }
    }

    #[test]
    fn none_alone_is_the_empty_list() {
        let ips = |words: &[&str]| allowed::<AllowedIp>(words);
        assert_eq!(ips(&[]).unwrap(), None);
        assert_eq!(ips(&["none"]).unwrap(), Some(Vec::new()));
        assert_eq!(
            ips(&["10.0.0.1", "10.0.0.2"]).unwrap().map(|list| list.len()),
            Some(2)
        );
        assert!(ips(&["10.0.0.1", "10.0.0.2", "10.0.0.1"]).is_err(), "twice");
        assert!(ips(&["none", "10.0.0.1"]).unwrap_err().hints()[0].contains("stands alone"));
    }

    #[test]
    fn preferences_are_absolute_uris() {
        let given = "http://registry.gpii.net/applications/com.microsoft.windows.nova";
        assert_eq!(given.parse::<AllowedPref>().unwrap().0, given);
        for text in [
            "",
            "common/language",
            "http://",
            "http://a b/",
            "language",
            "http://é.example/",
            "http://a/b%zz",
            "http://a/b%2",
            "a:",
            "none",
        ] {
            assert!(text.parse::<AllowedPref>().is_err(), "{text:?}");
        }
    }
}
