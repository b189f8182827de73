//! The lines of an identity file: one secret key each, and comments.

use age::x25519;
use keyward_core::error::{Error, Result};

/// Reads every key of an identity file. `label` names the file in errors; its content is never repeated.
///
/// # Errors
/// A usage error, with the line number, when a line is neither a comment nor an X25519 identity, or when there is none.
pub(crate) fn parse(label: &str, text: &[u8]) -> Result<Vec<x25519::Identity>> {
    let text = std::str::from_utf8(text)
        .map_err(|_| Error::usage("it is not an age identity file: it is not text").on(label))?;
    let keys = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            line.parse()
                .map_err(|_| not_an_identity(line).on(format!("{label}:{number}")))
        })
        .collect::<Result<Vec<_>>>()?;
    if keys.is_empty() {
        return Err(Error::usage("there is no age identity in it").on(label).hint(
            "an identity file has a line that starts with `AGE-SECRET-KEY-1`; `keyward escrow new` makes one",
        ));
    }
    Ok(keys)
}

fn not_an_identity(line: &str) -> Error {
    if line.starts_with("age1") {
        Error::usage("a recipient (public key) stands where an identity (secret key) is expected")
            .hint("give the file that holds the line `AGE-SECRET-KEY-1…`")
    } else if line.starts_with("AGE-PLUGIN-") || line.starts_with("AGE-SECRET-KEY-PQ-") {
        Error::usage("plugin and post-quantum identities cannot be used yet")
            .hint("open the file with `age -d`, which knows them")
    } else if line.starts_with("-----BEGIN ") || line.starts_with("ssh-") {
        Error::usage("SSH keys cannot be used as identities")
            .hint("use an age identity, or open the file with `age -d -i KEY`")
    } else {
        Error::usage("this line is not an age identity").hint("copy it again: a key is 74 characters long")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";

    fn refusal(text: &str) -> Error {
        let Err(error) = parse("id.txt", text.as_bytes()) else {
            panic!("{text:?} was taken");
        };
        assert_eq!(error.kind().exit_code(), 2);
        error
    }

    #[test]
    fn several_keys_comments_and_line_ends() {
        let text = format!("# created: today\r\n\n{KEY}\r\n# another\n  {KEY}  ");
        assert_eq!(parse("id.txt", text.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn a_bad_line_is_named_and_not_repeated() {
        let error = refusal(&format!("# one\n{}", KEY.replace("GQ97", "GQ79")));
        assert_eq!(error.to_string(), "id.txt:2: this line is not an age identity");
        let recipient = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
        assert!(refusal(recipient).what().contains("public key"));
        assert!(refusal("AGE-PLUGIN-YUBIKEY-1QQQ").what().contains("plugin"));
        assert!(
            refusal("-----BEGIN OPENSSH PRIVATE KEY-----")
                .what()
                .contains("SSH")
        );
        assert!(refusal("# only a comment\n").what().contains("no age identity"));
    }
}
