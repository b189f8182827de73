//! An attestation in a file, with its signature beside it: `FILE` and `FILE.sig`, as `ssh-keygen -Y sign` names it.

use std::path::Path;

use keyward_core::attest::Attestation;
use keyward_core::clock::Timestamp;
use keyward_core::limits;
use keyward_core::manifest::Manifest;

use crate::text_file::read_text;

/// The name under which an attestation is looked for beside the manifest.
pub const ATTESTATION_FILE_NAME: &str = "keyward.attestation";

/// Reads the attestation in `file`, and believes it if its signature, its manifest and its time allow.
///
/// # Errors
/// Why it is not to be believed, as the end of a sentence: the checks that need it are unknown then.
pub fn attestation(file: &Path, manifest: &Manifest, now: Timestamp) -> Result<Attestation, String> {
    let signature = file.with_added_extension("sig");
    let text = |path: &Path, longest| {
        let read = read_text(path, longest);
        read.map(|(text, _)| text).map_err(|error| error.to_string())
    };
    let record = text(file, limits::ATTESTATION_LEN)?;
    let signature = text(&signature, limits::KEY_FILE_LEN)?;
    Attestation::believed(&record, &signature, manifest, now)
        .map_err(|why| format!("{}: {why}", file.display()))
}
