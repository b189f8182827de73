//! Foreign text without what looks like a token in it.

/// Shortest run of letters and digits that is taken for a secret, in bytes. No word is as long, and no Google token as short.
const LONG: usize = 32;
/// How access tokens of Google begin, opaque ones and signed ones.
const BEGINNINGS: [&str; 2] = ["ya29.", "eyJ"];
/// What stands in place of a token.
const GONE: &str = "[redacted]";

/// `text`, with every word that may be a token replaced.
pub(crate) fn redacted(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_of_token(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        shown.push_str(if is_token(word) { GONE } else { word });
        let next = after.find(is_of_token).unwrap_or(after.len());
        shown.push_str(&after[..next]);
        rest = &after[next..];
    }
    shown
}

/// What tokens and base64 in either alphabet are made of. A slash is left out, so that a path is not one word.
fn is_of_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '+' | '=')
}

fn is_token(word: &str) -> bool {
    let begins = BEGINNINGS.iter().any(|start| word.contains(start));
    let is_long = word.len() >= LONG && word.bytes().any(|b| b.is_ascii_digit());
    begins || is_long
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_and_words_stay() {
        let long = "q7Jd".repeat(12);
        for token in ["ya29.a0Af-B_c", "eyJhbGciOi.e30.x", long.as_str()] {
            for text in [
                format!("+ echo {token}"),
                format!("Bearer:'{token}'\n"),
                format!("TOKEN=({token})"),
            ] {
                assert!(!redacted(&text).contains(token), "{}", redacted(&text));
                assert!(redacted(&text).contains(GONE));
            }
        }
        assert_eq!(redacted("access_token=ya29.x, next"), format!("{GONE}, next"));
        for plain in [
            "please run `gcloud auth login`, ünder /home/ann/.config/gcloud/application_default_credentials.json",
            "projects/p-1/locations/europe-west1: 401",
            "",
        ] {
            assert_eq!(redacted(plain), plain);
        }
    }
}
