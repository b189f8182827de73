//! Passphrases, typed at the terminal device: stdin may be the data, and stdout may be a file.

use keyward_core::error::{Error, Result};
use keyward_core::secret::SecretBytes;

use super::one_line;

/// Asks for a passphrase that exists.
///
/// # Errors
/// A usage error without a terminal.
pub(crate) fn ask_passphrase(what: &str) -> Result<SecretBytes> {
    rpassword::prompt_password(format!("Passphrase for {}: ", one_line(what)))
        .map(SecretBytes::from)
        .map_err(|why| {
            Error::usage("a passphrase is needed, and there is no terminal to type it at")
                .on(what)
                .because(why)
        })
}

/// Asks for a new passphrase, twice.
///
/// # Errors
/// A usage error without a terminal, for an empty passphrase, and when the two differ.
pub(crate) fn ask_new_passphrase(what: &str) -> Result<SecretBytes> {
    let first = ask_passphrase(what)?;
    if first.is_empty() {
        return Err(Error::usage("an empty passphrase protects nothing").on(what));
    }
    let second = ask_passphrase(&format!("{what}, again"))?;
    if first.same_as(second.expose()) {
        Ok(first)
    } else {
        Err(Error::usage("the two passphrases differ").on(what))
    }
}
