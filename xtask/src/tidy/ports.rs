//! The ports to a KMS offer exactly what is listed here, so that a way to destroy cannot be added in passing.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{ItemTrait, TraitItem, TypeParamBound};

use super::paths::word;
use super::{Complaint, Source};

const CORE: &str = "crates/keyward-core/src";
/// Where the ports are.
const FILE: &str = "crates/keyward-core/src/kms.rs";

/// Every port with every method that it has.
const PORTS: [(&str, &[&str]); 4] = [
    (
        "KmsRead",
        &[
            "get_ring",
            "list_locations",
            "list_rings",
            "get_key",
            "list_keys",
            "get_version",
            "list_versions",
            "test_permissions",
        ],
    ),
    ("KmsCrypt", &["encrypt", "decrypt"]),
    ("KmsRescue", &["restore", "enable"]),
    (
        "KmsAdmin",
        &[
            "create_ring",
            "create_key",
            "create_version",
            "set_primary",
            "disable",
            "set_rotation",
        ],
    ),
];

/// What a port may stand on; another trait would bring methods of its own.
const SUPERTRAITS: [&str; 2] = ["Send", "Sync"];
/// What no trait of core may offer, whatever it is for.
const DESTROYERS: [&str; 7] = [
    "destroy",
    "destruction",
    "purge",
    "delete",
    "shred",
    "erase",
    "wipe",
];

/// Complains about ports that are not as listed, and about a way to destroy in any trait of core.
pub fn check(sources: &[Source]) -> Vec<Complaint> {
    let core = sources.iter().filter(|source| source.is_in(CORE));
    core.flat_map(check_one).collect()
}

fn check_one(source: &Source) -> Vec<Complaint> {
    let mut traits = Traits(Vec::new());
    traits.visit_file(&source.syntax);
    let mut complaints: Vec<Complaint> = traits
        .0
        .iter()
        .flat_map(|item| destroyers(source, item))
        .collect();
    if source.path == FILE {
        complaints.extend(traits.0.iter().flat_map(|item| unlisted(source, item)));
        complaints.extend(missing(&traits.0));
    }
    complaints
}

/// Every trait of a file, however deep it stands.
struct Traits<'a>(Vec<&'a ItemTrait>);

impl<'a> Visit<'a> for Traits<'a> {
    fn visit_item_trait(&mut self, item: &'a ItemTrait) {
        self.0.push(item);
        visit::visit_item_trait(self, item);
    }
}

fn methods(item: &ItemTrait) -> impl Iterator<Item = (String, usize)> {
    item.items.iter().filter_map(|item| match item {
        TraitItem::Fn(method) => {
            let ident = &method.sig.ident;
            Some((word(ident), ident.span().start().line))
        }
        _ => None,
    })
}

fn destroyers(source: &Source, item: &ItemTrait) -> Vec<Complaint> {
    methods(item)
        .filter(|(name, _)| DESTROYERS.iter().any(|way| name.contains(way)))
        .map(|(name, line)| Complaint::line(&source.path, line, format!("no port may destroy: `{name}`")))
        .collect()
}

/// What a trait among the ports has beyond the list.
fn unlisted(source: &Source, item: &ItemTrait) -> Vec<Complaint> {
    let name = word(&item.ident);
    let listed = PORTS.iter().find(|(port, _)| *port == name);
    let allowed = listed.map_or(&[][..], |(_, methods)| *methods);
    let line = item.ident.span().start().line;
    let mut extra: Vec<(String, usize)> = methods(item)
        .filter(|(method, _)| !allowed.contains(&method.as_str()))
        .collect();
    extra.extend(
        supertraits(item)
            .filter(|above| !SUPERTRAITS.contains(&above.as_str()))
            .map(|above| (above, line)),
    );
    if listed.is_none() {
        extra.push(("the whole trait".to_owned(), line));
    }
    extra
        .into_iter()
        .map(|(what, line)| {
            Complaint::line(
                &source.path,
                line,
                format!("{name} has what xtask/src/tidy/ports.rs does not list: {what}"),
            )
        })
        .collect()
}

fn supertraits(item: &ItemTrait) -> impl Iterator<Item = String> {
    item.supertraits.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().map(|last| word(&last.ident)),
        _ => None,
    })
}

/// What the list has and the ports have not, so that the check cannot lose its subject.
fn missing(traits: &[&ItemTrait]) -> Vec<Complaint> {
    let there: BTreeSet<(String, String)> = traits
        .iter()
        .flat_map(|item| methods(item).map(|(method, _)| (word(&item.ident), method)))
        .collect();
    let listed = PORTS
        .iter()
        .flat_map(|(port, methods)| methods.iter().map(move |method| (*port, *method)));
    listed
        .filter(|(port, method)| !there.contains(&((*port).to_owned(), (*method).to_owned())))
        .map(|(port, method)| {
            Complaint::file(
                FILE,
                format!("{port}::{method} is listed in xtask/src/tidy/ports.rs and is not here"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, code: &str) -> usize {
        check(&[Source::parse(path, code).unwrap()]).len()
    }

    /// The ports as listed, with `more` in the last one.
    fn ports(more: &str) -> String {
        let bodies = PORTS.map(|(port, methods)| {
            let methods: String = methods
                .iter()
                .map(|method| format!("fn {method}(&self);"))
                .collect();
            let more = if port == "KmsAdmin" { more } else { "" };
            format!("trait {port}: Send + Sync {{ {methods} {more} }}")
        });
        bodies.concat()
    }

    #[test]
    fn the_ports_are_exactly_as_listed() {
        assert_eq!(complaints(FILE, &ports("")), 0);
        assert_eq!(complaints(FILE, &ports("fn retire(&self);")), 1);
        assert_eq!(complaints(FILE, &ports("").replace("fn enable(&self);", "")), 1);
        assert_eq!(
            complaints(FILE, &ports("").replacen("Sync", "Sync + Ender", 1)),
            1
        );
        assert_eq!(
            complaints(FILE, &(ports("") + "mod more { trait Ender { fn end(&self); } }")),
            2
        );
    }

    #[test]
    fn no_trait_of_core_destroys() {
        let path = format!("{CORE}/recipient.rs");
        for code in [
            "trait Recipient { fn schedule_destruction(&self); }",
            "mod more { pub trait Ender { fn r#destroy(&self); } }",
            "fn f() { trait Ender { fn delete_version(&self); } }",
        ] {
            assert_eq!(complaints(&path, code), 1, "{code}");
        }
        assert_eq!(complaints(&path, "trait Recipient { fn wrap(&self); }"), 0);
    }
}
