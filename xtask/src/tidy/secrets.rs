//! Secret types cannot be printed, copied or serialised by accident: they have no trait that does it.

use syn::{Attribute, Item, Type};

use super::{Complaint, Source};

/// Where the secret types are.
const FILE: &str = "crates/keyward-core/src/secret.rs";
/// Traits through which a secret would leave unseen.
const LEAKS: [&str; 6] = ["Clone", "Copy", "Debug", "Display", "Serialize", "ToString"];

/// Complains about derived and written implementations. A type that holds a secret cannot derive them either, so the
/// compiler does the rest.
pub fn check(sources: &[Source]) -> Vec<Complaint> {
    let secrets: Vec<String> = sources
        .iter()
        .filter(|source| source.path == FILE)
        .flat_map(types)
        .collect();
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

fn types(source: &Source) -> Vec<String> {
    let structs = source.syntax.items.iter().filter_map(|item| match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        _ => None,
    });
    structs.collect()
}

fn leaks(source: &Source, secrets: &[String]) -> Vec<Complaint> {
    let found = source.syntax.items.iter().flat_map(|item| match item {
        Item::Struct(item) if source.path == FILE => derived(&item.attrs, &item.ident.to_string()),
        Item::Impl(item) => implemented(item)
            .into_iter()
            .filter(|(name, ..)| secrets.contains(name))
            .collect(),
        _ => Vec::new(),
    });
    let leaking = found.filter(|(_, word, _)| LEAKS.contains(&word.as_str()));
    leaking
        .map(|(name, word, line)| Complaint::line(&source.path, line, format!("{name} is secret: no {word}")))
        .collect()
}

/// Type, trait, line of each derived trait.
fn derived(attributes: &[Attribute], name: &str) -> Vec<(String, String, usize)> {
    let mut traits = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
    {
        // A derive that does not parse does not compile either.
        let _ = attribute.parse_nested_meta(|meta| {
            traits.extend(meta.path.segments.last().map(|last| {
                (
                    name.to_owned(),
                    last.ident.to_string(),
                    last.ident.span().start().line,
                )
            }));
            Ok(())
        });
    }
    traits
}

/// Type, trait, line of an `impl Trait for Type`.
fn implemented(item: &syn::ItemImpl) -> Option<(String, String, usize)> {
    let (_, path, _) = item.trait_.as_ref()?;
    let Type::Path(own) = item.self_ty.as_ref() else {
        return None;
    };
    let (name, word) = (&own.path.segments.last()?.ident, &path.segments.last()?.ident);
    Some((name.to_string(), word.to_string(), word.span().start().line))
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
        let sound =
            "#[derive(Zeroize, ZeroizeOnDrop)]\npub struct Key(Vec<u8>);\nimpl From<String> for Key {}";
        assert_eq!(
            complaints(
                sound,
                "#[derive(Debug)] struct Other; impl fmt::Display for Other {}"
            ),
            0
        );
        assert_eq!(complaints("#[derive(Zeroize, Debug)]\nstruct Key;", ""), 1);
        assert_eq!(complaints("struct Key;\nimpl fmt::Display for Key {}", ""), 1);
        assert_eq!(complaints("struct Key;", "impl serde::Serialize for Key {}"), 1);
    }

    #[test]
    fn the_check_cannot_lose_its_subject() {
        assert_eq!(complaints("", ""), 1);
    }
}
