//! Passphrases: asking for one, and protecting an identity file with one.

use std::io::Write;

use age::armor::{ArmoredWriter, Format};
use age::scrypt;
use age::secrecy::SecretString;
use keyward_core::error::{Error, Result};
use keyward_core::limits;
use keyward_core::secret::SecretBytes;

/// Asks a person for the passphrase of what the argument names. It is called at most once for each attempt to open.
pub type AskPassphrase = dyn Fn(&str) -> Result<SecretBytes> + Send + Sync;

/// The work factor that age itself writes: 256 MiB and about a second.
const WORK_FACTOR: u8 = 18;

/// Protects the text of an identity file with `passphrase`: an armored age file, which `age` and keyward read as an
/// identity file and ask for the passphrase.
///
/// # Errors
/// A usage error when the passphrase is empty or not UTF-8.
pub fn protect(identity_file: &SecretBytes, passphrase: &SecretBytes) -> Result<Vec<u8>> {
    protect_with(identity_file, passphrase, WORK_FACTOR)
}

pub(crate) fn protect_with(text: &SecretBytes, passphrase: &SecretBytes, work_factor: u8) -> Result<Vec<u8>> {
    if passphrase.is_empty() {
        return Err(Error::usage("an empty passphrase protects nothing"));
    }
    let mut recipient = scrypt::Recipient::new(secret_string(passphrase)?);
    recipient.set_work_factor(work_factor);
    encrypt_armored(&recipient, text.expose())
        .map_err(|error| Error::bug("age did not encrypt with a passphrase").because(error))
}

fn encrypt_armored(recipient: &scrypt::Recipient, plaintext: &[u8]) -> std::io::Result<Vec<u8>> {
    let encryptor = age::Encryptor::with_recipients(std::iter::once(recipient as &dyn age::Recipient))
        .map_err(|_| std::io::Error::other("no recipient"))?;
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(armor)?;
    writer.write_all(plaintext)?;
    writer.finish()?.finish()
}

/// The identity that `passphrase` is, its work capped so that a hostile file cannot exhaust the machine.
pub(crate) fn identity(passphrase: &SecretBytes) -> Result<scrypt::Identity> {
    let mut identity = scrypt::Identity::new(secret_string(passphrase)?);
    identity.set_max_work_factor(limits::AGE_WORK_FACTOR);
    Ok(identity)
}

fn secret_string(passphrase: &SecretBytes) -> Result<SecretString> {
    std::str::from_utf8(passphrase.expose())
        .map(SecretString::from)
        .map_err(|_| Error::usage("the passphrase is not UTF-8 text"))
}
