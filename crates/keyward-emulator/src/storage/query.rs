//! The parameters of a call.

use percent_encoding::percent_decode_str;

use super::refusal::Refusal;

/// Parameters, decoded, in the order they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `a=b&c=d`.
    ///
    /// # Errors
    /// When a name or value is not UTF-8 under its percent encoding.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name)?, decoded(value)?))
        });
        Ok(Self(pairs.collect::<Result<_, Refusal>>()?))
    }

    /// The first value of that name, unless it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let named = self
            .0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty());
        named.map(|(_, value)| &**value)
    }

    /// Whether the name is there, with a value or without.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// A whole number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let number = |value: &str| {
            value.parse().map_err(|_| {
                Refusal::parameter(
                    name,
                    format!("Invalid value for parameter {name}: not a whole number"),
                )
            })
        };
        self.get(name).map(number).transpose()
    }

    /// `true` or `false`, in any case (Python writes `True`); false when it is not there.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name) {
            None => Ok(false),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
            Some(_) => Err(Refusal::parameter(
                name,
                format!("Invalid value for parameter {name}: true or false"),
            )),
        }
    }
}

/// A form-encoded text.
fn decoded(text: &str) -> Result<String, Refusal> {
    let text = text.replace('+', " ");
    match percent_decode_str(&text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Refusal::invalid("A parameter is not UTF-8.")),
    }
}
