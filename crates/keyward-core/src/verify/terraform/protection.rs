//! What a plan shows of the guards on keys that stay: `deletion_policy`, and a provider that knows it.

use super::known::some_of;
use crate::terraform::{Act, Change, Plan};

/// The first version of Google's provider that has `deletion_policy` on keys.
const SINCE: (u64, u64) = (7, 33);

/// Notes on keys without a guard.
pub(super) fn notes(plan: &Plan) -> Vec<String> {
    let keys = || {
        plan.changes
            .iter()
            .filter(|change| change.kind == "google_kms_crypto_key")
    };
    let staying: Vec<&Change> = keys()
        .filter(|change| !change.act.destroys() && !change.act.forgets())
        .collect();
    let unguarded: Vec<&str> = staying
        .iter()
        .filter(|change| policy(change) != Some("PREVENT"))
        .map(|change| change.address.as_str())
        .collect();
    let guard = (!unguarded.is_empty()).then(|| {
        format!(
            "keys without deletion_policy = \"PREVENT\", which a later plan may destroy: {}; `keyward harden --format \
             terraform` prints it",
            some_of(&unguarded)
        )
    });
    let knows =
        keys().any(|change| policy(change).is_some() || change.old().text("deletion_policy").is_some());
    let old = plan
        .constraints
        .iter()
        .find(|constraint| !knows && admits_older(constraint));
    let provider = old.map(|constraint| {
        format!(
            "the configuration takes Google's provider `{constraint}`, and deletion_policy of keys came with {}.{}.0",
            SINCE.0, SINCE.1
        )
    });
    guard.into_iter().chain(provider).collect()
}

/// The policy that a key will have in the state; of a key that is left as it is, has.
fn policy(change: &Change) -> Option<&str> {
    match change.act {
        Act::Nothing => change.old().text("deletion_policy"),
        _ => change.later().text("deletion_policy"),
    }
}

/// Whether a constraint lets versions before [`SINCE`] in: the highest of its lower bounds is below.
fn admits_older(constraint: &str) -> bool {
    let bounds = constraint.split(',').filter_map(|term| {
        let term = term.trim();
        let version = term.trim_start_matches(['>', '=', '~', ' ']);
        let is_lower = !term.starts_with('<') && !term.starts_with('!');
        is_lower.then(|| major_minor(version)).flatten()
    });
    bounds.max().is_none_or(|lowest| lowest < SINCE)
}

fn major_minor(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.');
    let major = parts.next()?.trim().parse().ok()?;
    let minor = parts.next().and_then(|minor| minor.trim().parse().ok());
    Some((major, minor.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constraint_admits_what_its_lowest_bound_does() {
        for older in [
            "~> 6.0",
            ">= 5.1, < 8",
            "7.32.9",
            "< 9",
            "!= 7.40.0",
            "~> 7.0",
            "gibberish",
        ] {
            assert!(admits_older(older), "{older}");
        }
        for newer in ["~> 7.33", ">= 6.0, >= 7.33.0", "= 8.0.1", "> 7.40"] {
            assert!(!admits_older(newer), "{newer}");
        }
    }
}
