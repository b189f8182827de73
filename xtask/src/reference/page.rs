//! The manual as one Markdown page.

use clap::{Arg, ArgAction, Command};

use super::exit_codes;

const HEAD: &str = "\
# Command reference

Generated from the command line itself by `cargo xtask reference`; edit the help texts, not this page.
";

/// The whole page.
pub fn render(mut root: Command) -> String {
    root.build();
    let mut page = HEAD.to_owned();
    push(&mut page, &about(&root));
    push(&mut page, &contents(&root));
    push(&mut page, "## Flags of every verb\n");
    push(
        &mut page,
        &table(root.get_arguments().filter(|arg| arg.is_global_set())),
    );
    push(&mut page, "## Exit codes\n");
    push(&mut page, &exit_codes::table());
    for verb in leaves(&root) {
        push(&mut page, &section(verb));
    }
    page
}

/// Adds a block, with an empty line before it.
fn push(page: &mut String, block: &str) {
    if !block.is_empty() {
        page.push('\n');
        page.push_str(block);
    }
}

/// Verbs in the order of the front page; groups come apart into their verbs. A group that does something by itself, by flags of
/// its own, stands before them.
fn leaves(command: &Command) -> Vec<&Command> {
    let shown = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
    shown
        .flat_map(|sub| {
            let has_flags = sub
                .get_arguments()
                .any(|arg| !arg.is_global_set() && arg.get_id() != "help");
            let own = (!sub.has_subcommands() || has_flags).then_some(sub);
            own.into_iter().chain(leaves(sub)).collect::<Vec<_>>()
        })
        .collect()
}

fn contents(root: &Command) -> String {
    let line = |verb: &Command| {
        let name = name(verb);
        format!(
            "- [`{name}`](#{}): {}\n",
            name.replace(' ', "-"),
            first_line(verb)
        )
    };
    leaves(root).into_iter().map(line).collect()
}

fn section(verb: &Command) -> String {
    let mut text = format!("## {}\n", name(verb));
    push(&mut text, &about(verb));
    let usage = verb.clone().render_usage().to_string();
    push(
        &mut text,
        &format!("```text\n{}\n```\n", usage.trim_start_matches("Usage: ")),
    );
    push(
        &mut text,
        &table(verb.get_arguments().filter(|arg| !arg.is_global_set())),
    );
    if let Some(more) = verb.get_after_long_help().or(verb.get_after_help()) {
        push(&mut text, &format!("```text\n{}\n```\n", more.to_string().trim()));
    }
    text
}

fn name(verb: &Command) -> &str {
    verb.get_bin_name().unwrap_or(verb.get_name())
}

fn first_line(verb: &Command) -> String {
    verb.get_about().map(ToString::to_string).unwrap_or_default()
}

fn about(verb: &Command) -> String {
    let text = verb
        .get_long_about()
        .or(verb.get_about())
        .map(ToString::to_string)
        .unwrap_or_default();
    format!("{}\n", text.trim())
}

fn table<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let shown =
        arguments.filter(|arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version"));
    let rows: String = shown.map(row).collect();
    match rows.is_empty() {
        true => String::new(),
        false => format!("| argument | meaning |\n|---|---|\n{rows}"),
    }
}

fn row(arg: &Arg) -> String {
    format!("| `{}` | {} |\n", cell(&spelling(arg)), cell(&meaning(arg)))
}

/// `-o, --out <FILE>`, or `<FILE>...` for a positional argument.
fn spelling(arg: &Arg) -> String {
    if arg.is_positional() {
        return arg.to_string();
    }
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let flags: Vec<String> = short.into_iter().chain(long).collect();
    let takes_values = arg.get_action().takes_values();
    let values = arg
        .get_value_names()
        .unwrap_or_default()
        .iter()
        .map(|name| format!(" <{name}>"));
    let values: String = values.filter(|_| takes_values).collect();
    format!("{}{values}", flags.join(", "))
}

/// The help text, with what clap knows beside it.
fn meaning(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string);
    let help = help.unwrap_or_default().trim().trim_end_matches('.').to_owned();
    let repeatable = matches!(arg.get_action(), ArgAction::Append) && !arg.is_positional();
    let again = (repeatable && !help.contains("repeat")).then(|| "Repeatable".to_owned());
    let sentences = [Some(help), choices(arg), default(arg), variable(arg), again];
    let said: Vec<String> = sentences
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    format!("{}.", said.join(". "))
}

fn choices(arg: &Arg) -> Option<String> {
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    let has_choice = arg.get_action().takes_values() && !values.is_empty();
    has_choice.then(|| format!("One of {}", values.join(", ")))
}

fn default(arg: &Arg) -> Option<String> {
    let values: Vec<String> = arg
        .get_default_values()
        .iter()
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    let has_default = arg.get_action().takes_values() && !values.is_empty();
    has_default.then(|| format!("Default {}", values.join(", ")))
}

fn variable(arg: &Arg) -> Option<String> {
    arg.get_env()
        .map(|variable| format!("Environment: `{}`", variable.to_string_lossy()))
}

/// Text that a table cell can hold.
fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use clap::builder::PossibleValuesParser;

    use super::*;

    fn sample() -> Command {
        let env = Arg::new("env")
            .long("env")
            .value_name("ENV")
            .env("SAMPLE_ENV")
            .global(true)
            .help("Which one.");
        let kind = Arg::new("kind")
            .short('k')
            .long("kind")
            .value_name("KIND")
            .value_parser(PossibleValuesParser::new(["a|b", "c"]))
            .default_value("c")
            .help("What kind.");
        let file = Arg::new("file")
            .value_name("FILE")
            .required(true)
            .help("The file.");
        let new = Command::new("new").about("Make one").arg(kind).arg(file);
        let hidden = Command::new("secret").hide(true);
        Command::new("sample")
            .about("A sample.")
            .arg(env)
            .subcommand(Command::new("thing").subcommand(new))
            .subcommand(hidden)
    }

    #[test]
    fn a_verb_shows_all_its_arguments_and_no_global_one() {
        let page = render(sample());
        let section = page.split_once("## sample thing new\n").unwrap().1;
        assert!(section.contains("sample thing new [OPTIONS] <FILE>"), "{section}");
        assert!(
            section.contains("| `-k, --kind <KIND>` | What kind. One of `a\\|b`, `c`. Default `c`. |"),
            "{section}"
        );
        assert!(section.contains("| `<FILE>` | The file. |"), "{section}");
        assert!(!section.contains("--env"), "{section}");
    }

    #[test]
    fn the_front_has_global_flags_contents_and_no_hidden_verb() {
        let page = render(sample());
        assert!(
            page.contains("| `--env <ENV>` | Which one. Environment: `SAMPLE_ENV`. |"),
            "{page}"
        );
        assert!(
            page.contains("- [`sample thing new`](#sample-thing-new): Make one\n"),
            "{page}"
        );
        assert!(!page.contains("secret"), "{page}");
    }
}
