//! Durations as the manifest and the lock write them: `90d`, `24h`, `30m`, `45s`.

use std::time::Duration;

use crate::error::{Error, Result};

/// Units, the largest first, with their length in seconds. A day has 24 hours.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// Parses a whole number and one unit: `d`, `h`, `m` or `s`.
///
/// # Errors
/// A usage error that shows the form, and the nearest text that has it.
pub fn parse_duration(text: &str) -> Result<Duration> {
    exact(text).ok_or_else(|| {
        let error = Error::usage(format!("`{}` is not a duration", shown(text)));
        match meant(text) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error.hint("write a whole number and a unit, d, h, m or s: `90d`"),
        }
    })
}

/// The shortest text with one unit that [`parse_duration`] reads as `duration`; parts of a second are left out.
pub fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit, length) = UNITS
        .into_iter()
        .find(|(_, length)| seconds != 0 && seconds.is_multiple_of(*length))
        .unwrap_or(('s', 1));
    format!("{}{unit}", seconds / length)
}

fn exact(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let (_, length) = UNITS.into_iter().find(|(letter, _)| *letter == unit)?;
    let number = text.strip_suffix(unit)?;
    let canonical = number.bytes().all(|b| b.is_ascii_digit()) && (number == "0" || !number.starts_with('0'));
    let seconds = number
        .parse::<u64>()
        .ok()
        .filter(|_| canonical)?
        .checked_mul(length)?;
    Some(Duration::from_secs(seconds))
}

/// What somebody may have meant who wrote `90 days`, `90`, `2w` or `1y`.
fn meant(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text.get(..digits)?.parse().ok().filter(|number| *number != 0)?;
    let (factor, unit) = match text.get(digits..)?.trim().to_ascii_lowercase().as_str() {
        "" | "d" | "day" | "days" => (1, 'd'),
        "w" | "week" | "weeks" => (7, 'd'),
        "y" | "year" | "years" => (365, 'd'),
        "h" | "hr" | "hrs" | "hour" | "hours" => (1, 'h'),
        "m" | "min" | "mins" | "minute" | "minutes" => (1, 'm'),
        "s" | "sec" | "secs" | "second" | "seconds" => (1, 's'),
        _ => return None,
    };
    Some(format!("{}{unit}", number.checked_mul(factor)?))
}

/// Hostile text, safe to print: escaped, and cut.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(120).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_as_they_parse() {
        for (text, seconds) in [
            ("90d", 7_776_000),
            ("24h", 86_400),
            ("30m", 1800),
            ("45s", 45),
            ("0s", 0),
        ] {
            let parsed = parse_duration(text).unwrap();
            assert_eq!(parsed.as_secs(), seconds);
            assert_eq!(parse_duration(&duration_text(parsed)).unwrap(), parsed);
        }
        assert_eq!(duration_text(Duration::from_secs(86_400)), "1d");
        assert_eq!(duration_text(Duration::from_secs(90_000)), "25h");
        assert_eq!(duration_text(Duration::from_secs(61)), "61s");
        assert_eq!(duration_text(Duration::ZERO), "0s");
    }

    #[test]
    fn other_forms_are_refused_with_what_was_meant() {
        for (bad, hint) in [
            ("90", Some("90d")),
            ("90 days", Some("90d")),
            ("90D", Some("90d")),
            ("2w", Some("14d")),
            ("1y", Some("365d")),
            ("24hours", Some("24h")),
            ("090d", Some("90d")),
            ("", None),
            ("d", None),
            ("-1d", None),
            ("+1d", None),
            ("1.5d", None),
            ("1d12h", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", Some("18446744073709551615d")),
            ("é", None),
        ] {
            let error = parse_duration(bad).unwrap_err();
            if let Some(hint) = hint {
                assert_eq!(error.hints(), [format!("did you mean `{hint}`?")], "{bad}");
            }
        }
    }
}
