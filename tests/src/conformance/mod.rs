//! What every KMS provider must do, as facts that run against one [`Subject`].
//!
//! A fact panics when it does not hold; what is printed before names the fact and the provider. One that the subject has
//! no means to test is skipped, and [`run`] tells which were. The facts are those of Cloud KMS
//! (its API reference and its documentation, "Key states"), as far as all of keyward relies on them.

mod creating;
mod crypt;
mod reading;
mod states;
mod subject;
mod time;

use std::future::Future;
use std::pin::Pin;

pub use subject::{MoveClock, ScheduleDestruction, Subject};

type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// What came of checking a fact that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It holds.
    Held,
    /// Nobody knows: the subject's clock does not move, or it has no way to schedule a destruction.
    Skipped,
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Self::Held
    }
}

/// What came of the whole suite: the names of the facts.
#[derive(Debug, Default)]
pub struct Report {
    /// Those that hold.
    pub held: Vec<&'static str>,
    /// Those that could not be tested.
    pub skipped: Vec<&'static str>,
}

/// One thing that is true of every provider.
pub struct Fact {
    /// Its name, `module::function`.
    pub name: &'static str,
    check: for<'a> fn(&'a Subject) -> Running<'a>,
}

macro_rules! facts {
    ($($module:ident: $($fact:ident)*;)*) => {
        &[$($(Fact {
            name: concat!(stringify!($module), "::", stringify!($fact)),
            check: |subject| Box::pin(async move { $module::$fact(subject).await.into() }),
        }),*),*]
    };
}

/// Every fact, in the order in which [`run`] checks them.
pub const FACTS: &[Fact] = facts! {
    reading:
        what_is_not_there_is_absent
        a_missing_ring_has_no_list_of_keys
        lists_are_whole_and_sorted
        rings_are_those_of_the_project_and_the_location
        permissions_are_a_part_of_what_was_asked
        nothing_is_permitted_on_a_missing_key;
    creating:
        a_ring_is_created_once
        a_key_needs_its_ring
        a_key_is_created_once
        a_new_key_has_one_enabled_version_which_is_primary
        a_key_keeps_what_it_was_created_with
        the_destroy_window_is_30_days_unless_given
        a_key_may_start_without_a_version
        versions_are_numbered_and_do_not_become_primary
        a_rotation_schedule_can_be_changed_and_removed
        a_missing_key_has_no_rotation_to_set
        a_rotation_starts_in_the_future
        what_keeps_the_material_is_said_of_key_and_version;
    crypt:
        a_key_encrypts_with_its_primary_and_says_so
        a_version_encrypts_by_its_own_name
        old_versions_decrypt_after_the_primary_changed
        equal_plaintexts_have_different_ciphertexts
        what_was_changed_does_not_open
        another_key_does_not_open
        the_same_id_in_another_ring_is_another_key
        a_version_that_is_not_enabled_is_not_used
        a_named_version_encrypts_only_while_it_is_enabled
        an_old_version_decrypts_only_while_it_is_enabled
        without_a_primary_a_key_does_not_encrypt
        a_missing_key_is_not_found
        sizes_are_limited
        a_refusal_names_the_version_and_its_state
        state_is_checked_before_arguments;
    states:
        disabling_and_enabling
        only_what_is_scheduled_can_be_restored
        a_missing_version_is_not_found
        the_primary_is_unprotected
        scheduling_destruction_and_restoring
        what_is_scheduled_is_neither_enabled_nor_scheduled_again
        what_is_scheduled_does_not_encrypt_by_its_name;
    time:
        a_due_rotation_makes_a_new_primary
        a_removed_rotation_stays_away
        a_rotation_without_a_period_happens_once
        reading_carries_nothing_out
        a_due_destruction_is_final;
};

/// How many key versions stay behind where the clock does not move, each of which costs money until it is destroyed.
pub const VERSIONS: u32 = 60;

/// Runs every fact, and answers which hold. Those that need a clock that moves, or a way to schedule a destruction, are
/// skipped where the subject has none.
pub async fn run(subject: &Subject) -> Report {
    subject.prepare().await;
    let mut report = Report::default();
    for fact in FACTS {
        eprintln!("{}: {}", subject.name, fact.name);
        match (fact.check)(subject).await {
            Outcome::Held => report.held.push(fact.name),
            Outcome::Skipped => report.skipped.push(fact.name),
        }
    }
    report
}

#[cfg(test)]
mod tests;
