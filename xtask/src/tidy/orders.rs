//! Only core's key machine puts a version on its way to destruction: nobody else makes that state or its time.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    BinOp, Expr, ExprAssign, ExprBinary, ExprMethodCall, ExprPath, ExprReference, FieldValue, Item, LitStr,
    Macro, Member, Pat, Token, UseRename,
};

use super::paths::word;
use super::source::is_test_item;
use super::{Complaint, Source};

/// The machine, and where a version is read as somebody else has it: stored, or at Google.
const ALLOWED: [&str; 3] = [
    "crates/keyward-core/src/key",
    "crates/keyward-embedded/src/store/rows.rs",
    "crates/keyward-gcp/src/convert.rs",
];

/// The state, and the move that leads to it.
const WORDS: [&str; 2] = ["DestroyScheduled", "ScheduleDestruction"];
/// The field that says when.
const FIELD: &str = "destroy_at";
/// Methods of `Option` that put something into it.
const FILLERS: [&str; 5] = [
    "as_mut",
    "get_or_insert",
    "get_or_insert_with",
    "insert",
    "replace",
];
/// What follows the last colon in the path of the call of Google's API that destroys.
const CALL: &str = "destroy";
/// How a line begins that is shown to a person to run, as `key restore --drill` does: no path of a call begins so.
const SHOWN: &str = "curl -X POST ";

/// Complains about every place outside tests that makes what only the machine makes. Looking at it is free.
pub fn check(sources: &[Source]) -> Vec<Complaint> {
    let elsewhere = sources
        .iter()
        .filter(|source| !source.is_test && !ALLOWED.iter().any(|place| source.is_in(place)));
    elsewhere.flat_map(check_one).collect()
}

fn check_one(source: &Source) -> Vec<Complaint> {
    let mut orders = Orders(Vec::new());
    orders.visit_file(&source.syntax);
    let found = orders.0.into_iter();
    found
        .map(|(what, line)| {
            Complaint::line(
                &source.path,
                line,
                format!("only core's key machine may order a destruction: {what}"),
            )
        })
        .collect()
}

/// What is made, and on which line.
struct Orders(Vec<(String, usize)>);

impl Orders {
    fn add(&mut self, what: impl Into<String>, place: &impl Spanned) {
        self.0.push((what.into(), place.span().start().line));
    }

    fn add_field(&mut self, written: &Expr) {
        if let Expr::Field(field) = written
            && is_the_field(&field.member)
        {
            self.add(FIELD, field);
        }
    }
}

impl<'a> Visit<'a> for Orders {
    fn visit_item(&mut self, item: &'a Item) {
        if !is_test_item(item) {
            visit::visit_item(self, item);
        }
    }

    /// A pattern looks.
    fn visit_pat(&mut self, _: &'a Pat) {}

    /// A comparison looks.
    fn visit_expr_binary(&mut self, comparison: &'a ExprBinary) {
        let looks = matches!(comparison.op, BinOp::Eq(_) | BinOp::Ne(_));
        for side in [&comparison.left, &comparison.right] {
            if !(looks && matches!(side.as_ref(), Expr::Path(_))) {
                self.visit_expr(side);
            }
        }
    }

    fn visit_expr_path(&mut self, path: &'a ExprPath) {
        let last = path.path.segments.last().map(|last| word(&last.ident));
        if let Some(last) = last.filter(|last| WORDS.contains(&last.as_str())) {
            self.add(last, path);
        }
    }

    fn visit_use_rename(&mut self, rename: &'a UseRename) {
        let name = word(&rename.ident);
        if WORDS.contains(&name.as_str()) {
            self.add(name, rename);
        }
    }

    fn visit_expr_assign(&mut self, assignment: &'a ExprAssign) {
        self.add_field(&assignment.left);
        visit::visit_expr_assign(self, assignment);
    }

    fn visit_expr_reference(&mut self, reference: &'a ExprReference) {
        if reference.mutability.is_some() {
            self.add_field(&reference.expr);
        }
        visit::visit_expr_reference(self, reference);
    }

    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        if FILLERS.contains(&word(&call.method).as_str()) {
            self.add_field(&call.receiver);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_field_value(&mut self, field: &'a FieldValue) {
        if is_the_field(&field.member) {
            self.add(FIELD, field);
        }
        visit::visit_field_value(self, field);
    }

    fn visit_lit_str(&mut self, text: &'a LitStr) {
        let value = text.value();
        let calls = value.rsplit_once(':').is_some_and(|(_, call)| call == CALL);
        if calls && !value.starts_with(SHOWN) {
            self.add(value, text);
        }
    }

    /// What a macro is given is read where it is a list of expressions, as in `vec!` and `format!`. `matches!` looks.
    fn visit_macro(&mut self, call: &'a Macro) {
        if call.path.is_ident("matches") {
            return;
        }
        if let Ok(arguments) = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            let mut inner = Orders(Vec::new());
            arguments.iter().for_each(|argument| inner.visit_expr(argument));
            self.0.extend(inner.0);
        }
    }
}

fn is_the_field(member: &Member) -> bool {
    matches!(member, Member::Named(ident) if word(ident) == FIELD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, code: &str) -> usize {
        check(&[Source::parse(path, code).unwrap()]).len()
    }

    #[test]
    fn making_the_order_is_found_in_every_spelling() {
        for code in [
            "fn f() { Move::ScheduleDestruction.from(state); }",
            "fn f() { version.state = VersionState::DestroyScheduled; }",
            "fn f() { g(r#DestroyScheduled); }",
            "fn f() { let all = vec![VersionState::DestroyScheduled]; }",
            "use VersionState::DestroyScheduled as Harmless;",
            "fn f() { version.destroy_at = Some(now); }",
            "fn f() { version.destroy_at.replace(now); }",
            "fn f() { std::mem::replace(&mut version.destroy_at, Some(now)); }",
            "fn f() -> KeyVersion { KeyVersion { destroy_at: due, ..version } }",
            "fn f() { format!(\"{version}:destroy\"); }",
        ] {
            assert_eq!(complaints("crates/keyward/src/rotate.rs", code), 1, "{code}");
        }
    }

    #[test]
    fn looking_is_free_and_so_are_the_machine_and_tests() {
        for code in [
            "fn f() -> bool { version.state == VersionState::DestroyScheduled }",
            "fn f() { match state { VersionState::DestroyScheduled => g(version.destroy_at), _ => {} } }",
            "fn f() -> bool { matches!(state, VersionState::DestroyScheduled | VersionState::Destroyed) }",
            "use VersionState::DestroyScheduled;",
            "fn f() { format!(\"curl -X POST {address}/{version}:destroy\"); }",
            "#[cfg(test)]\nmod tests { fn f() { version.destroy_at = None; } }",
        ] {
            assert_eq!(complaints("crates/keyward/src/rotate.rs", code), 0, "{code}");
        }
        let order = "fn f() { version.state = VersionState::DestroyScheduled; }";
        assert_eq!(complaints("crates/keyward-core/src/key/record.rs", order), 0);
        assert_eq!(complaints("crates/keyward/tests/rotate.rs", order), 0);
    }
}
