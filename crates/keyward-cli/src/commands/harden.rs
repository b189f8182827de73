//! `keyward harden`: measures in the cloud against a destruction, printed and never applied.

use clap::Args;
use keyward_core::error::Result;
use keyward_core::harden::{Format, Hardening, Principal};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Answer, Page};

/// Print what guards keys in the cloud, for Terraform or gcloud
///
/// Prints, and applies nothing: a deny policy on destruction, a role without it, a lien, guards on keys, an alert, logs and
/// organisation policies, each with why it is there and what it does not prevent.
#[derive(Args)]
pub(crate) struct Harden {
    /// How the measures are written
    #[arg(long, value_name = "terraform|gcloud")]
    format: String,

    /// Who may destroy all the same, such as group:NAME@DOMAIN; repeatable. Without it, nobody may
    #[arg(long, value_name = "PRINCIPAL")]
    break_glass: Vec<String>,

    /// The organisation, for its policies
    #[arg(long, value_name = "NUMBER")]
    organization: Option<String>,
}

impl Harden {
    pub(super) fn run(self, session: &Session) -> Result<Exit> {
        let format = Format::parse(&self.format)?;
        let break_glass = self.break_glass.iter().map(|text| Principal::parse(text));
        let break_glass = break_glass.collect::<Result<Vec<_>>>()?;
        let project = session.needed_project()?;
        let env = session
            .requested_environment(project)?
            .map(|env| env.name.as_str());
        let organization = self.organization.as_deref();
        let hardening = Hardening::of(&project.manifest, env, break_glass, organization)?;
        session.ui.show(&Hardened {
            format,
            text: hardening.text(format),
        })?;
        Ok(Exit::DONE)
    }
}

struct Hardened {
    format: Format,
    text: String,
}

impl Answer for Hardened {
    fn json(&self) -> Value {
        json!({ "format": self.format.id(), "text": self.text })
    }

    fn text(&self, page: &mut Page) {
        page.line(self.text.trim_end());
    }
}
