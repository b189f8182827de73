//! `verify --attest FILE` and `--attestation FILE`: what one identity saw open, for another that may only look.

use std::collections::BTreeSet;
use std::path::Path;

use keyward::project::Project;
use keyward::verify::{ATTESTATION_FILE_NAME, attestation};
use keyward_core::attest::{Attestation, NAMESPACE};
use keyward_core::error::{Error, Result};
use keyward_core::name::VersionRef;
use keyward_core::verify::{CheckId, Report, Verdict};

use crate::report::write_report;
use crate::session::Session;
use crate::ui::command;

/// Of the versions that opened a canary, those of keys that opened everything they were asked to: a fresh canary says nothing
/// about the one that the lock keeps.
pub(super) fn sound(opened: BTreeSet<VersionRef>, report: &Report) -> BTreeSet<VersionRef> {
    let is_doubted = |version: &VersionRef| {
        let key = version.key().to_string();
        report.checks.iter().any(|check| {
            matches!(check.id, CheckId::V17 | CheckId::V18)
                && matches!(check.verdict, Verdict::Fail(_) | Verdict::Unknown(_))
                && check.resource == key
        })
    };
    opened
        .into_iter()
        .filter(|version| !is_doubted(version))
        .collect()
}

/// The attestation in `file`, else in the one beside the manifest; or why it is not to be believed.
pub(super) fn believed(
    session: &Session,
    project: &Project,
    file: Option<&Path>,
) -> std::result::Result<Attestation, String> {
    let usual = project.root.join(ATTESTATION_FILE_NAME);
    let file = file.unwrap_or(&usual);
    attestation(file, &project.manifest, session.clock.now())
}

/// Writes what `opened` to `file`, to be signed.
///
/// # Errors
/// Nothing opened; the file cannot be written, or is something else.
pub(super) fn write(
    session: &Session,
    project: &Project,
    file: &Path,
    opened: BTreeSet<VersionRef>,
) -> Result<()> {
    if opened.is_empty() {
        return Err(Error::refused("no canary opened: there is nothing to attest").on(file.display()));
    }
    let record = Attestation::new(&project.manifest, session.clock.now(), opened);
    write_report(
        file,
        &record.encode(),
        &["\"version\": 1", "\"expires\"", "\"manifest\""],
    )?;
    session.ui.say(format_args!(
        "attested until {}, once it is signed: {}",
        record.expires,
        command(format_args!(
            "ssh-keygen -Y sign -n {NAMESPACE} -f KEY {}",
            file.display()
        ))
    ));
    Ok(())
}
