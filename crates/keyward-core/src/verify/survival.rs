//! V20: what an environment has to survive, it survives.

use super::{Check, CheckId, Verdict};
use crate::inventory::Inventory;
use crate::manifest::{LossKind, Manifest};
use crate::survive::{Loss, Row, Survival};

/// Judges every environment of `manifest` that has to survive something, or the one named `env`.
///
/// Where the manifest does not say what has to be survived, and nobody `asked`, as in a gate that tries no key, what is
/// not known does not block: it takes rights that such a gate does without. What is known to be lost fails all the same.
pub fn judge_survival(
    manifest: &Manifest,
    env: Option<&str>,
    inventory: &Inventory,
    survival: &Survival<'_>,
    asked: bool,
) -> Vec<Check> {
    let asked = asked || manifest.says_what_to_survive();
    let environments = manifest.environments().map(|environment| &*environment.name);
    let wanted = environments.filter(|name| env.is_none_or(|env| env == *name));
    wanted
        .map(|name| (name, manifest.survive(name)))
        .filter(|(_, kinds)| !kinds.is_empty())
        .map(|(name, kinds)| judge(name, kinds, inventory, survival))
        .map(|check| if asked { check } else { unasked(check) })
        .collect()
}

fn judge(env: &str, kinds: &[LossKind], inventory: &Inventory, survival: &Survival<'_>) -> Check {
    let rows: Vec<_> = kinds.iter().map(|kind| survival.row(*kind, Some(env))).collect();
    let worst: Vec<_> = rows.iter().filter_map(worst).collect();
    let total = survival.count(Some(env));
    let mut failures: Vec<_> = worst.iter().map(|loss| takes(loss, total)).collect();
    let closed = survival.now(Some(env)).lost;
    if !closed.is_empty() {
        failures.insert(0, format!("nothing that counts opens {} now", closed.text()));
    }
    let resource = format!("environment {env}");
    let check = |verdict| Check::new(CheckId::V20, &resource, verdict);
    if !failures.is_empty() {
        let next = match worst.first() {
            Some(loss) => lose(loss, env),
            None => Some(format!("keyward survive --env {env}")),
        };
        return check(Verdict::Fail(failures.join("; "))).next(next);
    }
    check(unseen(&rows, inventory).map_or(Verdict::Pass, Verdict::Unknown))
}

fn unasked(check: Check) -> Check {
    match check.verdict {
        Verdict::Unknown(why) => Check {
            verdict: Verdict::NotApplicable(format!("not known, and `survive:` does not ask for it: {why}")),
            ..check
        },
        Verdict::Pass | Verdict::Fail(_) | Verdict::NotApplicable(_) => check,
    }
}

/// The worst loss of a kind, if it is one.
fn worst(row: &Row) -> Option<&Loss> {
    row.losses.first().filter(|loss| !loss.outcome.lost.is_empty())
}

fn takes(loss: &Loss, total: u64) -> String {
    let lost = &loss.outcome.lost;
    format!(
        "with {} {} of {total} could not be opened any more: {}",
        loss.thing,
        lost.count(),
        lost.text()
    )
}

/// What is not known, of losses that have to be survived.
fn unseen(rows: &[Row], inventory: &Inventory) -> Option<String> {
    let row = rows.iter().filter(|row| !row.unknown.is_empty());
    let of_rows = row.map(|row| {
        let reasons: Vec<_> = row.reasons.iter().map(String::as_str).collect();
        format!(
            "whether a loss of one {} takes {} with it: {}",
            row.kind.id(),
            row.unknown.text(),
            reasons.join("; ")
        )
    });
    let unread =
        (!inventory.unread.is_empty()).then(|| format!("could not be read: {}", inventory.unread.text()));
    let unseen = inventory.unseen.iter().map(|why| format!("not seen: {why}"));
    let all: Vec<_> = of_rows.chain(unread).chain(unseen).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// The command that shows everything that would be lost; `None` for a name that a shell would take apart.
fn lose(loss: &Loss, env: &str) -> Option<String> {
    let thing = loss.thing.to_string();
    (!thing.contains('\'')).then(|| format!("keyward survive --env {env} --lose '{thing}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::inventory::{Kind, Way, Ways};
    use crate::key::VersionState;
    use crate::kms::Observed;
    use crate::survive::Topology;

    const MANIFEST: &str = "\
version: 1
survive: [location, identity]
environments: {prod: {protected: true}}
keyrings:
  app: {env: prod, provider: gcp, project: p-1, locations: [europe-west1, us-central1], ring: r, key: k}
rules: []
";

    struct Case {
        manifest: Manifest,
        topology: Topology,
        inventory: Inventory,
    }

    impl Case {
        /// Both keys are enabled, each with a ruler of its own, and `a` is wrapped under both.
        fn new() -> Self {
            let manifest = Manifest::parse(MANIFEST, "keyward.yaml").unwrap();
            let mut topology = Topology::of(&manifest, Timestamp::UNIX_EPOCH);
            for (key, facts) in &mut topology.keys {
                facts.versions = Observed::Present([(1, VersionState::Enabled)].into());
                let ruler = format!("user:{}", key.name.location());
                topology
                    .powers
                    .over
                    .insert(key.clone(), Observed::Present([ruler].into()));
            }
            let mut case = Self {
                manifest,
                topology,
                inventory: Inventory::default(),
            };
            case.put("a", &[0, 1]);
            case
        }

        fn put(&mut self, name: &str, places: &[usize]) {
            let keys = self.manifest.keyring("app").unwrap().keys();
            let ways = places.iter().map(|place| Way::Kms {
                key: keys[*place].clone(),
                version: Some(1),
            });
            self.inventory.add(Kind::Envelope, name, &Ways::new(ways));
        }

        fn judge(&self) -> Check {
            let survival = Survival::new(&self.inventory, &self.topology, &|_, _| false);
            let mut checks = judge_survival(&self.manifest, None, &self.inventory, &survival, false);
            assert_eq!(checks.len(), 1);
            checks.remove(0)
        }
    }

    #[test]
    fn what_has_two_independent_ways_passes() {
        assert_eq!(Case::new().judge().verdict, Verdict::Pass);
    }

    #[test]
    fn what_would_be_lost_is_counted_and_shown_by_a_command() {
        let mut case = Case::new();
        case.put("b", &[1]);
        let check = case.judge();
        assert_eq!(check.resource, "environment prod");
        assert_eq!(
            check.verdict.reason(),
            Some(
                "with location:gcp-kms/us-central1 1 of 2 could not be opened any more: b; \
                 with identity:user:us-central1 1 of 2 could not be opened any more: b"
            )
        );
        let next = "keyward survive --env prod --lose 'location:gcp-kms/us-central1'";
        assert_eq!(check.next.as_deref(), Some(next));
    }

    #[test]
    fn what_nothing_opens_now_is_lost_with_anything() {
        let mut case = Case::new();
        case.inventory
            .add(Kind::Envelope, "c", &Ways::new([Way::Escrow("age1q".into())]));
        assert_eq!(
            case.judge().verdict,
            Verdict::Fail("nothing that counts opens c now".into())
        );
    }

    #[test]
    fn what_could_not_be_seen_is_unknown() {
        for hide in [
            (|case: &mut Case| case.topology.powers.over.clear()) as fn(&mut Case),
            |case| {
                case.topology
                    .keys
                    .values_mut()
                    .for_each(|facts| facts.versions = Observed::Unknown("x".into()))
            },
            |case| case.inventory.unread.add("d (denied)"),
            |case| case.inventory.unseen.extend(["bucket b: denied".into()]),
        ] {
            let mut case = Case::new();
            hide(&mut case);
            assert!(
                matches!(case.judge().verdict, Verdict::Unknown(_)),
                "{:?}",
                case.judge()
            );
        }
    }

    #[test]
    fn what_nobody_asked_for_does_not_block_when_it_is_not_known() {
        let far = "  far: {env: prod, provider: gcp, project: p-2, locations: [us-central1], ring: r, key: k}\nrules";
        let text = MANIFEST
            .replace("survive: [location, identity]", "")
            .replace("rules", far);
        let manifest = Manifest::parse(&text, "keyward.yaml").unwrap();
        let mut topology = Topology::of(&manifest, Timestamp::UNIX_EPOCH);
        let enabled = Observed::Present([(1, VersionState::Enabled)].into());
        topology
            .keys
            .values_mut()
            .for_each(|facts| facts.versions = enabled.clone());
        let ways = ["app", "far"].map(|keyring| Way::Kms {
            key: manifest.keyring(keyring).unwrap().keys()[0].clone(),
            version: Some(1),
        });
        let mut inventory = Inventory::default();
        inventory.add(Kind::Envelope, "a", &Ways::new(ways));
        let survival = Survival::new(&inventory, &topology, &|_, _| false);
        let judge = |asked| {
            judge_survival(&manifest, None, &inventory, &survival, asked)
                .remove(0)
                .verdict
        };
        assert!(matches!(judge(true), Verdict::Unknown(_)), "{:?}", judge(true));
        assert!(
            matches!(judge(false), Verdict::NotApplicable(_)),
            "{:?}",
            judge(false)
        );
    }

    #[test]
    fn an_environment_that_has_to_survive_nothing_is_not_judged() {
        let mut case = Case::new();
        case.manifest =
            Manifest::parse(&MANIFEST.replace("[location, identity]", "[]"), "keyward.yaml").unwrap();
        let survival = Survival::new(&case.inventory, &case.topology, &|_, _| false);
        assert_eq!(
            judge_survival(&case.manifest, None, &case.inventory, &survival, true),
            []
        );
    }
}
