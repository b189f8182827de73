//! V21: who may end a key. Nobody who works with it, from a shell or a pipeline, needs that right.

use std::collections::BTreeSet;

use super::{Check, CheckId, EstateEvidence, EstateSeen, Verdict};
use crate::estate::permission::{ENDS, STOPS};
use crate::estate::{Grant, Holders, Member, Place};
use crate::inventory::{Owners, Powers};
use crate::kms::Observed;
use crate::manifest::KeyringSpec;
use crate::name::{KeyRef, Provider};

/// Most names in one line.
const NAMED: usize = 10;

pub(super) fn judge(evidence: EstateEvidence<'_>, key: &KeyRef, keyring: &KeyringSpec) -> Check {
    let holders = evidence.seen.chain(key).holders(&ENDS);
    let workers = workers(keyring);
    let found = holders
        .sure
        .iter()
        .find(|(member, _)| workers.contains(*member) || Member::of(member) == Member::Everybody);
    if let Some((member, grant)) = found {
        let why = format!("{member} may end it, by {} on {}", grant.role, grant.place);
        return Check::new(CheckId::V21, key, Verdict::Fail(why)).next(take_away(member, grant));
    }
    let verdict = match doubt(&workers, &holders) {
        Some(doubt) => Verdict::Unknown(doubt),
        None if workers.is_empty() => Verdict::NotApplicable(format!(
            "keyring `{}` names nobody in `impersonate:` who works with the key",
            keyring.name
        )),
        None => Verdict::Pass,
    };
    Check::new(CheckId::V21, key, verdict)
}

/// The identities that the manifest has for work with the keys.
pub(super) fn workers(keyring: &KeyringSpec) -> BTreeSet<String> {
    let all = keyring.access.impersonate.all().into_iter();
    all.filter_map(|(_, account)| account)
        .map(|account| format!("serviceAccount:{account}"))
        .collect()
}

/// Why one of `workers` may hold it after all.
fn doubt(workers: &BTreeSet<String>, holders: &Holders) -> Option<String> {
    let concerns = |member: &str| workers.contains(member) || Member::of(member) != Member::One;
    if let Some(why) = holders.unseen.first() {
        return Some(why.clone());
    }
    if let Some((member, how)) = holders.maybe.iter().find(|(member, _)| concerns(member)) {
        return Some(format!("{member} may end it: {how}"));
    }
    let mut several = holders.sure.iter().filter(|_| !workers.is_empty());
    let (member, grant) = several.find(|(member, _)| Member::of(member) == Member::Several)?;
    Some(format!(
        "{member} may end it, by {} on {}, and who that is was not seen",
        grant.role, grant.place
    ))
}

/// Who may end `key`, in one line for a reader.
pub fn who_may_end(key: &KeyRef, seen: &EstateSeen) -> String {
    let holders = seen.chain(key).holders(&ENDS);
    let mut names: Vec<_> = holders.sure.keys().map(String::as_str).take(NAMED).collect();
    if holders.sure.len() > NAMED {
        names.push("and more");
    }
    let names = if names.is_empty() {
        "nobody that was seen".to_owned()
    } else {
        names.join(", ")
    };
    match holders.doubt() {
        Some(doubt) => format!("{key} may be ended by {names}; not all was seen: {doubt}"),
        None => format!("{key} may be ended by {names}"),
    }
}

/// Who may make each of `keys` unusable, and what their projects belong to.
pub fn powers<'a>(keys: impl IntoIterator<Item = &'a KeyRef>, seen: &EstateSeen) -> Powers {
    let mut powers = Powers::default();
    for key in keys.into_iter().filter(|key| key.provider == Provider::Gcp) {
        let holders = seen.chain(key).holders(&STOPS);
        let over = match holders.doubt() {
            Some(doubt) => Observed::Unknown(doubt),
            None => Observed::Present(holders.sure.into_keys().collect()),
        };
        powers.over.insert(key.clone(), over);
        let project = key.name.ring().project();
        powers.owners.insert(project.to_owned(), owners(project, seen));
    }
    powers
}

fn owners(project: &str, seen: &EstateSeen) -> Observed<Owners> {
    let Some(seen) = seen.projects.get(project) else {
        return Observed::Unknown(format!("projects/{project} was not looked at"));
    };
    if let Some(why) = seen.cut(project) {
        return Observed::Unknown(why);
    }
    let organization = seen.places(project).into_iter().find_map(|place| match place {
        Place::Organization(number) => Some(number),
        _ => None,
    });
    match &seen.billing {
        Observed::Present(billing) => Observed::Present(Owners {
            organization,
            billing: billing.account.clone(),
        }),
        Observed::Absent => Observed::Unknown(format!("who pays for projects/{project} is not there")),
        Observed::Unknown(why) => Observed::Unknown(format!("who pays for projects/{project}: {why}")),
    }
}

/// The command that takes a role away.
fn take_away(member: &str, grant: &Grant) -> String {
    let (what, place) = match &grant.place {
        Place::Key(key) => (
            "kms keys",
            format!(
                "{} --keyring {} --location {} --project {}",
                key.id(),
                key.ring().id(),
                key.location(),
                key.ring().project()
            ),
        ),
        Place::Ring(ring) => (
            "kms keyrings",
            format!(
                "{} --location {} --project {}",
                ring.id(),
                ring.location(),
                ring.project()
            ),
        ),
        Place::Project(id) => ("projects", id.clone()),
        Place::Folder(number) => ("resource-manager folders", number.clone()),
        Place::Organization(number) => ("organizations", number.clone()),
    };
    let quoted = |text: &str| match text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || ":@._/-".contains(c))
    {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    };
    format!(
        "gcloud {what} remove-iam-policy-binding {place} --member {} --role {}",
        quoted(member),
        quoted(&grant.role)
    )
}
