//! Guards on the keys themselves, in the infrastructure state that manages them.

use std::fmt::Write;

use super::{Format, Measure, Project, hcl};
use crate::manifest::{KeyringSpec, Protection};
use crate::name::KeyRef;

pub(super) fn measure(project: &Project<'_>, format: Format) -> Measure {
    Measure {
        title: "guards on keys that an infrastructure state manages",
        why: "deletion_policy = \"PREVENT\" makes the provider refuse to destroy a key, also when its block is removed, once \
              an apply has stored it; prevent_destroy refuses at plan time already, as long as the block is there. A key \
              that no state manages can be destroyed by no plan: keep it so.",
        not: "calls that do not go through this state; a change of deletion_policy, which `keyward verify \
              --terraform-plan` fails.",
        body: match format {
            Format::Terraform => project
                .keyrings
                .iter()
                .map(|keyring| terraform(keyring))
                .collect(),
            Format::Gcloud => {
                "# There is no command for it: see `keyward harden --format terraform`.\n".to_owned()
            }
        },
    }
}

fn terraform(keyring: &KeyringSpec) -> String {
    let Some(state) = &keyring.managed_by else {
        return format!(
            "# The manifest names no state (`managed_by`) for the keys of {}: leave them out of every one.\n",
            hcl::comment(&keyring.name)
        );
    };
    let mut text = format!(
        "# Into the configuration of {}, in place of the blocks that are there for the keys of {}:\n",
        hcl::comment(state),
        hcl::comment(&keyring.name)
    );
    for key in keyring.keys() {
        text.push_str(&block(keyring, key));
    }
    text
}

/// What decides which key it is, or cannot be changed, is as the manifest has it; a window that differs from the live one
/// would make another key of it, so that it is left out of account.
fn block(keyring: &KeyringSpec, key: &KeyRef) -> String {
    let mut block = format!(
        "resource \"google_kms_crypto_key\" \"{label}\" {{\n  \
           name                       = {name}\n  \
           key_ring                   = {ring}\n  \
           destroy_scheduled_duration = \"{window}s\"\n",
        label = format_args!("{}_{}", hcl::label(&keyring.name, 0), key.name.location()),
        name = hcl::text(key.name.id()),
        ring = hcl::text(&key.name.ring().to_string()),
        window = keyring.destroy_after.as_secs(),
    );
    if let Some(rotation) = keyring.rotation {
        let _ = writeln!(
            block,
            "  rotation_period            = \"{}s\"",
            rotation.as_secs()
        );
    }
    let level = match keyring.protection {
        Protection::Software => "SOFTWARE",
        Protection::Hsm => "HSM",
    };
    let _ = write!(
        block,
        "  deletion_policy            = \"PREVENT\"\n\n  \
           version_template {{\n    \
             algorithm        = \"GOOGLE_SYMMETRIC_ENCRYPTION\"\n    \
             protection_level = \"{level}\"\n  \
           }}\n\n  \
           lifecycle {{\n    \
             prevent_destroy = true\n    \
             ignore_changes  = [destroy_scheduled_duration, version_template]\n  \
           }}\n\
         }}\n"
    );
    block
}
