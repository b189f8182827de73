//! V35: somebody can bring a key back, also on the day when one of them cannot be reached.

use std::collections::BTreeSet;

use super::{Check, CheckId, EstateEvidence, HARDEN, Verdict};
use crate::estate::permission::{RESTORE, UPDATE};
use crate::estate::{Holders, Member};
use crate::manifest::KeyringSpec;
use crate::name::KeyRef;

/// How many there have to be.
const ENOUGH: usize = 2;

pub(super) fn judge(evidence: EstateEvidence<'_>, key: &KeyRef, _keyring: &KeyringSpec) -> Check {
    let chain = evidence.seen.chain(key);
    let (restore, update) = (chain.holders(&[RESTORE]), chain.holders(&[UPDATE]));
    let sure = both(&restore, &update, |holders| holders.sure.keys().collect());
    let single: Vec<_> = sure
        .iter()
        .filter(|member| Member::of(member) == Member::One)
        .collect();
    let several = sure.iter().find(|member| Member::of(member) == Member::Several);
    let may = both(&restore, &update, |holders| {
        holders.sure.keys().chain(holders.maybe.keys()).collect()
    });
    let doubt = restore.unseen.first().or(update.unseen.first()).cloned();
    let verdict = if single.len() >= ENOUGH {
        Verdict::Pass
    } else if let Some(group) = several {
        Verdict::Unknown(format!(
            "{group} may restore and enable its versions, and who that is was not seen"
        ))
    } else if let Some(why) = doubt {
        Verdict::Unknown(why)
    } else if may.len() >= ENOUGH {
        let more = may.iter().find(|member| !sure.contains(*member));
        let more = more.map_or_else(String::new, |member| format!(", and {member} only perhaps"));
        Verdict::Unknown(format!(
            "{} certainly may restore and enable its versions{more}",
            counted(single.len())
        ))
    } else {
        Verdict::Fail(format!(
            "{} may restore and enable its versions; it takes {ENOUGH}, since one may not be there",
            counted(single.len())
        ))
    };
    Check::new(CheckId::V35, key, verdict).next(HARDEN.to_owned())
}

fn both<'a>(
    one: &'a Holders,
    other: &'a Holders,
    of: impl Fn(&'a Holders) -> BTreeSet<&'a String>,
) -> BTreeSet<&'a String> {
    of(one).intersection(&of(other)).copied().collect()
}

fn counted(number: usize) -> String {
    match number {
        0 => "nobody".to_owned(),
        1 => "one identity".to_owned(),
        more => format!("{more} identities"),
    }
}
