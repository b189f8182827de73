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

/// Text in which nothing is a colour: what comes from a file, a provider or the system.
pub(super) fn colourless(text: &str) -> String {
    escaped(text, is_control)
}

/// A name, on one line whatever stands in it.
pub(crate) fn one_line(name: &str) -> String {
    escaped(name, |c| is_control(c) || matches!(c, '\n' | '\t'))
}

/// JSON text with `\u` for what JSON lets pass and a terminal does not.
pub(super) fn harmless_json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_control(c) {
            // All of them are in the first plane of Unicode, where one unit is one character.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_escaped(c) {
            let _ = write!(safe, "{}", c.escape_debug());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Control characters other than line ends and tabs, and those that reverse the direction of writing.
pub(crate) fn is_control(c: char) -> bool {
    let reverses = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    reverses || (c.is_control() && c != '\n' && c != '\t')
}

/// Length of the colour sequence (`ESC [ … m`, ECMA-48 SGR) at the start of `text`, or 0. Only those that
/// [`super::paint`] writes: others could hide text.
fn colour_len(text: &str) -> usize {
    const COLOURS: [&str; 7] = ["0m", "1m", "2m", "31m", "32m", "33m", "36m"];
    let Some(parameters) = text.strip_prefix("\u{1b}[") else {
        return 0;
    };
    let colour = COLOURS.iter().find(|colour| parameters.starts_with(**colour));
    colour.map_or(0, |colour| 2 + colour.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_pass() {
        for (text, shown) in [
            ("plain\tä…\n", "plain\tä…\n"),
            (
                "\u{1b}[1m\u{1b}[31mred\u{1b}[0m",
                "\u{1b}[1m\u{1b}[31mred\u{1b}[0m",
            ),
            ("\u{1b}[8mhidden", "\\u{1b}[8mhidden"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("a\rb\u{9b}31m\u{202e}", "a\\rb\\u{9b}31m\\u{202e}"),
            ("\u{1b}", "\\u{1b}"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }

    #[test]
    fn every_colour_that_is_painted_passes() {
        use super::super::{bad, command, faint, good, strong, uneasy};
        for painted in [
            bad("x").to_string(),
            command("x").to_string(),
            faint("x").to_string(),
            good("x").to_string(),
            strong("x").to_string(),
            uneasy("x").to_string(),
        ] {
            assert_eq!(harmless(&painted), painted);
            assert_eq!(colourless(&painted).matches('\u{1b}').count(), 0);
        }
    }

    #[test]
    fn a_name_stays_on_one_line_and_json_stays_json() {
        assert_eq!(one_line("a\nok: sealed\u{1b}[2m"), "a\\nok: sealed\\u{1b}[2m");
        let hostile = "a\u{9b}2J\u{202e}\u{7f}";
        let json = harmless_json(&serde_json::to_string(hostile).unwrap());
        assert!(json.is_ascii(), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hostile);
    }
}
