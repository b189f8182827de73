//! Reads filters, one character after the other.

use super::Expression;
use super::value::{Kind, Operator, Wanted};
use crate::kms::unverified;
use crate::refusal::Refusal;

/// Longest filter, in bytes.
const LENGTH: usize = 4096;
/// How deep parentheses and negations may be nested.
const DEPTH: usize = 32;

/// Operators, those that begin with another one before it.
const OPERATORS: [(&str, Operator); 8] = [
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    (":", Operator::Has),
];

/// The expression of a filter; `None` when it is empty. `kind` tells the kind of a field, if there is one.
pub(super) fn parse(text: &str, kind: &dyn Fn(&str) -> Option<Kind>) -> Result<Option<Expression>, Refusal> {
    if text.len() > LENGTH {
        return Err(unverified::filter(LENGTH + 1, "more than 4096 bytes"));
    }
    let mut reader = Reader { text, at: 0, kind };
    reader.skip_space();
    if reader.rest().is_empty() {
        return Ok(None);
    }
    let expression = reader.all(0)?;
    if !reader.rest().is_empty() {
        return Err(reader.refuse("a parenthesis that closes nothing"));
    }
    Ok(Some(expression))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    kind: &'a dyn Fn(&str) -> Option<Kind>,
}

type Parsed = Result<Expression, Refusal>;

/// The grammar.
impl<'a> Reader<'a> {
    fn all(&mut self, depth: usize) -> Parsed {
        let mut parts = vec![self.any(depth)?];
        loop {
            let joined = self.keyword("AND");
            if !joined && (self.rest().is_empty() || self.rest().starts_with(')')) {
                return Ok(single(parts, Expression::All));
            }
            parts.push(self.any(depth)?);
        }
    }

    fn any(&mut self, depth: usize) -> Parsed {
        let mut parts = vec![self.term(depth)?];
        while self.keyword("OR") {
            parts.push(self.term(depth)?);
        }
        Ok(single(parts, Expression::Any))
    }

    fn term(&mut self, depth: usize) -> Parsed {
        if depth > DEPTH {
            return Err(self.refuse("nested too deep"));
        }
        if self.keyword("NOT") || self.take("-") {
            return Ok(Expression::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.take("(") {
            let inner = self.all(depth + 1)?;
            let closed = self.take(")");
            return closed
                .then_some(inner)
                .ok_or_else(|| self.refuse("a parenthesis is not closed"));
        }
        self.test()
    }

    fn test(&mut self) -> Parsed {
        let start = self.at;
        let name = self.take_while(is_of_field);
        if name.is_empty() || ["AND", "OR", "NOT"].contains(&name) {
            self.at = start;
            return Err(self.refuse("a field is expected"));
        }
        let field = snake_case(name);
        let Some(kind) = (self.kind)(&field) else {
            self.at = start;
            return Err(self.refuse("there is no such field to filter by"));
        };
        let operator = self.operator()?;
        let start = self.at;
        let literal = self.literal()?;
        let wanted = Wanted::new(kind, operator, &literal);
        let wanted = wanted.map_err(|why| unverified::filter(self.position(start), why))?;
        Ok(Expression::Test { field, wanted })
    }

    fn operator(&mut self) -> Result<Operator, Refusal> {
        self.skip_space();
        let found = OPERATORS.iter().find(|(sign, _)| self.take(sign));
        found
            .map(|(_, operator)| *operator)
            .ok_or_else(|| self.refuse("one of = != < <= > >= : is expected"))
    }

    fn literal(&mut self) -> Result<String, Refusal> {
        self.skip_space();
        if let Some(quote) = self.rest().chars().next().filter(|c| *c == '"' || *c == '\'') {
            return self.quoted(quote);
        }
        let bare = self.take_while(|c| !c.is_whitespace() && c != '(' && c != ')');
        if bare.is_empty() || bare.contains(['"', '\'']) {
            return Err(self.refuse("a value is expected"));
        }
        let bare = bare.to_owned();
        self.skip_space();
        Ok(bare)
    }

    /// A value in quotes, in which a backslash takes the next character as it is.
    fn quoted(&mut self, quote: char) -> Result<String, Refusal> {
        let start = self.at;
        let mut text = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((at, c)) = characters.next() {
            if c == quote {
                self.at = start + at + c.len_utf8();
                self.skip_space();
                return Ok(text);
            }
            let literal = if c == '\\' {
                characters.next().map(|(_, c)| c)
            } else {
                Some(c)
            };
            text.extend(literal);
        }
        Err(unverified::filter(self.position(start), "a quote is not closed"))
    }
}

/// The characters.
impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Takes a sign, and the space behind it.
    fn take(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
            self.skip_space();
        }
        found
    }

    /// Takes a word that ends where it ends.
    fn keyword(&mut self, word: &str) -> bool {
        let ends = |rest: &str| !rest.starts_with(is_of_field);
        let found = self.rest().strip_prefix(word).is_some_and(ends);
        found && self.take(word)
    }

    fn refuse(&self, why: &str) -> Refusal {
        unverified::filter(self.position(self.at), why)
    }

    /// Counts characters, from 1.
    fn position(&self, at: usize) -> usize {
        self.text[..at].chars().count() + 1
    }
}

fn single(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

/// Names of fields, and of labels.
fn is_of_field(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// `createTime` is `create_time`: the documentation writes fields the one way, JSON the other. The part behind a dot of
/// labels is a name of somebody's own, and has no capital letters anyway.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
