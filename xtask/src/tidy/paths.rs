//! Every name that a file mentions: `use` trees, paths in code, and words inside macro calls.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{
    Attribute, ExprMethodCall, ExprPath, Ident, ImplItemFn, Item, ItemMod, ItemUse, Macro, Signature, Type,
    UseTree,
};

use super::Source;
use super::source::{is_for_tests, is_test_item};

/// A mention of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The name's words, `r#` taken off. `crate`, `self` and `super` at the front are resolved, so that a path into the
    /// own crate starts with `crate`.
    pub words: Vec<String>,
    /// How it is mentioned.
    pub kind: Kind,
    /// Counted from 1.
    pub line: usize,
    /// Whether only tests see it.
    pub in_test: bool,
}

/// How a name is mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In a `use`, an expression, a type or a pattern.
    Path,
    /// As the name of a macro that is called.
    Macro,
    /// As the name of a method that is called.
    Method,
    /// As the name of a function or method that is defined here.
    Definition,
}

impl Mention {
    /// The words, joined as in code.
    pub fn text(&self) -> String {
        self.words.join("::")
    }

    /// Whether the name starts with these words.
    pub fn starts_with(&self, words: &[&str]) -> bool {
        self.words.len() >= words.len() && self.words.iter().zip(words).all(|(a, b)| a == b)
    }

    /// Whether these words stand in the name, one after another.
    pub fn contains(&self, words: &[&str]) -> bool {
        self.words.windows(words.len()).any(|window| window == words)
    }
}

/// Every mention in the file, in reading order.
pub fn mentions(source: &Source) -> Vec<Mention> {
    let mut collector = Collector {
        module: source.module.clone(),
        in_test: source.is_test,
        found: Vec::new(),
    };
    collector.visit_file(&source.syntax);
    collector.found
}

struct Collector {
    module: Vec<String>,
    in_test: bool,
    found: Vec<Mention>,
}

impl Collector {
    fn add(&mut self, kind: Kind, words: Vec<String>, line: usize) {
        self.found.push(Mention {
            words: self.resolve(words),
            kind,
            line,
            in_test: self.in_test,
        });
    }

    fn add_path(&mut self, kind: Kind, path: &syn::Path) {
        let idents = || path.segments.iter().map(|segment| &segment.ident);
        let line = idents().next().map_or(0, |first| first.span().start().line);
        self.add(kind, idents().map(word).collect(), line);
    }

    /// Replaces a leading `self` or run of `super`s by the module they stand for.
    fn resolve(&self, words: Vec<String>) -> Vec<String> {
        let supers = words.iter().take_while(|word| *word == "super").count();
        let is_self = words.len() > 1 && words.first().is_some_and(|word| word == "self");
        if supers == 0 && !is_self {
            return words;
        }
        let kept = self.module.len().saturating_sub(supers);
        let mut resolved = vec!["crate".to_owned()];
        resolved.extend_from_slice(self.module.get(..kept).unwrap_or_default());
        resolved.extend(words.into_iter().skip(supers.max(usize::from(is_self))));
        resolved
    }

    fn add_use(&mut self, tree: &UseTree, before: &[String]) {
        match tree {
            UseTree::Path(path) => {
                let words = [before, &[word(&path.ident)]].concat();
                self.add_use(&path.tree, &words);
            }
            UseTree::Group(group) => group.items.iter().for_each(|item| self.add_use(item, before)),
            UseTree::Name(name) => self.add_leaf(&name.ident, before),
            UseTree::Rename(rename) => self.add_leaf(&rename.ident, before),
            UseTree::Glob(glob) => {
                let line = glob.star_token.spans.first().map_or(0, |span| span.start().line);
                self.add(Kind::Path, before.to_vec(), line);
            }
        }
    }

    fn add_leaf(&mut self, ident: &Ident, before: &[String]) {
        let mut words = before.to_vec();
        if ident != "self" || before.is_empty() {
            words.push(word(ident));
        }
        self.add(Kind::Path, words, ident.span().start().line);
    }

    /// Names among the tokens of a macro call, which syn does not parse.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at = match token {
                TokenTree::Ident(first) => self.add_run(&tokens, at, first.span().start().line),
                TokenTree::Group(group) => {
                    self.add_tokens(group.stream());
                    at + 1
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => at + 1,
            };
        }
    }

    /// One `word::word…` that starts at `at`, with the `!(…)` that makes it a macro call. Answers where it ends.
    fn add_run(&mut self, tokens: &[TokenTree], at: usize, line: usize) -> usize {
        let mut words = Vec::new();
        let mut next = at;
        while let Some(TokenTree::Ident(ident)) = tokens.get(next) {
            words.push(word(ident));
            next += 1;
            if !(is_punct(tokens.get(next), ':') && is_punct(tokens.get(next + 1), ':')) {
                break;
            }
            next += 2;
        }
        let is_call =
            is_punct(tokens.get(next), '!') && matches!(tokens.get(next + 1), Some(TokenTree::Group(_)));
        self.add(if is_call { Kind::Macro } else { Kind::Path }, words, line);
        next
    }

    /// Runs `visit` with the test mark raised when the item carries it.
    fn inside(&mut self, for_tests: bool, visit: impl FnOnce(&mut Self)) {
        let before = self.in_test;
        self.in_test |= for_tests;
        visit(self);
        self.in_test = before;
    }
}

impl<'a> Visit<'a> for Collector {
    fn visit_item(&mut self, item: &'a Item) {
        self.inside(is_test_item(item), |this| visit::visit_item(this, item));
    }

    /// Attributes configure; they reach nothing.
    fn visit_attribute(&mut self, _: &'a Attribute) {}

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        self.module.push(word(&module.ident));
        visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_impl_item_fn(&mut self, function: &'a ImplItemFn) {
        self.inside(is_for_tests(&function.attrs), |this| {
            visit::visit_impl_item_fn(this, function)
        });
    }

    fn visit_signature(&mut self, signature: &'a Signature) {
        let ident = &signature.ident;
        self.add(Kind::Definition, vec![word(ident)], ident.span().start().line);
        visit::visit_signature(self, signature);
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.add_use(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.add_path(Kind::Path, path);
        visit::visit_path(self, path);
    }

    /// `<Type>::name` is `Type::name`.
    fn visit_expr_path(&mut self, path: &'a ExprPath) {
        if let Some(Type::Path(own)) = path.qself.as_ref().map(|own| own.ty.as_ref()) {
            let mut whole = own.path.clone();
            whole.segments.extend(path.path.segments.iter().cloned());
            self.add_path(Kind::Path, &whole);
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        let line = call.method.span().start().line;
        self.add(Kind::Method, vec![word(&call.method)], line);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'a Macro) {
        self.add_path(Kind::Macro, &call.path);
        self.add_tokens(call.tokens.clone());
    }
}

/// An identifier without its `r#`.
pub fn word(ident: &Ident) -> String {
    ident.unraw().to_string()
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str, code: &str) -> Vec<String> {
        let source = Source::parse(path, code).unwrap();
        mentions(&source).iter().map(Mention::text).collect()
    }

    #[test]
    fn use_trees_are_flattened_and_resolved() {
        let code = "use crate::a::{self, b::*, c as d}; use super::e; use self::f::G; use std::fs;";
        let expected = [
            "crate::a",
            "crate::a::b",
            "crate::a::c",
            "crate::x::e",
            "crate::x::y::f::G",
            "std::fs",
        ];
        assert_eq!(texts("crates/k/src/x/y.rs", code), expected);
    }

    #[test]
    fn an_inline_module_is_one_level_deeper() {
        assert_eq!(
            texts(
                "crates/k/src/x.rs",
                "mod tests { use super::Y; use super::super::Z; }"
            ),
            ["crate::x::Y", "crate::Z"]
        );
    }

    #[test]
    fn code_and_macros_are_read() {
        let code = "fn f() { g(crate::a::B); matches!(x, crate::c::D { y: z }); s.read_dir(); }";
        let found = texts("crates/k/src/x.rs", code);
        for expected in ["f", "crate::a::B", "matches", "crate::c::D", "read_dir"] {
            assert!(
                found.iter().any(|text| text == expected),
                "{expected} in {found:?}"
            );
        }
        assert!(
            !found.iter().any(|text| text == "y::z"),
            "a single colon joins nothing: {found:?}"
        );
    }

    #[test]
    fn no_spelling_hides_a_name() {
        let code = "fn f() { k.r#a(); r#b::c(); m!(r#d); <e::F>::g(); }";
        let found = texts("crates/k/src/x.rs", code);
        for expected in ["a", "b::c", "d", "e::F::g"] {
            assert!(
                found.iter().any(|text| text == expected),
                "{expected} in {found:?}"
            );
        }
    }

    #[test]
    fn macros_inside_macros_are_macros() {
        let source = Source::parse("crates/k/src/x.rs", "fn f() { outer!(println!(\"x\")); }").unwrap();
        let inner = mentions(&source)
            .into_iter()
            .find(|mention| mention.text() == "println")
            .unwrap();
        assert_eq!(inner.kind, Kind::Macro);
    }

    #[test]
    fn test_code_is_marked() {
        let code = "use a::b;\n#[cfg(test)]\nmod tests { use c::d; }\n#[cfg(test)]\nuse e::f;\n";
        let source = Source::parse("crates/k/src/x.rs", code).unwrap();
        let marks: Vec<(String, bool)> = mentions(&source)
            .iter()
            .map(|mention| (mention.text(), mention.in_test))
            .collect();
        let expected = [("a::b", false), ("c::d", true), ("e::f", true)];
        assert_eq!(marks, expected.map(|(text, mark)| (text.to_owned(), mark)));
    }
}
