//! Flags that every verb takes, and the variables that mirror them. None of them carries a secret.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use keyward_core::error::Result;
use keyward_core::manifest::check_endpoint;

use crate::command_words;

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

    /// Address of Cloud KMS for keys that no manifest covers, and for `init` to write; a manifest's own address that is
    /// not Google's is named here too, to permit it. `{location}` stands for the location of the key
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "KEYWARD_ENDPOINT",
        hide_env_values = true
    )]
    pub(crate) endpoint: Option<String>,

    /// Whether the endpoint was typed, not taken from its variable.
    #[arg(skip)]
    pub(crate) endpoint_is_typed: bool,

    /// Program that prints an access token for Cloud KMS, with its arguments, instead of application-default
    /// credentials; no shell runs it
    #[arg(
        long,
        global = true,
        value_name = "CMD",
        env = "KEYWARD_ACCESS_TOKEN_COMMAND",
        hide_env_values = true
    )]
    pub(crate) access_token_command: Option<String>,

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

impl Globals {
    /// Finds what no verb could work with, before any begins.
    ///
    /// # Errors
    /// A usage error that names the flag, and not what was given: it may hold a password.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(endpoint) = &self.endpoint {
            check_endpoint(endpoint).map_err(|why| why.on("--endpoint"))?;
        }
        if let Some(command) = &self.access_token_command {
            command_words::split(command).map_err(|why| why.on("--access-token-command"))?;
        }
        Ok(())
    }
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
