//! What to do next, in one place: hints that only the command line can give.

use keyward_core::error::Error;

/// No manifest was found, and the verb cannot do without.
pub(crate) fn needs_manifest(error: Error) -> Error {
    error
        .hint("`keyward init --provider embedded` writes a manifest here")
        .hint("`keyward quickstart` shows the whole thing in a new folder")
}

/// The output exists.
pub(crate) fn existing_output(error: Error) -> Error {
    error.hint("name another file with `-o FILE`, or move the old one away first")
}
