//! Lists: page by page, to the end or not at all.

use std::collections::HashSet;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::request::Request;
use super::{GcpEstate, Sight, Unseen};

/// Most pages of one list.
const PAGES: usize = 10_000;
/// Most entries of a list that is kept.
const ENTRIES: usize = 100_000;

impl GcpEstate {
    /// All entries of a list, which are in `field` of each page.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        request: &Request<'_>,
        field: &str,
    ) -> Sight<Vec<T>> {
        let mut all = Vec::new();
        self.each(request, field, |entry| {
            all.push(entry);
            match all.len() {
                few if few <= ENTRIES => Ok(()),
                _ => Err(format!("it has more than {ENTRIES} entries")),
            }
        })
        .await?;
        Ok(all)
    }

    /// Shows every entry of a list to `visit`.
    pub(super) async fn each<T: DeserializeOwned>(
        &self,
        request: &Request<'_>,
        field: &str,
        mut visit: impl FnMut(T) -> Result<(), String>,
    ) -> Sight<()> {
        let unseen = |why: &str| Unseen::Because(format!("{}: {why}", request.about));
        let (mut token, mut seen) = (String::new(), HashSet::new());
        for _ in 0..PAGES {
            let page: Map<String, Value> = self.ask(&request.page(&token)).await?;
            let (entries, next) = taken(page, field).map_err(|why| unseen(&why))?;
            for entry in entries {
                let entry = serde_json::from_value(entry);
                let entry = entry.map_err(|error| unseen(&format!("an entry makes no sense: {error}")))?;
                visit(entry).map_err(|why| unseen(&why))?;
            }
            if next.is_empty() {
                return Ok(());
            }
            if !seen.insert(next.clone()) {
                return Err(unseen("its pages go round in a circle"));
            }
            token = next;
        }
        Err(unseen(&format!("it has more than {PAGES} pages")))
    }
}

/// The entries of a page and the token of the next one.
fn taken(mut page: Map<String, Value>, field: &str) -> Result<(Vec<Value>, String), String> {
    if page
        .get("unreachable")
        .is_some_and(|places| places.as_array().is_none_or(|places| !places.is_empty()))
    {
        return Err("a part of it could not be reached".to_owned());
    }
    let entries = match page.remove(field) {
        None => Vec::new(),
        Some(Value::Array(entries)) if entries.iter().all(Value::is_object) => entries,
        Some(_) => return Err(format!("`{field}` is no list of what it should be")),
    };
    match page.remove("nextPageToken") {
        None => Ok((entries, String::new())),
        Some(Value::String(next)) => Ok((entries, next)),
        Some(_) => Err("the token of the next page is no text".to_owned()),
    }
}
