//! Filters of log entries (Cloud Logging documentation, "Logging query language"), asked about one entry at a time.
//!
//! What is not understood here is open: it neither selects an entry nor leaves it out.

use std::cmp::Ordering::{self, Equal, Greater, Less};

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// Longest filter that is read (Cloud Logging documentation, "Limits": 20,000 characters).
const LONGEST: usize = 20_000;
/// Deepest nesting that is followed.
const DEEPEST: usize = 32;
/// Most memory for one regular expression, in bytes.
const REGEX_SIZE: usize = 1 << 20;

/// Whether a filter selects an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Selects {
    No,
    Maybe,
    Yes,
}

use Selects::{Maybe, No, Yes};

/// A log entry, as far as it is known: fields by their paths.
pub(super) struct Entry {
    fields: Vec<(&'static str, String)>,
}

impl Entry {
    pub(super) fn new(fields: Vec<(&'static str, String)>) -> Self {
        Self { fields }
    }

    /// Whether `filter` selects this entry.
    pub(super) fn is_selected_by(&self, filter: &str) -> Selects {
        if filter.len() > LONGEST {
            return Maybe;
        }
        let mut reader = Reader {
            rest: filter,
            entry: self,
        };
        match reader.all(DEEPEST) {
            Some(selects) if reader.peek().is_none() => selects,
            _ => Maybe,
        }
    }

    fn field(&self, path: &str) -> Option<&str> {
        let path = path.replace('"', "");
        let found = self.fields.iter().find(|(name, _)| *name == path);
        found.map(|(_, value)| value.as_str())
    }
}

impl Selects {
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (No, _) | (_, No) => No,
            (Yes, Yes) => Yes,
            _ => Maybe,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        !(!self).and(!other)
    }
}

impl std::ops::Not for Selects {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            No => Yes,
            Maybe => Maybe,
            Yes => No,
        }
    }
}

impl From<bool> for Selects {
    fn from(yes: bool) -> Self {
        if yes { Yes } else { No }
    }
}

/// Reads a filter from left to right and judges it on the way; `None` where it makes no sense.
struct Reader<'a> {
    rest: &'a str,
    entry: &'a Entry,
}

/// How a field is compared.
#[derive(Clone, Copy)]
enum Operator {
    Equal,
    Has,
    Matches,
    /// By order: less, equal, greater, as far as each is meant.
    Order([Ordering; 2]),
}

impl<'a> Reader<'a> {
    /// Terms that all have to select, joined by AND or by nothing. OR binds tighter.
    fn all(&mut self, depth: usize) -> Option<Selects> {
        let mut selects = self.any(depth)?;
        while self.peek().is_some_and(|next| next != ')') {
            self.word("AND");
            selects = selects.and(self.any(depth)?);
        }
        Some(selects)
    }

    fn any(&mut self, depth: usize) -> Option<Selects> {
        let mut selects = self.not(depth)?;
        while self.word("OR") {
            selects = selects.or(self.not(depth)?);
        }
        Some(selects)
    }

    fn not(&mut self, depth: usize) -> Option<Selects> {
        let depth = depth.checked_sub(1)?;
        if self.word("NOT") || self.symbol("-") {
            return self.not(depth).map(|selects| !selects);
        }
        if self.symbol("(") {
            let selects = self.all(depth)?;
            return self.symbol(")").then_some(selects);
        }
        self.comparison(depth)
    }

    fn comparison(&mut self, depth: usize) -> Option<Selects> {
        let field = self.text(|c| c.is_alphanumeric() || "._-/@[]%".contains(c))?;
        if field == "log_id" && self.symbol("(") {
            let id = self.value()?;
            let log = self.entry.field("logName").unwrap_or_default();
            let is_it = log.ends_with(&format!("/logs/{}", id.replace('/', "%2F")));
            return self.symbol(")").then_some(is_it.into());
        }
        let Some((negated, operator)) = self.operator() else {
            // A word alone is looked for anywhere, and a function is not known here.
            if self.symbol("(") {
                self.value();
                return self.symbol(")").then_some(Maybe);
            }
            return Some(Maybe);
        };
        let selects = self.values(&field, operator, depth)?;
        Some(if negated { !selects } else { selects })
    }

    fn operator(&mut self) -> Option<(bool, Operator)> {
        let all = [
            ("!=", true, Operator::Equal),
            ("=~", false, Operator::Matches),
            ("!~", true, Operator::Matches),
            (">=", false, Operator::Order([Greater, Equal])),
            ("<=", false, Operator::Order([Less, Equal])),
            (">", false, Operator::Order([Greater, Greater])),
            ("<", false, Operator::Order([Less, Less])),
            ("=", false, Operator::Equal),
            (":", false, Operator::Has),
        ];
        let found = all.into_iter().find(|(symbol, _, _)| self.symbol(symbol));
        found.map(|(_, negated, operator)| (negated, operator))
    }

    /// A value, or several in parentheses with AND, OR and NOT between them.
    fn values(&mut self, field: &str, operator: Operator, depth: usize) -> Option<Selects> {
        let depth = depth.checked_sub(1)?;
        if !self.symbol("(") {
            let value = self.value()?;
            return Some(self.compare(field, operator, &value));
        }
        let mut every = Yes;
        while self.peek()? != ')' {
            self.word("AND");
            let mut some = self.one_of_values(field, operator, depth)?;
            while self.word("OR") {
                some = some.or(self.one_of_values(field, operator, depth)?);
            }
            every = every.and(some);
        }
        self.symbol(")").then_some(every)
    }

    fn one_of_values(&mut self, field: &str, operator: Operator, depth: usize) -> Option<Selects> {
        let negated = self.word("NOT") || self.symbol("-");
        let selects = self.values(field, operator, depth)?;
        Some(if negated { !selects } else { selects })
    }

    fn compare(&self, field: &str, operator: Operator, value: &str) -> Selects {
        let Some(known) = self.entry.field(field) else {
            return Maybe;
        };
        match operator {
            Operator::Equal => known.eq_ignore_ascii_case(value).into(),
            Operator::Has if value == "*" => Yes,
            Operator::Has => known
                .to_ascii_lowercase()
                .contains(&value.to_ascii_lowercase())
                .into(),
            Operator::Matches => matches(value, known),
            Operator::Order(meant) if field == "severity" => match (severity(known), severity(value)) {
                (Some(known), Some(value)) => meant.contains(&known.cmp(&value)).into(),
                _ => Maybe,
            },
            Operator::Order(_) => Maybe,
        }
    }

    fn value(&mut self) -> Option<String> {
        self.text(|c| !c.is_whitespace() && !"()\"".contains(c))
    }

    /// A run of such characters, with quoted parts.
    fn text(&mut self, is_in: impl Fn(char) -> bool) -> Option<String> {
        self.peek()?;
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        let mut end = self.rest.len();
        while let Some((place, c)) = chars.next() {
            if c == '"' {
                loop {
                    match chars.next()?.1 {
                        '"' => break,
                        '\\' => match chars.next()?.1 {
                            escaped @ ('"' | '\\') => text.push(escaped),
                            other => text.extend(['\\', other]),
                        },
                        plain => text.push(plain),
                    }
                }
            } else if is_in(c) {
                text.push(c);
            } else {
                end = place;
                break;
            }
        }
        let is_empty = end == 0;
        self.rest = self.rest.get(end..)?;
        (!is_empty).then_some(text)
    }

    /// The next character that is neither blank nor in a comment.
    fn peek(&mut self) -> Option<char> {
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix("--") {
                Some(comment) => self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest),
                None => return self.rest.chars().next(),
            }
        }
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        self.peek();
        let found = self.rest.strip_prefix(symbol);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// A word that stands alone.
    fn word(&mut self, word: &str) -> bool {
        self.peek();
        let found = self.rest.strip_prefix(word);
        let found = found.filter(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '('));
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }
}

/// The place of a severity among all (Cloud Logging API, `LogSeverity`).
fn severity(word: &str) -> Option<usize> {
    let all = [
        "DEFAULT",
        "DEBUG",
        "INFO",
        "NOTICE",
        "WARNING",
        "ERROR",
        "CRITICAL",
        "ALERT",
        "EMERGENCY",
    ];
    all.iter().position(|one| one.eq_ignore_ascii_case(word))
}

/// Whether a regular expression (RE2) fits somewhere in `text`.
fn matches(pattern: &str, text: &str) -> Selects {
    let config = Regex::config()
        .nfa_size_limit(Some(REGEX_SIZE))
        .onepass_size_limit(Some(REGEX_SIZE));
    let built = Regex::builder()
        .configure(config)
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(pattern);
    match built {
        Ok(regex) => regex.is_match(text).into(),
        Err(_) => Maybe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(filter: &str) -> Selects {
        let entry = Entry::new(vec![
            ("resource.type", "cloudkms_cryptokeyversion".into()),
            ("severity", "NOTICE".into()),
            ("protoPayload.methodName", "DestroyCryptoKeyVersion".into()),
            (
                "protoPayload.@type",
                "type.googleapis.com/google.cloud.audit.AuditLog".into(),
            ),
            (
                "logName",
                "projects/p/logs/cloudaudit.googleapis.com%2Factivity".into(),
            ),
        ]);
        entry.is_selected_by(filter)
    }

    #[test]
    fn filters_of_people_are_understood() {
        for (filter, expected) in [
            (
                "resource.type=cloudkms_cryptokeyversion AND protoPayload.methodName=DestroyCryptoKeyVersion",
                Yes,
            ),
            (
                r#"resource.type="cloudkms_cryptokeyversion" protoPayload.methodName:"destroycrypto""#,
                Yes,
            ),
            (
                r#"protoPayload.methodName =~ "(^|\.)(Destroy|Update)CryptoKeyVersion$""#,
                Yes,
            ),
            (r#"protoPayload.methodName=~"^google""#, No),
            (
                r#"protoPayload.methodName=("A" OR "DestroyCryptoKeyVersion")"#,
                Yes,
            ),
            (r#"protoPayload.methodName=("A" OR "B")"#, No),
            (
                "protoPayload.methodName=A OR protoPayload.methodName=DestroyCryptoKeyVersion",
                Yes,
            ),
            // OR binds tighter than AND.
            (
                "protoPayload.methodName=A AND resource.type=x OR resource.type=cloudkms_cryptokeyversion",
                No,
            ),
            ("NOT protoPayload.methodName=A", Yes),
            ("-resource.type=cloudkms_cryptokeyversion", No),
            ("protoPayload.methodName!=DestroyCryptoKeyVersion", No),
            (
                r#"protoPayload."@type"="type.googleapis.com/google.cloud.audit.AuditLog""#,
                Yes,
            ),
            (r#"log_id("cloudaudit.googleapis.com/activity")"#, Yes),
            (r#"log_id("cloudaudit.googleapis.com/data_access")"#, No),
            ("severity>=NOTICE", Yes),
            ("severity>NOTICE", No),
            ("severity<=warning AND severity<ERROR", Yes),
            ("-- all of them\nresource.type:*", Yes),
        ] {
            assert_eq!(selects(filter), expected, "{filter}");
        }
    }

    #[test]
    fn what_is_not_understood_is_open() {
        for filter in [
            "timestamp>=x",
            "severity>=MUCH",
            "labels.env=prod",
            "destroyed",
            "sample(insertId, 0.5)",
            "",
            "(",
            ")",
            "resource.type=",
            r#"resource.type="cloud"#,
            "protoPayload.methodName=~\"(\"",
            &"(".repeat(10_000),
            &"NOT ".repeat(5_000),
            &"a".repeat(30_000),
        ] {
            assert_eq!(
                selects(filter),
                Maybe,
                "{}",
                filter.chars().take(40).collect::<String>()
            );
        }
        assert_eq!(selects("labels.env=prod AND resource.type=x"), No);
        assert_eq!(selects("labels.env=prod OR resource.type:cloudkms"), Yes);
    }
}
