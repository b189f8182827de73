//! Text that a terminal cannot take for commands. File names, contexts and answers of providers come from strangers.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` with every control character escaped but line ends, tabs and the colours that [`super::paint`] writes.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let colour = colour_len(rest);
        if colour > 0 {
            safe.push_str(&rest[..colour]);
            rest = &rest[colour..];
            continue;
        }
        if is_control(next) {
            let _ = write!(safe, "{}", next.escape_debug());
        } else {
            safe.push(next);
        }
        rest = &rest[next.len_utf8()..];
    }
    Cow::Owned(safe)
}

/// Control characters other than line ends and tabs, and those that reverse the direction of writing.
pub(crate) fn is_control(c: char) -> bool {
    let reverses = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    reverses || (c.is_control() && c != '\n' && c != '\t')
}

/// Length of the colour sequence (`ESC [ … m`, ECMA-48 SGR) at the start of `text`, or 0.
fn colour_len(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\u{1b}[") else {
        return 0;
    };
    let len = parameters
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b';')
        .count();
    if parameters[len..].starts_with('m') {
        2 + len + 1
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_pass() {
        for (text, shown) in [
            ("plain\tä…\n", "plain\tä…\n"),
            ("\u{1b}[1;31mred\u{1b}[0m", "\u{1b}[1;31mred\u{1b}[0m"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("a\rb\u{9b}31m\u{202e}", "a\\rb\\u{9b}31m\\u{202e}"),
            ("\u{1b}", "\\u{1b}"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }
}
