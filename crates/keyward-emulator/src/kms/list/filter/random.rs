//! Random filters: what they let pass is what a naive evaluator says, however they are written.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Filter;
use crate::interface::google::cloud::kms::v1::{CryptoKey, KeyRing};

/// An expression, as it is meant.
enum Meant {
    All(Vec<Meant>),
    Any(Vec<Meant>),
    Not(Box<Meant>),
    /// A test of the element at hand, and whether it passes.
    Test(String, bool),
}

const OPERATORS: [&str; 7] = ["=", "!=", "<", "<=", ">", ">=", "=>"];
const WORDS: [&str; 6] = ["a", "ab", "abc", "b", "ba", "c"];

fn element(rng: &mut StdRng) -> CryptoKey {
    let label = WORDS[rng.random_range(0..WORDS.len())];
    CryptoKey {
        name: WORDS[rng.random_range(0..WORDS.len())].to_owned(),
        create_time: Some(prost_types::Timestamp {
            seconds: rng.random_range(0..60),
            nanos: 0,
        }),
        labels: [("x".to_owned(), label.to_owned())].into(),
        ..Default::default()
    }
}

fn compare<T: Ord>(left: &T, operator: &str, right: &T) -> bool {
    match operator {
        "=" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        _ => left >= right,
    }
}

fn test(rng: &mut StdRng, of: &CryptoKey) -> Meant {
    let operator = OPERATORS[rng.random_range(0..OPERATORS.len())];
    let word = WORDS[rng.random_range(0..WORDS.len())];
    let (field, literal, passes) = match rng.random_range(0..4) {
        0 => (
            "name",
            word.to_owned(),
            compare(&of.name.as_str(), operator, &word),
        ),
        1 => (
            "labels.x",
            format!("\"{word}\""),
            compare(&of.labels["x"].as_str(), operator, &word),
        ),
        2 => {
            let (field, held) = [("name", &of.name), ("labels.x", &of.labels["x"])][rng.random_range(0..2)];
            let upper = word.to_uppercase();
            return Meant::Test(format!("{field}:{upper}"), held.contains(word));
        }
        _ => {
            let second = rng.random_range(0..60);
            let created = of.create_time.unwrap().seconds;
            let field = if rng.random() { "create_time" } else { "createTime" };
            (
                field,
                format!("1970-01-01T00:00:{second:02}Z"),
                compare(&created, operator, &second),
            )
        }
    };
    let space = [" ", "", ""][rng.random_range(0..3)];
    Meant::Test(format!("{field}{space}{operator}{space}{literal}"), passes)
}

fn meant(rng: &mut StdRng, of: &CryptoKey, depth: u32) -> Meant {
    if depth == 0 {
        return test(rng, of);
    }
    let kind = rng.random_range(0..3);
    if kind == 0 {
        return Meant::Not(Box::new(meant(rng, of, depth - 1)));
    }
    let parts = (0..rng.random_range(2..4))
        .map(|_| meant(rng, of, depth - 1))
        .collect();
    if kind == 1 {
        Meant::All(parts)
    } else {
        Meant::Any(parts)
    }
}

impl Meant {
    fn passes(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(Self::passes),
            Self::Any(parts) => parts.iter().any(Self::passes),
            Self::Not(part) => !part.passes(),
            Self::Test(_, passes) => *passes,
        }
    }

    /// As text. Parentheses are where they must be, and sometimes where they need not.
    fn written(&self, rng: &mut StdRng) -> String {
        match self {
            Self::All(parts) => {
                let parts = parts.iter().map(|part| match part {
                    Self::All(_) => inside(part, rng),
                    _ => maybe_inside(part, rng),
                });
                parts
                    .collect::<Vec<_>>()
                    .join([" AND ", " ", "  "][rng.random_range(0..3)])
            }
            Self::Any(parts) => {
                let parts = parts.iter().map(|part| match part {
                    Self::All(_) | Self::Any(_) => inside(part, rng),
                    _ => maybe_inside(part, rng),
                });
                parts.collect::<Vec<_>>().join(" OR ")
            }
            Self::Not(part) => {
                let sign = ["NOT ", "-", "- "][rng.random_range(0..3)];
                let part = match **part {
                    Self::All(_) | Self::Any(_) => inside(part, rng),
                    _ => maybe_inside(part, rng),
                };
                format!("{sign}{part}")
            }
            Self::Test(text, _) => text.clone(),
        }
    }
}

fn inside(part: &Meant, rng: &mut StdRng) -> String {
    format!("({})", part.written(rng))
}

fn maybe_inside(part: &Meant, rng: &mut StdRng) -> String {
    if rng.random_range(0..4) == 0 {
        return inside(part, rng);
    }
    part.written(rng)
}

#[test]
fn filters_mean_what_is_meant() {
    let mut rng = StdRng::seed_from_u64(20_261_125);
    let mut passed = 0;
    for _ in 0..5_000 {
        let element = element(&mut rng);
        let depth = rng.random_range(0..5);
        let meant = meant(&mut rng, &element, depth);
        let text = meant.written(&mut rng);
        let Some(filter) = Filter::parse::<CryptoKey>(&text).unwrap_or_else(|refusal| {
            panic!("{text}: {}", refusal.message);
        }) else {
            panic!("{text} is something");
        };
        assert_eq!(filter.matches(&element), meant.passes(), "{text} on {element:?}");
        passed += u32::from(meant.passes());
    }
    assert!(
        (1_000..4_000).contains(&passed),
        "{passed} of 5000: both answers are tried"
    );
}

#[test]
fn noise_is_refused_or_means_something() {
    let mut rng = StdRng::seed_from_u64(7);
    let pieces = [
        "name",
        "=",
        ":",
        "!=",
        "(",
        ")",
        " ",
        "-",
        "AND",
        "OR",
        "NOT",
        "\"",
        "'",
        "\\",
        "x",
        "é",
        "\u{0}",
        ".",
        "create_time",
        "2026-01-01T00:00:00Z",
        "labels.x",
        "\u{1f511}",
        "<",
        "=>",
    ];
    for _ in 0..20_000 {
        let count = rng.random_range(0..12);
        let text: String = (0..count)
            .map(|_| pieces[rng.random_range(0..pieces.len())])
            .collect();
        if let Ok(Some(filter)) = Filter::parse::<CryptoKey>(&text) {
            filter.matches(&CryptoKey::default());
        }
        let _ = Filter::parse::<KeyRing>(&text);
    }
}
