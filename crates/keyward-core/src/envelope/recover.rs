//! The stock commands that open an envelope without keyward.

use super::Header;

/// Shell commands that open `file`, whose header is `header`, with stock tools only.
pub fn commands(_header: &Header, _file: &str) -> String {
    String::new()
}
