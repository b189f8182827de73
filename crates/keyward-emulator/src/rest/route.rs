//! The HTTP rules of the definition, and which of them a request follows.

use std::borrow::Cow;

use http::Method as Verb;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ReflectMessage, Value};

use super::template::{Path, Template};

/// All rules.
pub(super) struct Routes(Vec<Route>);

/// One rule.
pub(super) struct Route {
    verb: Verb,
    pattern: String,
    template: Template,
    /// What the body of the request is.
    pub(super) body: Content,
    /// The call.
    pub(super) method: MethodDescriptor,
}

/// What a body is.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// There is none; all comes by path and query.
    Nothing,
    /// The request itself.
    Request,
    /// One field of it.
    Field(String),
}

/// A rule that a request follows, and the fields that its path gives.
pub(super) struct Found<'a> {
    pub(super) route: &'a Route,
    pub(super) captures: Vec<(&'a str, String)>,
}

impl Routes {
    /// `None` when the definition has a rule that cannot be read.
    pub(super) fn of(pool: &DescriptorPool) -> Option<Self> {
        let http = pool.get_extension_by_name("google.api.http")?;
        let mut routes = Vec::new();
        for method in pool
            .services()
            .flat_map(|service| service.methods().collect::<Vec<_>>())
        {
            let options = method.options();
            if !options.has_extension(&http) {
                continue;
            }
            let rule = options.get_extension(&http);
            let rule = rule.as_message()?;
            routes.push(Route::of(rule, &method)?);
            for additional in field(rule, "additional_bindings")?.as_list()? {
                routes.push(Route::of(additional.as_message()?, &method)?);
            }
        }
        Some(Self(routes))
    }

    /// Verbs and paths of the rules whose paths start so.
    pub(super) fn below(&self, start: &'static str) -> impl Iterator<Item = (&Verb, &str)> {
        let below = self
            .0
            .iter()
            .filter(move |route| route.pattern.starts_with(start));
        below.map(|route| (&route.verb, &*route.pattern))
    }

    /// Whether a rule leads to the method.
    #[cfg(test)]
    pub(super) fn reaches(&self, method: &str) -> bool {
        self.0.iter().any(|route| route.method.full_name() == method)
    }

    /// The rule that a request follows.
    pub(super) fn find(&self, verb: &Verb, path: &str) -> Option<Found<'_>> {
        let path = Path::read(path)?;
        self.0
            .iter()
            .filter(|route| route.verb == *verb)
            .find_map(|route| {
                let captures = route.template.captures(&path)?;
                Some(Found { route, captures })
            })
    }
}

impl Route {
    fn of(rule: &DynamicMessage, method: &MethodDescriptor) -> Option<Self> {
        let patterns = rule
            .descriptor()
            .oneofs()
            .find(|oneof| oneof.name() == "pattern")?;
        let (verb, pattern) = patterns
            .fields()
            .find(|field| rule.has_field(field))
            .map(|field| {
                let verb = Verb::from_bytes(field.name().to_ascii_uppercase().as_bytes());
                (verb, rule.get_field(&field).as_str().map(str::to_owned))
            })?;
        let pattern = pattern?;
        Some(Self {
            verb: verb.ok()?,
            template: Template::parse(&pattern)?,
            pattern,
            body: match field(rule, "body")?.as_str()? {
                "" => Content::Nothing,
                "*" => Content::Request,
                name => Content::Field(name.to_owned()),
            },
            method: method.clone(),
        })
    }
}

fn field<'a>(rule: &'a DynamicMessage, name: &str) -> Option<Cow<'a, Value>> {
    rule.get_field_by_name(name)
}
