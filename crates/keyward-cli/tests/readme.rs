//! The README's examples, run as they stand.

use std::path::Path;

mod transcript;

#[test]
fn every_example_of_the_readme_does_what_it_says() {
    transcript::check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md"));
}
