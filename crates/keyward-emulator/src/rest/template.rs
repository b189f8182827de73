//! Paths of HTTP rules, as in `/v1/{name=projects/*/locations/*}:verb`, and what they capture.

use percent_encoding::percent_decode_str;

/// A path of a rule.
#[derive(Debug, PartialEq)]
pub(super) struct Template {
    segments: Vec<Segment>,
    verb: Option<String>,
    variables: Vec<Variable>,
}

#[derive(Debug, PartialEq)]
enum Segment {
    Literal(String),
    /// One segment that is not empty.
    One,
    /// One segment or more.
    Many,
}

/// A field that takes the segments `from..to` of the template.
#[derive(Debug, PartialEq)]
struct Variable {
    field: String,
    from: usize,
    to: usize,
}

/// A path of a request, in segments, each decoded once.
#[derive(Debug)]
pub(super) struct Path {
    segments: Vec<String>,
}

impl Path {
    /// `None` when it is no path that could lead anywhere: not absolute, or not UTF-8 behind its escapes.
    pub(super) fn read(path: &str) -> Option<Self> {
        let segments = path.strip_prefix('/')?.split('/').map(decoded);
        Some(Self {
            segments: segments.collect::<Option<_>>()?,
        })
    }
}

/// An escaped slash stays as it was sent, so that no segment becomes two.
fn decoded(segment: &str) -> Option<String> {
    let pieces = segment
        .split_inclusive("%2F")
        .flat_map(|piece| piece.split_inclusive("%2f"));
    let mut text = String::new();
    for piece in pieces {
        let slash = ["%2F", "%2f"].into_iter().find(|slash| piece.ends_with(slash));
        let piece = slash.and_then(|slash| piece.strip_suffix(slash)).unwrap_or(piece);
        text.push_str(&percent_decode_str(piece).decode_utf8().ok()?);
        text.push_str(slash.unwrap_or_default());
    }
    Some(text)
}

impl Template {
    /// `None` when it is not written as such a path is.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut template = Self {
            segments: Vec::new(),
            verb: None,
            variables: Vec::new(),
        };
        let mut rest = text.strip_prefix('/')?;
        loop {
            rest = template.piece(rest)?;
            match rest.split_at_checked(1) {
                None => return Some(template),
                Some(("/", next)) => rest = next,
                Some((":", verb)) if !verb.contains('/') => {
                    template.verb = Some(verb.to_owned());
                    return Some(template);
                }
                Some(_) => return None,
            }
        }
    }

    /// Reads a segment or a variable, and answers what is behind it.
    fn piece<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let Some(variable) = text.strip_prefix('{') else {
            let end = text.find(['/', ':']).unwrap_or(text.len());
            let (segment, rest) = text.split_at(end);
            self.segments.push(segment_of(segment)?);
            return Some(rest);
        };
        let (variable, rest) = variable.split_once('}')?;
        let (field, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
        let from = self.segments.len();
        for segment in pattern.split('/') {
            self.segments.push(segment_of(segment)?);
        }
        self.variables.push(Variable {
            field: field.to_owned(),
            from,
            to: self.segments.len(),
        });
        Some(rest)
    }

    /// The fields that the path gives, when it is one of these.
    pub(super) fn captures(&self, path: &Path) -> Option<Vec<(&str, String)>> {
        let mut segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
        if let Some(verb) = &self.verb {
            let last = segments.pop()?;
            segments.push(last.strip_suffix(verb.as_str())?.strip_suffix(':')?);
        } else if segments.last()?.contains(':') {
            return None;
        }
        let spans = self.spans(&segments)?;
        let captured = self.variables.iter().map(|variable| {
            let (from, to) = (
                spans.get(variable.from)?.0,
                spans.get(variable.to.checked_sub(1)?)?.1,
            );
            Some((variable.field.as_str(), segments.get(from..to)?.join("/")))
        });
        captured.collect()
    }

    /// Which segments of the path each one of the template takes. At most one of them takes several.
    fn spans(&self, segments: &[&str]) -> Option<Vec<(usize, usize)>> {
        let extra = segments.len().checked_sub(self.segments.len())?;
        let mut at = 0;
        let spans = self.segments.iter().map(|segment| {
            let taken = if *segment == Segment::Many { 1 + extra } else { 1 };
            let span = (at, at + taken);
            at = span.1;
            let matches = segments.get(span.0..span.1)?.iter().all(|text| match segment {
                Segment::Literal(literal) => text == literal,
                Segment::One | Segment::Many => !text.is_empty(),
            });
            matches.then_some(span)
        });
        let spans = spans.collect::<Option<Vec<_>>>()?;
        (at == segments.len()).then_some(spans)
    }
}

fn segment_of(text: &str) -> Option<Segment> {
    match text {
        "*" => Some(Segment::One),
        "**" => Some(Segment::Many),
        _ if text.is_empty() || text.contains(['*', '{', '}']) => None,
        _ => Some(Segment::Literal(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(template: &str, path: &str) -> Option<String> {
        let (template, path) = (Template::parse(template).unwrap(), Path::read(path)?);
        let captures = template.captures(&path)?;
        let captures: Vec<_> = captures
            .iter()
            .map(|(field, value)| format!("{field}={value}"))
            .collect();
        Some(captures.join(" "))
    }

    #[test]
    fn a_path_gives_its_fields() {
        let rings = "/v1/{parent=projects/*/locations/*}/keyRings";
        assert_eq!(
            captured(rings, "/v1/projects/p/locations/l/keyRings").unwrap(),
            "parent=projects/p/locations/l"
        );
        let encrypt = "/v1/{name=projects/*/keys/**}:encrypt";
        assert_eq!(
            captured(encrypt, "/v1/projects/p/keys/k:encrypt").unwrap(),
            "name=projects/p/keys/k"
        );
        assert_eq!(
            captured(encrypt, "/v1/projects/p/keys/k/v/1:encrypt").unwrap(),
            "name=projects/p/keys/k/v/1"
        );
        assert_eq!(captured("/v1/{a.b=x/*}", "/v1/x/y%20z").unwrap(), "a.b=x/y z");
        assert_eq!(captured("/v1/{a}/{b}", "/v1/x/y").unwrap(), "a=x b=y");
        assert_eq!(captured("/v1/{name=x/*}", "/v1/x/example.com%3Ay"), None);
        assert_eq!(
            captured("/v1/{name=x/*/y}", "/v1/x/example.com:p/y").unwrap(),
            "name=x/example.com:p/y"
        );
    }

    #[test]
    fn a_path_is_never_taken_for_another() {
        let get = "/v1/{name=projects/*/locations/*}";
        for wrong in [
            "/v1/projects/p/locations/l/",
            "/v1/projects//locations/l",
            "//v1/projects/p/locations/l",
            "/v1/Projects/p/locations/l",
            "/V1/projects/p/locations/l",
            "/v1/projects/p/locations",
            "/v1/projects/p/locations/l:get",
            "/v1/projects/p%2Flocations/l",
            "/v1/projects/p/locations/%ff",
            "/v1/projects/x/../p/locations/l",
        ] {
            assert_eq!(captured(get, wrong), None, "{wrong}");
        }
        assert_eq!(
            captured(get, "/v1/projects/p%2Fq/locations/%252F").unwrap(),
            "name=projects/p%2Fq/locations/%2F"
        );
        assert_eq!(
            captured(get, "/v1/projects/p/locations/..").unwrap(),
            "name=projects/p/locations/.."
        );
    }

    #[test]
    fn a_template_is_written_in_one_way() {
        for wrong in [
            "",
            "v1",
            "/v1/{name",
            "/v1/{name=*",
            "/v1/a*b",
            "/v1//x",
            "/v1/{a=*}x",
            "/v1/x:y/z",
        ] {
            assert_eq!(Template::parse(wrong), None, "{wrong}");
        }
    }
}
