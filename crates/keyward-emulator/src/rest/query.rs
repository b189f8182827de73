//! The query of a request: parameters that say how to answer, and those that are fields.

use percent_encoding::percent_decode_str;

use super::fault::Fault;

/// Most parameters that a request may have.
const MOST: usize = 1000;

/// Parameters that every Google API takes, beside their form with a `$`, and those of old clients.
const SYSTEM: [&str; 17] = [
    "access_token",
    "alt",
    "bearer_token",
    "callback",
    "fields",
    "key",
    "oauth_token",
    "pp",
    "prettyPrint",
    "pretty_print",
    "quotaUser",
    "trace",
    "unique",
    "uploadType",
    "upload_protocol",
    "userIp",
    "userProject",
];

/// A query in pairs, decoded once. A plus is a space, as in forms.
///
/// # Errors
/// It is not UTF-8, or is endless.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, Fault> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decoded(name)?, decoded(value)?))
    });
    let pairs: Option<Vec<_>> = pairs.take(MOST + 1).collect();
    match pairs {
        Some(pairs) if pairs.len() <= MOST => Ok(pairs),
        Some(_) => Err(Fault::system("query", "too many parameters")),
        None => Err(Fault::system("query", "not UTF-8")),
    }
}

fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Into::into)
}

/// The name of a parameter that is no field of a request.
pub(super) fn system(name: &str) -> Option<&str> {
    match name.strip_prefix('$') {
        Some(".xgafv") => Some("xgafv"),
        Some(name) => Some(name),
        None => SYSTEM.contains(&name).then_some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_once() {
        let read = pairs("%24alt=json%3Benum-encoding%3Dint&a=b+c%2B&&filter=x%253D%26&empty").unwrap();
        let read: Vec<_> = read
            .iter()
            .map(|(name, value)| format!("{name}|{value}"))
            .collect();
        assert_eq!(
            read,
            ["$alt|json;enum-encoding=int", "a|b c+", "filter|x%3D&", "empty|"]
        );
        assert!(pairs("a=%ff").is_err());
        assert!(pairs(&"a&".repeat(MOST + 1)).is_err());
    }

    #[test]
    fn what_says_how_to_answer_is_no_field() {
        assert_eq!(system("$alt"), Some("alt"));
        assert_eq!(system("$.xgafv"), Some("xgafv"));
        assert_eq!(system("prettyPrint"), Some("prettyPrint"));
        assert_eq!(system("pageSize"), None);
    }
}
