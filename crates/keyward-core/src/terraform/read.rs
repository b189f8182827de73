//! Reading a plan in one pass, keeping what concerns keys and nothing else, under a budget.

mod change;
mod flat;
mod shape;
mod state;

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use self::change::{Raw, RawSeed};
use self::shape::{Configuration, Flag, Length, Name, Word};
use self::state::Managed;
use super::{Act, Change, Plan};
use crate::limits;

/// The version of the format that is understood: any with this number before the point.
const FORMAT: &str = "1";
/// How to make what is wanted here.
const MAKE: &str = "make it with `terraform plan -out PLAN` and `terraform show -json PLAN`";

/// Reads one plan from any deserializer of JSON.
#[derive(Clone, Copy, Debug)]
pub struct PlanReader {
    /// How many bytes may be kept; [`limits::PLAN_KEPT`].
    pub budget: usize,
}

impl Default for PlanReader {
    fn default() -> Self {
        Self {
            budget: limits::PLAN_KEPT,
        }
    }
}

impl<'de> DeserializeSeed<'de> for PlanReader {
    type Value = Plan;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Plan, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PlanReader {
    type Value = Plan;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plan")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Plan, A::Error> {
        let (mut plan, mut outside) = (Plan::default(), Outside::default());
        while let Some(Name(name)) = map.next_key()? {
            let Some(known) = Outside::NAMES.into_iter().find(|known| *known == name) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            outside.see(known).map_err(A::Error::custom)?;
            match known {
                "format_version" => outside
                    .is_known_format(&map.next_value()?)
                    .map_err(A::Error::custom)?,
                "terraform_version" => plan.tool_version = map.next_value::<Word>()?.0,
                "complete" => outside.complete = map.next_value()?,
                "errored" => outside.errored = map.next_value()?,
                "deferred_changes" => outside.deferred = map.next_value::<Length>()?.0,
                "resource_changes" => map.next_value_seed(Changes(&mut plan, self.budget))?,
                "configuration" => plan.constraints = map.next_value::<Configuration>()?.0,
                "prior_state" | "planned_values" => outside.managed |= map.next_value::<Managed>()?.0,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        outside.is_a_plan().map_err(A::Error::custom)?;
        plan.open = outside.open(plan.resources);
        Ok(plan)
    }
}

/// What the outermost object says besides its changes.
#[derive(Default)]
struct Outside {
    seen: Vec<&'static str>,
    complete: Flag,
    errored: Flag,
    deferred: u64,
    /// Whether there are managed resources before or after it.
    managed: bool,
}

impl Outside {
    /// What is read, and what tells a plan from other files of the tool and its kin.
    const NAMES: [&'static str; 15] = [
        "format_version",
        "terraform_version",
        "complete",
        "errored",
        "deferred_changes",
        "resource_changes",
        "configuration",
        "planned_values",
        "prior_state",
        "values",
        "version",
        "lineage",
        "@level",
        "provider_schemas",
        "diagnostics",
    ];

    fn see(&mut self, name: &'static str) -> Result<(), String> {
        if self.has(name) {
            return Err(format!(
                "it has `{name}` twice, and one of them may hide the other"
            ));
        }
        self.seen.push(name);
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.seen.contains(&name)
    }

    fn is_known_format(&self, Word(version): &Word) -> Result<(), String> {
        match version.split('.').next() {
            Some(FORMAT) => Ok(()),
            _ => Err(format!(
                "its format is `{version}`, and this release knows format {FORMAT}"
            )),
        }
    }

    /// A plan of no resource at all has no `resource_changes`.
    fn is_a_plan(&self) -> Result<(), String> {
        let is_plan = self.has("resource_changes") || self.has("planned_values");
        let is = if is_plan && self.has("format_version") {
            return Ok(());
        } else if is_plan {
            "it does not say which format it has (`format_version`)"
        } else if self.has("values") || self.has("lineage") {
            "it is a state, not a plan"
        } else if self.has("@level") {
            "it is the log of `terraform plan -json`, not a plan"
        } else if self.has("provider_schemas") {
            "it is a schema of providers, not a plan"
        } else if self.has("diagnostics") {
            "it is the output of `terraform validate`, not a plan"
        } else {
            "it is not a plan of Terraform or OpenTofu, or one of nothing"
        };
        Err(format!("{is}: {MAKE}"))
    }

    /// Why more may happen than the plan shows, which lists `listed` managed resources. A whole one lists those too
    /// that it leaves as they are.
    fn open(&self, listed: u64) -> Vec<String> {
        let errored = match self.errored {
            Flag::Missing | Flag::Is(false) => None,
            Flag::Is(true) => Some("planning ended with an error (`errored`)".to_owned()),
            Flag::Odd => Some("whether planning ended with an error cannot be read (`errored`)".to_owned()),
        };
        let complete = match self.complete {
            Flag::Missing | Flag::Is(true) => None,
            Flag::Is(false) => Some(
                "it is not complete (`complete: false`): it was limited to some resources, or another one has to \
                 follow"
                    .to_owned(),
            ),
            Flag::Odd => Some("whether it is complete cannot be read (`complete`)".to_owned()),
        };
        let deferred = (self.deferred > 0).then(|| {
            format!(
                "it leaves to a later one what becomes of {} (`deferred_changes`)",
                match self.deferred {
                    1 => "1 resource".to_owned(),
                    more => format!("{more} resources"),
                }
            )
        });
        let unlisted = (self.managed && listed == 0).then(|| {
            "it has resources and lists none of them (`resource_changes`): it was cut down, or only refreshes the state"
                .to_owned()
        });
        let all = [errored, complete, deferred, unlisted];
        all.into_iter().flatten().collect()
    }
}

/// `resource_changes`, one at a time, and how many bytes of them may be kept.
struct Changes<'a>(&'a mut Plan, usize);

impl<'de> DeserializeSeed<'de> for Changes<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Changes<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of changes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self(plan, mut budget) = self;
        while let Some(raw) = list.next_element_seed(RawSeed(budget))? {
            if !raw.is_managed() {
                continue;
            }
            plan.resources += 1;
            let Some(change) = kept(raw) else { continue };
            budget = budget
                .checked_sub(change.weight())
                .ok_or_else(|| A::Error::custom(TOO_MUCH))?;
            plan.changes.push(change);
        }
        Ok(())
    }
}

const TOO_MUCH: &str = "it says more about keys than can be judged at once: plan in parts";

/// The change, if it concerns keys.
fn kept(raw: Raw) -> Option<Change> {
    let mut change = raw.into_change();
    if change.act == Act::Nothing {
        change.after = None;
    }
    if change.concerns_keys() {
        return Some(change);
    }
    for values in [&mut change.before, &mut change.after].into_iter().flatten() {
        values.retain_keys();
    }
    let names_a_key = change.old().keys().next().is_some() || change.later().keys().next().is_some();
    names_a_key.then_some(change)
}
