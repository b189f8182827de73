//! V34 and V36: the project lives and is held, and a deny policy forbids what no work needs.

use std::collections::BTreeSet;

use super::{Check, CheckId, EstateEvidence, HARDEN, ProjectSeen, Verdict, present, verdict, who};
use crate::estate::permission::{DELETE_PROJECT, DESTROY};
use crate::estate::{DenyRule, Lifecycle};
use crate::kms::Observed;

/// What a project lacks, and the command against it.
type Lack = (String, Option<String>);

pub(super) fn judge(_evidence: EstateEvidence<'_>, id: &str, seen: &ProjectSeen) -> Check {
    let (mut lacks, mut doubts) = (Vec::new(), Vec::new());
    for said in [lives(id, seen), pays(id, seen), serves(id, seen), is_held(seen)] {
        match said {
            Ok(None) => {}
            Ok(Some(lack)) => lacks.push(lack),
            Err(Verdict::Fail(why)) => lacks.push((why, None)),
            Err(doubt) => doubts.extend(doubt.reason().map(str::to_owned)),
        }
    }
    let next = lacks.iter().find_map(|(_, next)| next.clone());
    let lacks = lacks.into_iter().map(|(why, _)| why).collect();
    Check::new(CheckId::V34, format!("projects/{id}"), verdict(lacks, doubts)).next(next)
}

fn lives(id: &str, seen: &ProjectSeen) -> Result<Option<Lack>, Verdict> {
    Ok(match &present("the project", &seen.project)?.state {
        Lifecycle::Active => None,
        Lifecycle::DeleteRequested => Some((
            "it is shut down, and is deleted with its keys 30 days after that was asked for".to_owned(),
            Some(format!("gcloud projects undelete {id}")),
        )),
        Lifecycle::Other(state) => return Err(Verdict::Unknown(format!("it is in the state {state}"))),
    })
}

fn pays(id: &str, seen: &ProjectSeen) -> Result<Option<Lack>, Verdict> {
    let billing = present("billing", &seen.billing)?;
    Ok((!billing.enabled).then(|| {
        let account = billing.account.as_deref().unwrap_or("ACCOUNT");
        let account = account.trim_start_matches("billingAccounts/");
        (
            "nobody pays for it: its services stop".to_owned(),
            Some(format!(
                "gcloud billing projects link {id} --billing-account {account}"
            )),
        )
    }))
}

fn serves(id: &str, seen: &ProjectSeen) -> Result<Option<Lack>, Verdict> {
    let on = *present("the service", &seen.service)?;
    Ok((!on).then(|| {
        (
            "Cloud KMS is not enabled in it".to_owned(),
            Some(format!(
                "gcloud services enable cloudkms.googleapis.com --project {id}"
            )),
        )
    }))
}

fn is_held(seen: &ProjectSeen) -> Result<Option<Lack>, Verdict> {
    let liens = present("liens", &seen.liens)?;
    let mut restrictions = liens.iter().flat_map(|lien| &lien.restrictions);
    let held = restrictions.any(|restriction| restriction == DELETE_PROJECT);
    Ok((!held).then(|| {
        (
            "no lien holds it: one call deletes it with its keys".to_owned(),
            Some(HARDEN.to_owned()),
        )
    }))
}

pub(super) fn denied(evidence: EstateEvidence<'_>, id: &str, seen: &ProjectSeen) -> Check {
    let (mut rules, mut doubts): (Vec<&DenyRule>, Vec<String>) = (Vec::new(), Vec::new());
    doubts.extend(seen.cut(id));
    for place in seen.places(id) {
        match seen.denies.get(&place) {
            Some(Observed::Present(policies)) => {
                rules.extend(policies.iter().flat_map(|policy| &policy.rules));
            }
            Some(Observed::Absent) => {}
            Some(Observed::Unknown(why)) => doubts.push(format!("deny policies of {place}: {why}")),
            None => doubts.push(format!("deny policies of {place} were not looked at")),
        }
    }
    rules.retain(|rule| rule.is_about(DESTROY));
    let workers: BTreeSet<_> = evidence
        .keys()
        .filter(|(key, _)| key.name.ring().project() == id)
        .flat_map(|(_, keyring)| who::workers(keyring))
        .collect();
    let check = |verdict| Check::new(CheckId::V36, format!("projects/{id}"), verdict).next(HARDEN.to_owned());
    check(judge_rules(&rules, &workers, doubts))
}

fn judge_rules(rules: &[&DenyRule], workers: &BTreeSet<String>, doubts: Vec<String>) -> Verdict {
    let for_all: Vec<_> = rules.iter().filter(|rule| rule.is_for_everybody()).collect();
    let excepted = |worker: &&String| for_all.iter().all(|rule| rule.excepts(worker));
    match (for_all.is_empty(), workers.iter().find(excepted)) {
        (false, None) => Verdict::Pass,
        (false, Some(worker)) if doubts.is_empty() => Verdict::Fail(format!(
            "{worker} is excepted from the rule that denies {DESTROY}, and works with the keys"
        )),
        (true, _) if doubts.is_empty() && rules.is_empty() => {
            Verdict::Fail(format!("no policy denies {DESTROY}: a grant is all it takes"))
        }
        (true, _) if doubts.is_empty() => Verdict::Unknown(format!(
            "a rule denies {DESTROY}, and only to some, or on a condition"
        )),
        _ => Verdict::Unknown(doubts.join("; ")),
    }
}
