//! Addresses of Cloud KMS: the one that a person names, the ones in the manifest, and what is said where they differ.

use std::collections::BTreeSet;

use keyward_core::error::Error;
use keyward_core::manifest::{Manifest, is_on_this_machine};
use keyward_core::name::{KeyRef, Provider};

use crate::args::Globals;

/// What keys are about to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// To look at them, to prove them, or to change them.
    Keys,
    /// To bring them back, which nothing stands in the way of.
    Rescue,
    /// To seal: data keys go there.
    Sealing,
    /// To open: data keys come from there, and nothing stands in the way of that either.
    Opening,
}

/// A key that the manifest reaches elsewhere than where a person says.
pub(crate) struct Difference<'a> {
    key: &'a KeyRef,
    named: &'a str,
    is_typed: bool,
    declared: Option<String>,
}

impl For {
    /// Whether it fails when a flag that was typed has no effect.
    pub(crate) fn refuses(self) -> bool {
        matches!(self, Self::Keys | Self::Sealing)
    }

    /// Whether data keys travel.
    pub(crate) fn moves_data_keys(self) -> bool {
        matches!(self, Self::Sealing | Self::Opening)
    }
}

/// The first of `keys` that `manifest` reaches elsewhere than at the address that `globals` name. None when the address is
/// that of some of them: then it is there to permit it.
pub(crate) fn difference<'a>(
    manifest: &Manifest,
    globals: &'a Globals,
    keys: &[&'a KeyRef],
) -> Option<Difference<'a>> {
    let named = globals.endpoint.as_deref()?;
    let declared: Vec<_> = declared(manifest, keys).collect();
    if declared
        .iter()
        .any(|(key, address)| is_at(named, key, address.as_deref()))
    {
        return None;
    }
    let (key, declared) = declared.into_iter().next()?;
    Some(Difference {
        key,
        named,
        is_typed: globals.endpoint_is_typed,
        declared,
    })
}

/// The addresses on this machine that only `manifest` names, and at which it reaches some of `keys`.
pub(crate) fn local(manifest: &Manifest, globals: &Globals, keys: &[&KeyRef]) -> BTreeSet<String> {
    let by_person = |key: &KeyRef, address: &str| {
        let named = globals.endpoint.as_deref();
        named.is_some_and(|named| is_at(named, key, Some(address)))
    };
    declared(manifest, keys)
        .filter_map(|(key, address)| Some((key, address?)))
        .filter(|(key, address)| is_on_this_machine(address) && !by_person(key, address))
        .map(|(_, address)| address)
        .collect()
}

/// Where the manifest reaches those of `keys` whose ring it has; `None` is the usual address.
fn declared<'a>(
    manifest: &Manifest,
    keys: &[&'a KeyRef],
) -> impl Iterator<Item = (&'a KeyRef, Option<String>)> {
    keys.iter().filter_map(|key| {
        let has_ring = |own: &KeyRef| own.provider == Provider::Gcp && own.name.ring() == key.name.ring();
        let mut keyrings = manifest.keyrings();
        let keyring = keyrings.find(|keyring| keyring.keys().iter().any(has_ring))?;
        Some((*key, keyring.access.endpoint_in(key.name.location())))
    })
}

fn is_at(named: &str, key: &KeyRef, declared: Option<&str>) -> bool {
    let named = named.replace("{location}", key.name.location().as_str());
    declared.is_some_and(|declared| declared.trim_end_matches('/') == named.trim_end_matches('/'))
}

impl Difference<'_> {
    fn place(&self) -> String {
        match &self.declared {
            Some(address) => address.clone(),
            None => "Google's usual address".to_owned(),
        }
    }

    /// Why the flag that was typed is not obeyed; none for a variable, which may be left over from other work.
    pub(crate) fn refusal(&self) -> Option<Error> {
        let what = format!(
            "`--endpoint` names {}, and the manifest reaches the key at {}",
            self.named,
            self.place()
        );
        self.is_typed.then(|| {
            Error::usage(what)
                .on(self.key)
                .hint("leave out `--endpoint`, which is for keys that no manifest covers")
                .hint("or write the address into the manifest: `endpoint` of the keyring")
        })
    }

    /// The same, for what goes on.
    pub(crate) fn warning(&self) -> String {
        let how = if self.is_typed {
            "--endpoint"
        } else {
            "KEYWARD_ENDPOINT"
        };
        format!(
            "{how} names {}, and is not used: the manifest reaches {} at {}",
            self.named,
            self.key,
            self.place()
        )
    }
}

/// What is said once before data keys travel to `addresses` that only the manifest names.
pub(crate) fn local_warning(addresses: &BTreeSet<String>) -> String {
    let all: Vec<_> = addresses.iter().map(String::as_str).collect();
    format!(
        "the manifest has Cloud KMS on this machine, at {}: whoever listens there gets the data keys. If it is your emulator, \
         say so: KEYWARD_ENDPOINT={}",
        all.join(" and "),
        all.first().unwrap_or(&"URL")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "\
version: 1
environments: {prod: {}}
keyrings:
  a:
    {env: prod, provider: gcp, project: p, locations: [us, europe], ring: r, key: a,
     endpoint: \"http://127.0.0.1:1\", endpoints: {us: \"http://127.0.0.1:2\"}}
  b: {env: prod, provider: gcp, project: p, locations: [us], ring: usual, key: b}
  c: {env: prod, provider: embedded, locations: [us], ring: r, key: c}
";

    fn key(rest: &str) -> KeyRef {
        format!("gcp-kms://projects/p/locations/{rest}").parse().unwrap()
    }

    fn globals(endpoint: &str, endpoint_is_typed: bool) -> Globals {
        Globals {
            endpoint: Some(endpoint.into()),
            endpoint_is_typed,
            ..Globals::default()
        }
    }

    #[test]
    fn an_address_that_reaches_none_of_the_keys_differs_and_names_both() {
        let manifest = Manifest::parse(MANIFEST, "m").unwrap();
        let (us, europe) = (
            key("us/keyRings/r/cryptoKeys/a"),
            key("europe/keyRings/r/cryptoKeys/other"),
        );
        let usual = key("us/keyRings/usual/cryptoKeys/b");
        let stranger = key("us/keyRings/elsewhere/cryptoKeys/b");
        let told = |endpoint: &str, typed: bool, keys: &[&KeyRef]| {
            let globals = globals(endpoint, typed);
            let found = difference(&manifest, &globals, keys)?;
            assert_eq!(found.refusal().is_some(), typed);
            Some(found.warning())
        };
        assert_eq!(told("http://127.0.0.1:2/", true, &[&us]), None);
        assert_eq!(
            told("http://127.0.0.1:1", true, &[&us, &europe]),
            None,
            "some of them"
        );
        assert_eq!(told("http://127.0.0.1:9", true, &[&stranger]), None);
        let other = told("http://127.0.0.1:1", true, &[&stranger, &us]).unwrap();
        assert!(
            other.contains("--endpoint names http://127.0.0.1:1") && other.contains("at http://127.0.0.1:2"),
            "{other}"
        );
        let other = told("https://kms.example", false, &[&usual]).unwrap();
        assert!(
            other.contains("KEYWARD_ENDPOINT") && other.contains("Google's usual address"),
            "{other}"
        );
    }

    #[test]
    fn an_address_on_this_machine_is_told_unless_a_person_named_it() {
        let manifest = Manifest::parse(MANIFEST, "m").unwrap();
        let keys = [
            key("us/keyRings/r/cryptoKeys/a"),
            key("europe/keyRings/r/cryptoKeys/a"),
            key("us/keyRings/usual/cryptoKeys/b"),
        ];
        let keys: Vec<_> = keys.iter().collect();
        let found = |globals: &Globals| local(&manifest, globals, &keys).into_iter().collect::<Vec<_>>();
        assert_eq!(
            found(&Globals::default()),
            ["http://127.0.0.1:1", "http://127.0.0.1:2"]
        );
        assert_eq!(
            found(&globals("http://127.0.0.1:1", false)),
            ["http://127.0.0.1:2"]
        );
    }
}
