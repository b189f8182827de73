//! The size budget: small files, small functions.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, ImplItemFn, ItemFn, Signature, TraitItemFn};

use super::{Complaint, Source};

const FILE_MEDIAN: usize = 200;
const FILE_95TH: usize = 500;
const FILE_STOP: usize = 700;
const FUNCTION_MEDIAN: usize = 12;
const FUNCTION_STOP: usize = 100;

/// Complains about files and functions past the hard stop, and about medians past the budget.
pub fn check(sources: &[Source]) -> Vec<Complaint> {
    let measured = Measured::of(sources);
    let mut complaints: Vec<Complaint> = sources.iter().flat_map(too_long).collect();
    complaints.extend(measured.over_budget());
    complaints
}

/// One line about the whole.
pub fn summary(sources: &[Source]) -> String {
    let Measured { files, functions } = Measured::of(sources);
    format!(
        "{} files (median {} lines, 95th percentile {}), {} functions (median {} lines)",
        files.len(),
        percentile(&files, 50),
        percentile(&files, 95),
        functions.len(),
        percentile(&functions, 50),
    )
}

struct Measured {
    files: Vec<usize>,
    functions: Vec<usize>,
}

impl Measured {
    fn of(sources: &[Source]) -> Self {
        let mut files: Vec<usize> = sources.iter().map(lines).collect();
        let mut functions: Vec<usize> = sources
            .iter()
            .flat_map(functions)
            .map(|found| found.lines)
            .collect();
        files.sort_unstable();
        functions.sort_unstable();
        Self { files, functions }
    }

    fn over_budget(&self) -> Vec<Complaint> {
        let budgets = [
            ("median file", percentile(&self.files, 50), FILE_MEDIAN),
            ("95th percentile of files", percentile(&self.files, 95), FILE_95TH),
            (
                "median function",
                percentile(&self.functions, 50),
                FUNCTION_MEDIAN,
            ),
        ];
        let over = budgets.iter().filter(|(_, is, may)| is > may);
        over.map(|(what, is, may)| Complaint::file("(all)", format!("{what}: {is} lines, budget {may}")))
            .collect()
    }
}

fn too_long(source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if lines(source) > FILE_STOP {
        let what = format!("{} lines, hard stop {FILE_STOP}", lines(source));
        complaints.push(Complaint::file(&source.path, what));
    }
    let long = functions(source)
        .into_iter()
        .filter(|found| found.lines > FUNCTION_STOP);
    complaints.extend(long.map(|found| {
        let what = format!(
            "fn {}: {} lines, hard stop {FUNCTION_STOP}",
            found.name, found.lines
        );
        Complaint::line(&source.path, found.at, what)
    }));
    complaints
}

fn lines(source: &Source) -> usize {
    source.text.lines().count()
}

/// The value below which `percent` of the sorted `values` lie (nearest rank).
fn percentile(values: &[usize], percent: usize) -> usize {
    let rank = (values.len() * percent).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

struct Function {
    name: String,
    at: usize,
    lines: usize,
}

fn functions(source: &Source) -> Vec<Function> {
    let mut collector = Collector(Vec::new());
    collector.visit_file(&source.syntax);
    collector.0
}

struct Collector(Vec<Function>);

impl Collector {
    /// From the line of `fn` to the line of the closing brace.
    fn add(&mut self, signature: &Signature, body: &Block) {
        let at = signature.fn_token.span.start().line;
        self.0.push(Function {
            name: signature.ident.to_string(),
            at,
            lines: body.span().end().line + 1 - at,
        });
    }
}

impl<'a> Visit<'a> for Collector {
    fn visit_item_fn(&mut self, function: &'a ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'a ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'a TraitItemFn) {
        if let Some(body) = &function.default {
            self.add(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(text: &str) -> Source {
        Source::parse("crates/a/src/b.rs", text).unwrap()
    }

    #[test]
    fn functions_are_measured_from_fn_to_brace() {
        let text = "//! B.\n\n#[inline]\nfn one() {}\n\nimpl X {\n    fn three(\n    ) {\n    }\n}\n";
        let found = functions(&sample(text));
        let measured: Vec<(&str, usize, usize)> =
            found.iter().map(|f| (f.name.as_str(), f.at, f.lines)).collect();
        assert_eq!(measured, [("one", 4, 1), ("three", 7, 3)]);
    }

    #[test]
    fn hard_stops() {
        let long_function = format!("//! B.\nfn f() {{\n{}}}\n", "    g();\n".repeat(99));
        assert_eq!(too_long(&sample(&long_function)).len(), 1);
        let shorter = format!("//! B.\nfn f() {{\n{}}}\n", "    g();\n".repeat(98));
        assert_eq!(too_long(&sample(&shorter)), []);
        let long_file = "// A line.\n".repeat(701);
        assert_eq!(too_long(&sample(&long_file)).len(), 1);
    }

    #[test]
    fn medians() {
        assert_eq!(percentile(&[1, 2, 3], 50), 2);
        assert_eq!(percentile(&[1, 2, 3, 100], 95), 100);
        assert_eq!(percentile(&[], 50), 0);
        let big = sample(&"// A line.\n".repeat(300));
        assert_eq!(Measured::of(&[big]).over_budget().len(), 1);
    }
}
