//! Every vector of tests/vectors/ must reach the result that it states. `recover.py --vectors` runs over the same files.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod file;
mod reader;

use file::Level;

#[test]
fn every_vector_reaches_its_result() {
    let files = file::all();
    let levels: Vec<Level> = files.iter().map(|file| file.level).collect();
    for level in Level::ALL {
        assert!(levels.contains(&level), "no file of level {level:?}");
    }
    let mut wrong = Vec::new();
    for file in &files {
        assert!(!file.vectors.is_empty(), "{:?} is empty", file.level);
        for vector in &file.vectors {
            let reached = reader::open(vector);
            if let Err(difference) = file::compare(file.level, vector, &reached) {
                wrong.push(format!("{:?} {}: {difference}", file.level, vector.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_result_is_noticed() {
    let files = file::all();
    let valid = files.iter().find(|file| file.level == Level::Valid).unwrap();
    let reached = reader::open(&valid.vectors[0]);
    assert!(file::compare(Level::Valid, &valid.vectors[0], &reached).is_ok());
    assert!(file::compare(Level::Mac, &valid.vectors[0], &reached).is_err());
}
