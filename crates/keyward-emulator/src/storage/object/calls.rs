//! `storage.objects.get` (metadata), `patch`, `update` and `delete`.

use keyward_core::clock::Clock;

use super::{Object, load, place, remove};
use crate::state::State;
use crate::storage::ask::Ask;
use crate::storage::bucket::{Bucket, document};
use crate::storage::content;
use crate::storage::precondition::Conditions;
use crate::storage::refusal::Refusal;
use crate::storage::reply::Reply;

/// `storage.objects.get` without `alt=media`. Metadata needs no key; the checksums do.
pub(crate) fn get(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let generation = ask.query.number("generation")?;
    let (bucket, object) = state
        .shelf
        .read(|shelved| load(shelved, &ask.bucket, &ask.object, generation))?;
    Conditions::of(ask)?.check_read(&object)?;
    Ok(shown(state, ask, &bucket, &object))
}

/// `storage.objects.patch`.
pub(crate) fn patch(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    changed(state, ask, false)
}

/// `storage.objects.update`.
pub(crate) fn update(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    changed(state, ask, true)
}

fn changed(state: &State, ask: &Ask, whole: bool) -> Result<Reply, Refusal> {
    let (said, conditions) = (document(&ask.body)?, Conditions::of(ask)?);
    let generation = ask.query.number("generation")?;
    let (bucket, object) = state.shelf.change(|shelved| {
        let (bucket, mut object) = load(shelved, &ask.bucket, &ask.object, generation)?;
        conditions.check_write(Some(&object))?;
        object.described.apply(&said, whole)?;
        object.metageneration += 1;
        object.updated = state.clock.now();
        place(shelved, &bucket, &object)?;
        Ok::<_, Refusal>((bucket, object))
    })?;
    Ok(shown(state, ask, &bucket, &object))
}

/// `storage.objects.delete`. It needs no key.
pub(crate) fn delete(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let (generation, conditions) = (ask.query.number("generation")?, Conditions::of(ask)?);
    state.shelf.change(|shelved| {
        let (bucket, object) = load(shelved, &ask.bucket, &ask.object, generation)?;
        conditions.check_write(Some(&object))?;
        Ok::<_, Refusal>(remove(
            shelved,
            &bucket,
            object,
            generation.is_some(),
            state.clock.now(),
        )?)
    })?;
    Ok(Reply::empty(204))
}

fn shown(state: &State, ask: &Ask, bucket: &Bucket, object: &Object) -> Reply {
    let hashes = content::hashes(state, &bucket.project, object).ok();
    Reply::json(200, &object.show(&ask.base, hashes))
}
