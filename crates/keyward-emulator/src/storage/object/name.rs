//! Names of objects.

use crate::storage::refusal::Refusal;

/// Longest name in bytes.
const LONGEST: usize = 1024;

/// Whether objects may have that name: 1 to 1024 bytes of UTF-8 without line ends, none of the three forms that Google
/// keeps for itself. A zero byte, which Google advises against, is refused too.
///
/// # Errors
/// 400.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    let kept = name == "." || name == ".." || name.starts_with(".well-known/acme-challenge/");
    let fine = !name.is_empty() && name.len() <= LONGEST && !name.contains(['\r', '\n', '\0']) && !kept;
    if fine {
        return Ok(());
    }
    if name.is_empty() {
        return Err(Refusal::required("name"));
    }
    let shown: String = name.escape_debug().take(100).collect();
    Err(Refusal::invalid(format!("Invalid object name: '{shown}'")))
}
