//! Flags that every verb takes, and the variables that mirror them. None of them carries a secret.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

/// Flags that every verb takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Environment of the manifest; a protected one is typed in full, never taken from KEYWARD_ENV
    #[arg(long, global = true, value_name = "ENV")]
    pub(crate) env: Option<String>,

    /// Manifest, instead of the keyward.yaml above the file worked on or the working folder
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "KEYWARD_MANIFEST",
        hide_env_values = true
    )]
    pub(crate) manifest: Option<PathBuf>,

    /// State folder (audit log, embedded KMS), instead of `.keyward` beside the manifest
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "KEYWARD_STATE",
        hide_env_values = true
    )]
    pub(crate) state: Option<PathBuf>,

    /// Print one JSON object on stdout; talk stays on stderr
    #[arg(
        long,
        global = true,
        env = "KEYWARD_JSON",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) json: bool,

    /// Say nothing but warnings and errors
    #[arg(
        long,
        short,
        global = true,
        env = "KEYWARD_QUIET",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) quiet: bool,

    /// Colour: on a terminal unless NO_COLOR is set, always, or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        env = "KEYWARD_COLOR",
        hide_env_values = true
    )]
    pub(crate) color: Color,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    // On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    // Also in a file or a pipe.
    Always,
    Never,
}
