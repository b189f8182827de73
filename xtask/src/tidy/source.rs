//! One Rust file, parsed, with its place in its crate.

use std::collections::BTreeSet;
use std::path::Path;

use keyward_core::error::{Error, Result};
use syn::{Attribute, Item};

use crate::repository::Repository;

/// A parsed file.
pub struct Source {
    /// Relative to the root of the checkout.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// What syn made of it.
    pub syntax: syn::File,
    /// The module's path in its crate: `["envelope", "header"]`. Empty for a crate's root.
    pub module: Vec<String>,
    /// Whether the whole file is test code.
    pub is_test: bool,
}

impl Source {
    /// Parses `text`, which stands at `path`.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let syntax = syn::parse_file(text).map_err(|cause| {
            let line = cause.span().start().line;
            Error::usage(format!("does not parse: {cause}")).on(format!("{path}:{line}"))
        })?;
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            syntax,
            module: module_of(path),
            is_test: is_test_path(path),
        })
    }

    /// Whether the file belongs to the sources of the crate in this folder.
    pub fn is_in(&self, folder: &str) -> bool {
        Path::new(&self.path).starts_with(folder)
    }
}

/// Parses every Rust file of the checkout.
pub fn load(repository: &Repository) -> Result<Vec<Source>> {
    let rust = repository.files().filter(|file| file.ends_with(".rs"));
    let mut sources = rust
        .map(|file| Source::parse(file, &repository.text(file)?))
        .collect::<Result<Vec<_>>>()?;
    mark_tests(&mut sources);
    Ok(sources)
}

/// Whether an item or module carries `#[cfg(test)]` or `#[test]` (any macro whose last word is `test`).
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let named_test = path.segments.last().is_some_and(|last| last.ident == "test");
        named_test || (path.is_ident("cfg") && configures_test(attribute))
    })
}

/// Whether only tests see the item.
pub fn is_test_item(item: &Item) -> bool {
    let attributes = match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => return false,
    };
    is_for_tests(attributes)
}

fn configures_test(attribute: &Attribute) -> bool {
    attribute
        .parse_args::<syn::Ident>()
        .is_ok_and(|ident| ident == "test")
}

/// A file that its parent declares with `#[cfg(test)] mod name;` is test code, with everything below it.
fn mark_tests(sources: &mut [Source]) {
    let declared: BTreeSet<(String, Vec<String>)> = sources.iter().flat_map(test_modules).collect();
    for source in sources {
        let crate_folder = crate_folder(&source.path);
        source.is_test |= (1..=source.module.len())
            .any(|len| declared.contains(&(crate_folder.to_owned(), source.module[..len].to_vec())));
    }
}

fn test_modules(source: &Source) -> Vec<(String, Vec<String>)> {
    let modules = source.syntax.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() && is_for_tests(&module.attrs) => Some(module),
        _ => None,
    });
    modules
        .map(|module| {
            let mut path = source.module.clone();
            path.push(module.ident.to_string());
            (crate_folder(&source.path).to_owned(), path)
        })
        .collect()
}

fn crate_folder(path: &str) -> &str {
    path.split_once("/src/").map_or(path, |(folder, _)| folder)
}

fn module_of(path: &str) -> Vec<String> {
    let Some((_, inside)) = path.split_once("/src/") else {
        return Vec::new();
    };
    let inside = inside.trim_end_matches(".rs");
    let mut module: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

/// Whether the folders that Cargo gives to tests and benchmarks hold the file. Below `src`, only a declaration makes a
/// file test code, whatever its name.
fn is_test_path(path: &str) -> bool {
    let mut folders = crate_folder(path).split('/');
    folders.any(|part| part == "tests" || part == "benches")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_knows_its_module() {
        assert_eq!(module_of("crates/a/src/lib.rs"), Vec::<String>::new());
        assert_eq!(module_of("crates/a/src/envelope/mod.rs"), ["envelope"]);
        assert_eq!(
            module_of("crates/a/src/envelope/header.rs"),
            ["envelope", "header"]
        );
    }

    #[test]
    fn test_code_is_known_by_place_and_by_declaration() {
        let mut sources = vec![
            Source::parse("crates/a/src/key/mod.rs", "#[cfg(test)]\nmod model;\nmod state;").unwrap(),
            Source::parse("crates/a/src/key/model.rs", "").unwrap(),
            Source::parse("crates/a/src/key/model/naive.rs", "").unwrap(),
            Source::parse("crates/a/src/key/state.rs", "").unwrap(),
            Source::parse("crates/a/src/key/tests.rs", "").unwrap(),
            Source::parse("crates/b/src/key/model.rs", "").unwrap(),
            Source::parse("crates/b/src/tests/more.rs", "").unwrap(),
            Source::parse("crates/b/tests/story.rs", "").unwrap(),
            Source::parse("tests/src/naive.rs", "").unwrap(),
        ];
        mark_tests(&mut sources);
        let marks: Vec<bool> = sources.iter().map(|source| source.is_test).collect();
        assert_eq!(marks, [false, true, true, false, false, false, false, true, true]);
    }
}
