//! Core calls what it uses by its name: the checks of purity and of floors read names, and a rename would blind them.

use syn::visit::{self, Visit};
use syn::{Item, ItemExternCrate, ItemMod, ItemType, ItemUse, Type, UseTree};

use super::paths::word;
use super::source::is_test_item;
use super::{Complaint, Source};

const CORE: &str = "crates/keyward-core/src";

/// What keeps its name: the roots of paths, and what the lists of purity follow with a second word.
const FIXED: [&str; 12] = [
    "alloc",
    "core",
    "crate",
    "io",
    "self",
    "std",
    "super",
    "Path",
    "PathBuf",
    "TimeZone",
    "Timestamp",
    "Zoned",
];
/// Roots from which nothing is taken unnamed.
const ROOTS: [&str; 4] = ["alloc", "core", "crate", "std"];

/// Complains about new names for the roots of paths and for what reads a clock or a file, and about `#[path]`.
pub fn check(sources: &[Source]) -> Vec<Complaint> {
    let core = sources
        .iter()
        .filter(|source| source.is_in(CORE) && !source.is_test);
    core.flat_map(check_one).collect()
}

fn check_one(source: &Source) -> Vec<Complaint> {
    let mut renames = Renames(Vec::new());
    renames.visit_file(&source.syntax);
    let found = renames.0.into_iter();
    found
        .map(|(what, line)| Complaint::line(&source.path, line, what))
        .collect()
}

/// What is wrong, and on which line.
struct Renames(Vec<(String, usize)>);

impl Renames {
    fn add_use(&mut self, tree: &UseTree, before: &str) {
        match tree {
            UseTree::Path(path) => self.add_use(&path.tree, &word(&path.ident)),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.add_use(item, before)),
            UseTree::Rename(rename) if rename.rename != "_" => self.rename(&rename.ident),
            UseTree::Glob(glob) if ROOTS.contains(&before) => {
                let line = glob.star_token.spans.first().map_or(0, |span| span.start().line);
                self.0
                    .push((format!("`{before}::*` hides where names come from"), line));
            }
            UseTree::Name(_) | UseTree::Rename(_) | UseTree::Glob(_) => {}
        }
    }

    fn rename(&mut self, ident: &syn::Ident) {
        let name = word(ident);
        if FIXED.contains(&name.as_str()) {
            self.0.push((
                format!("`{name}` keeps its name in core"),
                ident.span().start().line,
            ));
        }
    }
}

impl<'a> Visit<'a> for Renames {
    fn visit_item(&mut self, item: &'a Item) {
        if !is_test_item(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if module
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("path"))
        {
            self.0.push((
                "a module stands where its name says".to_owned(),
                module.ident.span().start().line,
            ));
        }
        visit::visit_item_mod(self, module);
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.add_use(&item.tree, "");
    }

    fn visit_item_extern_crate(&mut self, item: &'a ItemExternCrate) {
        if item.rename.is_some() {
            self.rename(&item.ident);
        }
    }

    fn visit_item_type(&mut self, item: &'a ItemType) {
        if let Type::Path(aliased) = item.ty.as_ref()
            && let Some(last) = aliased.path.segments.last()
        {
            self.rename(&last.ident);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(code: &str) -> usize {
        check(&[Source::parse(&format!("{CORE}/audit.rs"), code).unwrap()]).len()
    }

    #[test]
    fn what_the_checks_look_for_keeps_its_name() {
        for code in [
            "use std as world;",
            "use std::{self as world, fmt};",
            "use crate as root;",
            "use super::super as root;",
            "use jiff::Timestamp as T;",
            "type T = jiff::Timestamp;",
            "extern crate std as world;",
            "use std::*;",
            "fn f() { use std::io as outside; }",
            "#[path = \"tests.rs\"]\nmod real;",
        ] {
            assert_eq!(complaints(code), 1, "{code}");
        }
    }

    #[test]
    fn other_names_and_tests_are_free() {
        for code in [
            "use std::fmt::Write as _; use std::error::Error as StdError; use super::parts::*;",
            "type Result<T> = std::result::Result<T, Error>;",
            "#[cfg(test)]\nmod tests { use std as world; }",
        ] {
            assert_eq!(complaints(code), 0, "{code}");
        }
    }
}
