//! Who may decrypt: a plan must not take away the last one that it knows, nor a service that encrypts for its users.

mod whole;

use std::collections::{BTreeMap, BTreeSet};

use super::known::{Known, key_name, some_of};
use crate::name::{CryptoKeyName, KeyRingName};
use crate::terraform::{Act, Change, Policy, Values};
use crate::verify::{Check, CheckId, Verdict};

/// What a grant is made on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Key(CryptoKeyName),
    /// `projects/P/locations/L/keyRings/R`.
    Ring(String),
    Project(String),
}

/// Whether a role lets its holders decrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decrypts {
    Yes,
    /// A role of the customer's own, or one under a condition: it does not show.
    Perhaps,
}

/// One principal with one role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    scope: Scope,
    decrypts: Decrypts,
    role: String,
    member: String,
    /// The expression that has to hold, where there is one.
    condition: Option<String>,
}

impl Grant {
    /// What it takes to decrypt by it, whoever has it.
    fn terms(&self) -> (&str, Option<&str>) {
        (&self.role, self.condition.as_deref())
    }
}

/// All grants that the plan knows, now and afterwards.
#[derive(Default)]
struct Grants {
    before: BTreeSet<Grant>,
    after: BTreeSet<Grant>,
    /// On what the plan changes grants without showing to whom; `None` is anything.
    unseen: BTreeSet<Option<Scope>>,
}

pub(super) fn judge(known: &Known<'_>) -> Vec<Check> {
    let grants = Grants::of(known);
    let mut checks: BTreeMap<String, Vec<Verdict>> = BTreeMap::new();
    let is_destroyed = |place: &Place| place.key.as_ref().is_some_and(|key| known.is_destroyed(key));
    let places = match grants.before == grants.after && grants.unseen.is_empty() {
        true => Vec::new(),
        false => places(known, &grants),
    };
    for place in places.into_iter().filter(|place| !is_destroyed(place)) {
        if let Some(verdict) = place.judge(&grants) {
            checks.entry(place.name()).or_default().push(verdict);
        }
    }
    for (scope, changes) in whole::taken_from(known) {
        let place = Place::of_scope(&scope);
        if !is_destroyed(&place) {
            let takes = || vec![whole::takes(&place, &changes, known, &grants)];
            checks.entry(place.name()).or_insert_with(takes);
        }
    }
    let one = |(name, verdicts): (String, Vec<Verdict>)| {
        verdicts
            .into_iter()
            .map(move |verdict| Check::new(CheckId::V29, &name, verdict))
    };
    let checks = checks.into_iter().flat_map(one);
    checks.chain(whole::nowhere(known)).collect()
}

/// A key with everything that it inherits, or a ring or project of which no key is known.
struct Place {
    key: Option<CryptoKeyName>,
    scopes: Vec<Scope>,
}

impl Place {
    fn of_key(key: CryptoKeyName) -> Self {
        let scopes = vec![
            Scope::Key(key.clone()),
            Scope::Ring(key.ring().to_string()),
            Scope::Project(key.ring().project().to_owned()),
        ];
        Self {
            key: Some(key),
            scopes,
        }
    }

    fn of_scope(scope: &Scope) -> Self {
        match scope {
            Scope::Key(key) => Self::of_key(key.clone()),
            Scope::Ring(_) | Scope::Project(_) => Self {
                key: None,
                scopes: std::iter::once(scope.clone()).chain(above(scope)).collect(),
            },
        }
    }

    fn name(&self) -> String {
        match (&self.key, self.scopes.first()) {
            (Some(key), _) => super::known::reference(key).to_string(),
            (None, Some(Scope::Ring(ring))) => format!("gcp-kms://{ring}"),
            (None, Some(Scope::Project(project))) => format!("project {project}"),
            (None, _) => String::new(),
        }
    }

    fn of<'a>(&'a self, grants: &'a BTreeSet<Grant>) -> impl Iterator<Item = &'a Grant> {
        self.scopes.iter().flat_map(|scope| of_scope(grants, scope))
    }

    /// Whether it gets grants that do not show.
    fn hides(&self, grants: &Grants) -> bool {
        let concerns = |scope: &Option<Scope>| scope.as_ref().is_none_or(|scope| self.scopes.contains(scope));
        grants.unseen.iter().any(concerns)
    }

    fn judge(&self, grants: &Grants) -> Option<Verdict> {
        self.agents(grants)
            .or_else(|| self.last(grants))
            .or_else(|| self.agents_perhaps(grants))
    }

    /// Services that can no longer decrypt for their users.
    fn agents(&self, grants: &Grants) -> Option<Verdict> {
        let members = |all| -> BTreeSet<&str> {
            let able = self.of(all).filter(|grant| grant.decrypts == Decrypts::Yes);
            able.map(|grant| grant.member.as_str()).collect()
        };
        let (before, after) = (members(&grants.before), members(&grants.after));
        let gone: Vec<&str> = before
            .difference(&after)
            .copied()
            .filter(|member| is_agent(member))
            .collect();
        if gone.is_empty() {
            return None;
        }
        let may = |grant: &Grant| grant.decrypts == Decrypts::Perhaps && gone.contains(&&*grant.member);
        let perhaps = self.hides(grants) || self.of(&grants.after).any(may);
        let who = some_of(&gone);
        Some(match perhaps {
            true => Verdict::Unknown(format!(
                "{who} may no longer decrypt under it; another grant may let it, which does not show in the plan"
            )),
            false => Verdict::Fail(format!(
                "{who} can no longer decrypt under it: nothing that this service keeps under the key can be read"
            )),
        })
    }

    /// Services that may have been able to decrypt, and may no longer be.
    fn agents_perhaps(&self, grants: &Grants) -> Option<Verdict> {
        let keeps = |old: &Grant| {
            let mut new = self.of(&grants.after).filter(|new| new.member == old.member);
            new.any(|new| new.decrypts == Decrypts::Yes || new.terms() == old.terms())
        };
        let lost = self
            .of(&grants.before)
            .filter(|old| is_agent(&old.member) && !keeps(old));
        let lost: BTreeSet<&str> = lost.map(|grant| grant.member.as_str()).collect();
        let who = some_of(&lost.iter().collect::<Vec<_>>());
        (!lost.is_empty()).then(|| {
            Verdict::Unknown(format!(
                "{who} may no longer decrypt under it: whether it could, and still can, does not show in the plan"
            ))
        })
    }

    /// The last one who can decrypt.
    fn last(&self, grants: &Grants) -> Option<Verdict> {
        let able = |all| {
            self.of(all)
                .filter(|grant| grant.decrypts == Decrypts::Yes)
                .count()
        };
        let perhaps = |all| {
            self.of(all)
                .filter(|grant| grant.decrypts == Decrypts::Perhaps)
                .count()
        };
        let (before, after) = (&grants.before, &grants.after);
        let terms = |all| -> BTreeSet<_> { self.of(all).map(Grant::terms).collect() };
        if able(after) > 0 || (able(before) == 0 && terms(before).is_subset(&terms(after))) {
            return None;
        }
        let gone: BTreeSet<&str> = self.of(before).map(|grant| grant.member.as_str()).collect();
        let gone = some_of(&gone.into_iter().collect::<Vec<_>>());
        let undecided = able(before) == 0 || perhaps(after) > 0 || self.hides(grants);
        Some(match undecided {
            true => Verdict::Unknown(format!(
                "{gone} may lose what lets it decrypt under it; whether anybody else can does not show in the plan"
            )),
            false => Verdict::Fail(format!(
                "the last who can decrypt under it, as far as the plan knows, no longer can: {gone}"
            )),
        })
    }
}

/// Every key that is known, and every other scope that has grants now.
fn places(known: &Known<'_>, grants: &Grants) -> Vec<Place> {
    let in_plan = known
        .plan
        .changes
        .iter()
        .filter(|change| change.kind == "google_kms_crypto_key");
    let mut keys: BTreeSet<CryptoKeyName> = in_plan.filter_map(|change| key_name(change.old())).collect();
    keys.extend(known.declared().cloned());
    for grant in &grants.before {
        if let Scope::Key(key) = &grant.scope {
            keys.insert(key.clone());
        }
    }
    let covered: BTreeSet<Scope> = keys
        .iter()
        .flat_map(|key| Place::of_key(key.clone()).scopes)
        .collect();
    let bare: BTreeSet<&Scope> = grants.before.iter().map(|grant| &grant.scope).collect();
    let bare = bare
        .into_iter()
        .filter(|scope| !covered.contains(scope))
        .map(Place::of_scope);
    let bare: Vec<Place> = bare.collect();
    keys.into_iter().map(Place::of_key).chain(bare).collect()
}

fn above(scope: &Scope) -> Option<Scope> {
    match scope {
        Scope::Ring(ring) => Some(Scope::Project(ring.split('/').nth(1)?.to_owned())),
        Scope::Key(_) | Scope::Project(_) => None,
    }
}

impl Grants {
    fn of(known: &Known<'_>) -> Self {
        let mut grants = Self::default();
        let changes = || {
            known
                .plan
                .changes
                .iter()
                .filter(|change| scope_path(&change.kind).is_some())
        };
        for change in changes() {
            grants.before.extend(granted(change, change.old()));
            if change.act.forgets() || change.act == Act::Nothing {
                grants.after.extend(granted(change, change.old()));
            }
            grants.after.extend(granted(change, change.later()));
            if change.act != Act::Delete && hides(change) {
                grants.unseen.insert(scope(change, change.later()));
            }
            if is_elsewhere(change) {
                grants.unseen.insert(None);
            }
        }
        for change in changes() {
            grants.narrow(change);
        }
        let made: BTreeSet<Grant> = changes().flat_map(made).collect();
        for change in changes().filter(|change| change.act.destroys()) {
            grants.take(change, &made);
        }
        let deleted: BTreeSet<String> = known.plan.changes.iter().filter_map(deleted_account).collect();
        grants.after.retain(|grant| !deleted.contains(&grant.member));
        grants
    }

    /// A whole policy leaves nothing besides it, and a whole binding nobody besides its members.
    fn narrow(&mut self, change: &Change) {
        let Some(scope) = scope(change, change.later()).filter(|_| change.after.is_some() && !hides(change))
        else {
            return;
        };
        let stays: BTreeSet<Grant> = granted(change, change.later()).collect();
        let there = of_scope(&self.after, &scope).filter(|grant| is_whole_of(change, change.later(), grant));
        let gone: Vec<Grant> = there.filter(|grant| !stays.contains(grant)).cloned().collect();
        for grant in gone {
            self.after.remove(&grant);
        }
    }

    /// What is destroyed takes its grants away, whatever else in the plan has the same ones. What the plan makes at the
    /// same time may come after that, or before.
    fn take(&mut self, change: &Change, made: &BTreeSet<Grant>) {
        let Some(scope) = scope(change, change.old()) else {
            return;
        };
        let had: BTreeSet<Grant> = granted(change, change.old()).collect();
        let own: BTreeSet<Grant> = granted(change, change.later()).collect();
        let ends = |grant: &&Grant| had.contains(grant) || is_whole_of(change, change.old(), grant);
        let there = of_scope(&self.after, &scope).filter(ends);
        let gone: Vec<Grant> = there.filter(|grant| !own.contains(grant)).cloned().collect();
        for grant in gone {
            if made.contains(&grant) {
                self.unseen.insert(Some(scope.clone()));
            }
            self.after.remove(&grant);
        }
    }
}

/// Whether a resource with these attributes decides alone about `grant`, which is on the same.
fn is_whole_of(change: &Change, values: &Values, grant: &Grant) -> bool {
    let whole_role = change.kind.ends_with("_iam_binding");
    let same_role = || values.text("role") == Some(&*grant.role) && condition(values) == grant.condition;
    change.kind.ends_with("_iam_policy") || (whole_role && same_role())
}

/// What a change grants that it did not grant before.
fn made(change: &Change) -> Vec<Grant> {
    let old: BTreeSet<Grant> = granted(change, change.old()).collect();
    let new = granted(change, change.later());
    new.filter(|grant| !old.contains(grant)).collect()
}

/// The grants on `scope` itself, which stand together.
fn of_scope<'a>(grants: &'a BTreeSet<Grant>, scope: &Scope) -> impl Iterator<Item = &'a Grant> + use<'a> {
    let first = Grant {
        scope: scope.clone(),
        decrypts: Decrypts::Yes,
        role: String::new(),
        member: String::new(),
        condition: None,
    };
    let scope = scope.clone();
    grants
        .range(first..)
        .take_while(move |grant| grant.scope == scope)
}

/// The attribute that says what a resource grants on; `None` for what grants nothing on keys.
fn scope_path(kind: &str) -> Option<&'static str> {
    let (of, how) = kind.rsplit_once("_iam_")?;
    let path = match of {
        "google_kms_crypto_key" => "crypto_key_id",
        "google_kms_key_ring" => "key_ring_id",
        "google_project" => "project",
        _ => return None,
    };
    matches!(how, "member" | "binding" | "policy").then_some(path)
}

fn scope(change: &Change, values: &Values) -> Option<Scope> {
    let path = scope_path(&change.kind)?;
    let text = values.text(path)?;
    Some(match path {
        "crypto_key_id" => Scope::Key(values.key(path).or_else(|| short(text))?),
        "key_ring_id" => Scope::Ring(ring(text)?),
        _ => Scope::Project(text.trim_start_matches("projects/").to_owned()),
    })
}

/// `PROJECT/LOCATION/RING/KEY`, which the provider takes too.
fn short(text: &str) -> Option<CryptoKeyName> {
    let parts: Vec<&str> = text.split('/').collect();
    let [project, location, ring, key] = parts[..] else {
        return None;
    };
    format!("projects/{project}/locations/{location}/keyRings/{ring}/cryptoKeys/{key}")
        .parse()
        .ok()
}

fn ring(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts[..] {
        [project, location, ring] => format!("projects/{project}/locations/{location}/keyRings/{ring}"),
        _ => text.to_owned(),
    };
    let name: KeyRingName = name.parse().ok()?;
    Some(name.to_string())
}

/// Whether a resource lets somebody decrypt, afterwards, on something that cannot be told.
fn is_elsewhere(change: &Change) -> bool {
    let stays = change.act.forgets() || change.act == Act::Nothing;
    let nowhere = |values: &Values| held(values).next().is_some() && scope(change, values).is_none();
    (stays && nowhere(change.old())) || nowhere(change.later())
}

/// Whether a resource grants something that does not show yet.
pub(super) fn hides(change: &Change) -> bool {
    let new = change.later();
    let path = scope_path(&change.kind).unwrap_or_default();
    change.act == Act::Other
        || ["role", "member", "policy_data", path]
            .iter()
            .any(|path| new.is_unknown(path))
        || new.list_is_unknown("members")
        || [change.old(), new].iter().any(|values| {
            let data = values.text("policy_data");
            data.is_some_and(|data| Policy::parse(data).is_none())
        })
}

/// What a resource with these attributes grants, as far as it lets anybody decrypt.
fn granted<'a>(change: &Change, values: &'a Values) -> impl Iterator<Item = Grant> + use<'a> {
    let scope = scope(change, values);
    held(values).filter_map(move |held| {
        let always = held.condition.is_none();
        Some(Grant {
            scope: scope.clone()?,
            decrypts: decrypts(&held.role).map(|able| if always { able } else { Decrypts::Perhaps })?,
            role: held.role,
            member: held.member,
            condition: held.condition,
        })
    })
}

/// A principal with a role that lets it decrypt, or may.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    role: String,
    member: String,
    condition: Option<String>,
}

/// Who holds what by a resource with these attributes, wherever that is, as far as it lets anybody decrypt.
pub(super) fn held(values: &Values) -> impl Iterator<Item = Held> + use<> {
    let mut all = Vec::new();
    if let Some(role) = values.text("role") {
        let members = values.text("member").into_iter().chain(values.list("members"));
        all.extend(members.map(|member| Held {
            role: role.to_owned(),
            member: member.to_owned(),
            condition: condition(values),
        }));
    }
    let policy = values
        .text("policy_data")
        .and_then(Policy::parse)
        .unwrap_or_default();
    for binding in policy.bindings {
        let condition = binding.condition.map(|condition| condition.expression);
        all.extend(binding.members.into_iter().map(|member| Held {
            role: binding.role.clone(),
            member,
            condition: condition.clone(),
        }));
    }
    all.into_iter().filter(|held| decrypts(&held.role).is_some())
}

/// The condition of a resource with these attributes; one that does not show is an empty one.
fn condition(values: &Values) -> Option<String> {
    const BLOCK: &str = "condition";
    let is_there = values.list(BLOCK).next().is_some() || values.list_is_unknown(BLOCK);
    is_there.then(|| {
        values
            .text("condition.0.expression")
            .unwrap_or_default()
            .to_owned()
    })
}

/// Predefined roles that hold `cloudkms.cryptoKeyVersions.useToDecrypt` (IAM documentation, "Cloud KMS roles").
pub(super) fn decrypts(role: &str) -> Option<Decrypts> {
    const ABLE: [&str; 6] = [
        "roles/cloudkms.cryptoKeyDecrypter",
        "roles/cloudkms.cryptoKeyDecrypterViaDelegation",
        "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "roles/cloudkms.cryptoKeyEncrypterDecrypterViaDelegation",
        "roles/cloudkms.cryptoOperator",
        "roles/owner",
    ];
    let own = role.starts_with("projects/") || role.starts_with("organizations/");
    match ABLE.contains(&role) {
        true => Some(Decrypts::Yes),
        false => own.then_some(Decrypts::Perhaps),
    }
}

/// Whether a principal is one of Google's service agents, which encrypt and decrypt for what they keep.
fn is_agent(member: &str) -> bool {
    const DOMAINS: [&str; 9] = [
        "bigquery-encryption",
        "cloudcomposer-accounts",
        "compute-system",
        "container-engine-robot",
        "dataflow-service-producer-prod",
        "dataproc-accounts",
        "gcf-admin-robot",
        "gs-project-accounts",
        "serverless-robot-prod",
    ];
    let account = member
        .strip_prefix("serviceAccount:")
        .and_then(|account| account.split_once('@'));
    let domain = account.and_then(|(_, domain)| domain.strip_suffix(".iam.gserviceaccount.com"));
    domain.is_some_and(|domain| DOMAINS.contains(&domain) || domain.starts_with("gcp-sa-"))
}

/// A service account that is deleted holds nothing any more.
fn deleted_account(change: &Change) -> Option<String> {
    let is_deleted = change.kind == "google_service_account" && change.act.destroys();
    let email = change.old().text("email").filter(|_| is_deleted)?;
    Some(format!("serviceAccount:{email}"))
}
