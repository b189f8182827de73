//! The front page: verbs in groups, the daily ones first.

use std::fmt::Write;

use clap::Command;
use clap::builder::StyledStr;

/// Every verb in its group, in the order of the front page. A test finds a verb that is missing here.
const GROUPS: [(&str, &[&str]); 6] = [
    ("Start here", &["quickstart", "init"]),
    (
        "Every day",
        &["encrypt", "decrypt", "verify", "survive", "credential"],
    ),
    ("Look, without any key", &["inspect", "explain", "uses"]),
    ("Stand guard", &["watch", "harden", "audit"]),
    ("Keys", &["key", "escrow"]),
    ("Set up", &["completions", "man"]),
];

/// The tree, its front page grouped.
pub(super) fn grouped(tree: Command) -> Command {
    let page = front_page(&tree);
    tree.help_template(page)
}

fn front_page(tree: &Command) -> StyledStr {
    let header = tree.get_styles().get_header();
    let literal = tree.get_styles().get_literal();
    let mut page = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for (title, verbs) in GROUPS {
        let _ = writeln!(page, "\n{header}{title}:{header:#}");
        for verb in verbs {
            let about = tree.find_subcommand(verb).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(page, "  {literal}{verb:<12}{literal:#} {about}");
        }
    }
    let _ = writeln!(page, "\n{header}Global options:{header:#}\n{{options}}");
    page.push_str("\n`keyward COMMAND --help` says more about one command.\n");
    page.into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_verb_stands_on_the_front_page_once() {
        let tree = crate::args::Cli::command();
        let built: BTreeSet<_> = tree.get_subcommands().map(Command::get_name).collect();
        let listed: Vec<_> = GROUPS
            .iter()
            .flat_map(|(_, verbs)| verbs.iter().copied())
            .collect();
        assert_eq!(built, listed.iter().copied().collect());
        assert_eq!(built.len(), listed.len());
        crate::args::tree().debug_assert();
    }
}
