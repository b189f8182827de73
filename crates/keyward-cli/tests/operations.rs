//! What docs/operations.md tells an operator to type, run as it stands.

use std::path::Path;

mod transcript;

#[test]
fn every_command_of_the_operations_page_does_what_it_says() {
    transcript::check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md"));
}
