//! Plans that Terraform made, judged by the gate: each must come to exactly what applying it would do.
//!
//! They are not part of the project; where they lie beside it, every one is read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;

use keyward::terraform::{Most, read};
use keyward_core::error::{Error, Result};
use keyward_core::verify::{Around, Files, Judged, judge_plan};

use crate::repository::Repository;

const FOLDER: &str = "../shared/data/terraform";
const RING: &str = "gcp-kms://projects/example-stg/locations/global/keyRings/secrets";
const LOGS: &str = "gcp-kms://projects/example-stg/locations/global/keyRings/secrets/cryptoKeys/log-archive";
const SECRETS: &str = "gcp-kms://projects/example-stg/locations/global/keyRings/secrets/cryptoKeys/secrets";
const LOCATIONS: &str = "from global to us-central1";
const SCHEDULED: &str = "every version of it is scheduled for destruction";

/// Each plan, what fails in it, and words of the reason. The rest passes.
const PLANS: [(&str, &[(&str, &str)]); 5] = [
    ("create", &[]),
    ("period-change", &[]),
    ("key-removed", &[(LOGS, SCHEDULED)]),
    (
        "location-change",
        &[(LOGS, LOCATIONS), (SECRETS, LOCATIONS), (RING, LOCATIONS)],
    ),
    (
        "destroy-all",
        &[
            (LOGS, SCHEDULED),
            (SECRETS, SCHEDULED),
            (RING, "cannot be deleted and stays"),
        ],
    ),
];

/// Judges every plan, or says that they are not there.
pub fn run(repository: &Repository) -> Result<()> {
    let folder = repository.root().join(FOLDER);
    if !folder.exists() {
        println!("terraform plans: NOT RUN, no {FOLDER}");
        return Ok(());
    }
    for (name, expected) in PLANS {
        let path = folder.join(format!("{name}.plan.json"));
        let file = File::open(&path).map_err(|cause| {
            let what = match cause.kind() {
                ErrorKind::NotFound => "it is missing beside the others",
                _ => "cannot be read",
            };
            Error::unavailable(what).on(path.display()).because(cause)
        })?;
        let (uses, unread) = (BTreeMap::new(), Files::default());
        let judged = judge_plan(
            &read(file, Most::default()),
            Around {
                file: name,
                manifest: None,
                uses: &uses,
                unread: &unread,
            },
        );
        agrees(&judged, expected).map_err(|why| Error::refused(why).on(path.display()))?;
    }
    println!(
        "terraform plans: {0} of {0} come to what they would do",
        PLANS.len()
    );
    Ok(())
}

fn agrees(judged: &Judged, expected: &[(&str, &str)]) -> Result<(), String> {
    let found: Vec<(&str, &str)> = judged
        .checks
        .iter()
        .filter(|check| check.verdict.id() != "PASS")
        .map(|check| (&*check.resource, check.verdict.reason().unwrap_or_default()))
        .collect();
    let fails = judged
        .checks
        .iter()
        .all(|check| matches!(check.verdict.id(), "PASS" | "FAIL"));
    let same = found.len() == expected.len()
        && expected.iter().all(|(resource, words)| {
            let mut all = found.iter();
            all.any(|(found, why)| found == resource && why.contains(words))
        });
    match fails && same {
        true => Ok(()),
        false => Err(format!("found {found:?}, expected failures of {expected:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keyward_core::terraform::Given;

    #[test]
    fn a_verdict_too_few_or_too_many_is_a_difference() {
        let (uses, unread) = (BTreeMap::new(), Files::default());
        let around = Around {
            file: "p",
            manifest: None,
            uses: &uses,
            unread: &unread,
        };
        let judged = judge_plan(&Given::Unread("cut".into()), around);
        assert!(agrees(&judged, &[]).is_err());
        assert!(
            agrees(&judged, &[("plan p", "cut")]).is_err(),
            "undecided is no failure"
        );
        let mut passed = judged;
        passed.checks.clear();
        assert!(agrees(&passed, &[]).is_ok());
        assert!(agrees(&passed, &[(LOGS, SCHEDULED)]).is_err());
    }
}
