//! Secret types cannot be printed, copied or serialised by accident: they have the traits and methods listed here.

use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, Type};

use super::paths::word;
use super::source::is_test_item;
use super::{Complaint, Source};

/// Where the secret types are.
const FILE: &str = "crates/keyward-core/src/secret.rs";
/// What they may implement: wiping, and making one.
const TRAITS: [&str; 5] = ["Drop", "From", "TryFrom", "Zeroize", "ZeroizeOnDrop"];
/// What they may offer. Of these only `expose` hands out the secret.
const METHODS: [&str; 8] = [
    "expose",
    "from_unwrapped",
    "generate",
    "is_empty",
    "len",
    "new",
    "random",
    "same_as",
];

/// Complains about derived and written implementations. A type that holds a secret cannot derive others either, so the
/// compiler does the rest.
pub fn check(sources: &[Source]) -> Vec<Complaint> {
    let own = sources.iter().filter(|source| source.path == FILE);
    let secrets: Vec<String> = own.flat_map(|source| read(source).types).collect();
    if secrets.is_empty() {
        return vec![Complaint::file(
            FILE,
            "holds no secret types; xtask/src/tidy/secrets.rs looks for them here",
        )];
    }
    sources
        .iter()
        .flat_map(|source| leaks(source, &secrets))
        .collect()
}

fn leaks(source: &Source, secrets: &[String]) -> Vec<Complaint> {
    let Reading { gains, .. } = read(source);
    let ours = gains.into_iter().filter(|gain| secrets.contains(&gain.of));
    // Elsewhere a type of the same name may derive what it likes: its fields decide.
    ours.filter(|gain| !gain.is_allowed && (source.path == FILE || !gain.is_derived))
        .map(|gain| {
            Complaint::line(
                &source.path,
                gain.line,
                format!("{} is secret: no {}", gain.of, gain.what),
            )
        })
        .collect()
}

/// A trait or a method that a type has.
struct Gain {
    of: String,
    what: String,
    line: usize,
    is_allowed: bool,
    is_derived: bool,
}

/// The types of a file outside its tests, however deep they stand, and what they have.
#[derive(Default)]
struct Reading {
    types: Vec<String>,
    gains: Vec<Gain>,
}

fn read(source: &Source) -> Reading {
    let mut reading = Reading::default();
    if !source.is_test {
        reading.visit_file(&source.syntax);
    }
    reading
}

impl Reading {
    fn add_type(&mut self, ident: &Ident, attributes: &[Attribute]) {
        self.types.push(word(ident));
        let derives = attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("derive"));
        for derive in derives {
            // A derive that does not parse does not compile either.
            let _ = derive.parse_nested_meta(|meta| {
                if let Some(last) = meta.path.segments.last() {
                    self.add(word(ident), &last.ident, &TRAITS, true);
                }
                Ok(())
            });
        }
    }

    fn add(&mut self, of: String, gained: &Ident, allowed: &[&str], is_derived: bool) {
        let what = word(gained);
        self.gains.push(Gain {
            of,
            line: gained.span().start().line,
            is_allowed: allowed.contains(&what.as_str()),
            what,
            is_derived,
        });
    }
}

impl<'a> Visit<'a> for Reading {
    fn visit_item(&mut self, item: &'a Item) {
        if !is_test_item(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'a ItemStruct) {
        self.add_type(&item.ident, &item.attrs);
    }

    fn visit_item_enum(&mut self, item: &'a ItemEnum) {
        self.add_type(&item.ident, &item.attrs);
    }

    fn visit_item_impl(&mut self, item: &'a ItemImpl) {
        let Type::Path(own) = item.self_ty.as_ref() else {
            return;
        };
        let Some(of) = own.path.segments.last().map(|last| word(&last.ident)) else {
            return;
        };
        if let Some((_, path, _)) = &item.trait_ {
            if let Some(last) = path.segments.last() {
                self.add(of, &last.ident, &TRAITS, false);
            }
            return;
        }
        for inner in &item.items {
            if let ImplItem::Fn(method) = inner {
                self.add(of.clone(), &method.sig.ident, &METHODS, false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(secret: &str, elsewhere: &str) -> usize {
        let secret = Source::parse(FILE, secret).unwrap();
        let elsewhere = Source::parse("crates/keyward/src/lib.rs", elsewhere).unwrap();
        check(&[secret, elsewhere]).len()
    }

    #[test]
    fn a_secret_has_no_way_out() {
        let sound = "#[derive(Zeroize, ZeroizeOnDrop)]\npub struct Key(Vec<u8>);\nimpl From<String> for Key {}\nimpl Key { fn len() {} }";
        let other =
            "#[derive(Debug)] struct Other; impl fmt::Display for Other { } impl Other { fn to_hex() {} }";
        assert_eq!(complaints(sound, other), 0);
        for leak in [
            "#[derive(Zeroize, Debug)]\nstruct Key;",
            "#[derive(Hash)]\nenum Key {}",
            "mod inner { #[derive(Clone)]\nstruct Key; }",
            "struct Key;\nimpl fmt::Display for Key {}",
            "struct Key;\nimpl fmt::LowerHex for Key {}",
            "struct Key;\nimpl AsRef<[u8]> for Key {}",
            "struct Key;\nimpl Key { pub fn to_hex(&self) {} }",
        ] {
            assert_eq!(complaints(leak, ""), 1, "{leak}");
        }
        assert_eq!(complaints("struct Key;", "impl serde::Serialize for Key {}"), 1);
    }

    #[test]
    fn the_check_cannot_lose_its_subject() {
        assert_eq!(complaints("", ""), 1);
        assert_eq!(complaints("#[cfg(test)]\nmod tests { struct Key; }", ""), 1);
    }
}
