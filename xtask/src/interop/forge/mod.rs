//! Makes tests/vectors/ from docs/format.md: one file for each level at which a reader rejects, and one of what opens.
//!
//! Everything is drawn from seeds, so that every run makes the same bytes: `cargo xtask interop --generate` writes the
//! files, and without it they are compared.

mod broken_body;
mod broken_header;
mod broken_opening;
mod envelope;
mod keys;
mod seed;
mod valid;
mod vector;

#[cfg(test)]
mod tests;

use keyward_core::error::{Error, Result};
use serde_json::json;

use vector::Vector;

/// The name of every vector file and its content.
pub fn files() -> Result<Vec<(String, String)>> {
    let levels = [
        ("valid", valid::vectors()?),
        ("text", broken_opening::text()?),
        ("prefix", broken_header::prefix()?),
        ("core", broken_header::core()?),
        ("wraps", broken_header::wraps()?),
        ("context", broken_opening::context()),
        ("unwrap", broken_opening::unwrap()?),
        ("commitment", broken_opening::commitment()?),
        ("mac", broken_opening::mac()?),
        ("truncated", broken_body::truncated()?),
        ("chunk", broken_body::chunk()?),
    ];
    levels
        .iter()
        .map(|(level, vectors)| file(level, vectors))
        .collect()
}

fn file(level: &str, vectors: &[Vector]) -> Result<(String, String)> {
    let vectors = vectors
        .iter()
        .map(|vector| vector.to_json(level == "valid"))
        .collect::<Result<Vec<_>>>()?;
    let document = json!({ "format": 1, "level": level, "vectors": vectors });
    let mut text = serde_json::to_string_pretty(&document)
        .map_err(|error| Error::bug("vectors could not be encoded").because(error))?;
    text.push('\n');
    Ok((format!("{level}.json"), text))
}
