//! `storage.buckets.insert`, `get`, `list`, `patch`, `update` and `delete`.

use std::collections::BTreeMap;

use keyward_core::clock::Clock;
use keyward_core::kms::KmsError;
use serde_json::{Map, Value, json};

use super::{Bucket, NAMESPACE, fields, is_name};
use crate::shelf::Shelved;
use crate::state::State;
use crate::storage::ask::Ask;
use crate::storage::object;
use crate::storage::precondition::Conditions;
use crate::storage::refusal::Refusal;
use crate::storage::reply::Reply;
use crate::storage::{agent, key, list};

/// `storage.buckets.insert`.
pub(crate) fn insert(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    if ask.project.is_empty() {
        return Err(Refusal::required("project"));
    }
    let said = document(&ask.body)?;
    let bucket = wanted(state, &ask.project, &said)?;
    if let Some(key) = &bucket.key {
        key::of_bucket(state, &bucket.project, &bucket.location, key)?;
    }
    state
        .shelf
        .change(|shelved| match Bucket::find(shelved, &bucket.name)? {
            Some(there) => Err(taken(&there, &bucket)),
            None => Ok(bucket.store(shelved)?),
        })?;
    Ok(Reply::json(200, &bucket.show(&ask.base)))
}

fn wanted(state: &State, project: &str, said: &Map<String, Value>) -> Result<Bucket, Refusal> {
    let name = match said.get("name") {
        Some(Value::String(name)) if is_name(name) => name,
        Some(Value::String(name)) => {
            let name: String = name.chars().take(222).collect();
            return Err(Refusal::invalid(format!("Invalid bucket name: '{name}'")));
        }
        _ => return Err(Refusal::required("name")),
    };
    let now = state.clock.now();
    let mut bucket = Bucket {
        name: name.clone(),
        project: project.to_owned(),
        location: fields::location(said)?,
        key: None,
        versioning: false,
        labels: BTreeMap::new(),
        storage_class: "STANDARD".to_owned(),
        shown: Map::new(),
        created: now,
        updated: now,
        metageneration: 1,
    };
    fields::apply(&mut bucket, said, true)?;
    Ok(bucket)
}

fn taken(there: &Bucket, wanted: &Bucket) -> Refusal {
    if agent::project_number(&there.project) == agent::project_number(&wanted.project) {
        let message = "Your previous request to create the named bucket succeeded and you already own it.";
        return Refusal::new(409, "conflict", message).code("BucketAlreadyOwnedByYou");
    }
    let message = "The requested bucket name is not available. The bucket namespace is shared by all users of the \
                   system. Please select a different name and try again.";
    Refusal::new(409, "conflict", message).code("BucketNameUnavailable")
}

/// `storage.buckets.get`.
pub(crate) fn get(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let bucket = state.shelf.read(|shelved| Bucket::load(shelved, &ask.bucket))?;
    Conditions::of(ask)?.check_bucket(bucket.metageneration, true)?;
    Ok(Reply::json(200, &bucket.show(&ask.base)))
}

/// `storage.buckets.list`.
pub(crate) fn list(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    if ask.project.is_empty() {
        return Err(Refusal::required("project"));
    }
    let size = list::page_size(&ask.query)?;
    let after = ask.query.get("pageToken").map(list::read_token).transpose()?;
    let prefix = ask.query.get("prefix").unwrap_or_default();
    let number = agent::project_number(&ask.project);
    let (buckets, more) = state
        .shelf
        .read(|shelved| of_project(shelved, number, prefix, after, size))?;
    let shown: Vec<Value> = buckets.iter().map(|bucket| bucket.show(&ask.base)).collect();
    let mut document = json!({ "kind": "storage#buckets", "items": shown });
    if let (true, Some(last)) = (more, buckets.last()) {
        document["nextPageToken"] = list::token(&last.name).into();
    }
    Ok(Reply::json(200, &document))
}

/// At most `size` buckets of a project after a name, and whether there are more.
fn of_project(
    shelved: &Shelved<'_>,
    project: u64,
    prefix: &str,
    after: Option<String>,
    size: usize,
) -> Result<(Vec<Bucket>, bool), KmsError> {
    let mut found = Vec::new();
    let mut after = after;
    loop {
        let page = shelved.scan(NAMESPACE, prefix, after.as_deref(), list::SCAN)?;
        let ended = page.len() < list::SCAN;
        for (name, bytes) in &page {
            let bucket = Bucket::decode(name, bytes)?;
            if agent::project_number(&bucket.project) != project {
                continue;
            }
            if found.len() == size {
                return Ok((found, true));
            }
            found.push(bucket);
        }
        match page.into_iter().next_back() {
            Some((name, _)) if !ended => after = Some(name),
            _ => return Ok((found, false)),
        }
    }
}

/// `storage.buckets.patch`.
pub(crate) fn patch(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    changed(state, ask, false)
}

/// `storage.buckets.update`.
pub(crate) fn update(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    changed(state, ask, true)
}

fn changed(state: &State, ask: &Ask, whole: bool) -> Result<Reply, Refusal> {
    let (said, conditions) = (document(&ask.body)?, Conditions::of(ask)?);
    let before = state.shelf.read(|shelved| Bucket::load(shelved, &ask.bucket))?;
    let mut after = before.clone();
    fields::apply(&mut after, &said, whole)?;
    if let Some(key) = after.key.as_ref().filter(|key| before.key.as_ref() != Some(*key)) {
        key::of_bucket(state, &after.project, &after.location, key)?;
    }
    let bucket = state.shelf.change(|shelved| {
        let mut bucket = Bucket::load(shelved, &ask.bucket)?;
        conditions.check_bucket(bucket.metageneration, false)?;
        fields::apply(&mut bucket, &said, whole)?;
        bucket.metageneration += 1;
        bucket.updated = state.clock.now();
        bucket.store(shelved)?;
        Ok::<_, Refusal>(bucket)
    })?;
    Ok(Reply::json(200, &bucket.show(&ask.base)))
}

/// `storage.buckets.delete`.
pub(crate) fn delete(state: &State, ask: &Ask) -> Result<Reply, Refusal> {
    let conditions = Conditions::of(ask)?;
    state.shelf.change(|shelved| {
        let bucket = Bucket::load(shelved, &ask.bucket)?;
        conditions.check_bucket(bucket.metageneration, false)?;
        if object::any(shelved, &ask.bucket)? {
            let message = "The bucket you tried to delete is not empty.";
            return Err(Refusal::new(409, "conflict", message).code("BucketNotEmpty"));
        }
        shelved.delete(NAMESPACE, &ask.bucket)?;
        Ok(())
    })?;
    Ok(Reply::empty(204))
}

/// A body that is a JSON object; nothing is an empty one.
pub(crate) fn document(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(body).map_err(|_| Refusal::new(400, "parseError", "Parse Error"))
}
