//! An age recipient that data keys are wrapped for.

use age::x25519;
use keyward_core::error::{Error, Result};
use keyward_core::name::AgeRecipient;
use keyward_core::recipient::Recipient;
use keyward_core::secret::SecretBytes;

/// An X25519 recipient whose text was checked to be a usable public key.
pub struct AgeRecipientKey {
    name: AgeRecipient,
    key: x25519::Recipient,
}

impl AgeRecipientKey {
    /// The public key that `name` spells.
    ///
    /// # Errors
    /// A usage error when the checksum is wrong (a typing error), when it is a recipient of another kind (plugin,
    /// post-quantum), or a point of small order, for which anyone could open.
    pub fn new(name: AgeRecipient) -> Result<Self> {
        let key = name.as_str().parse().map_err(|_| not_a_key(&name))?;
        if is_small_order(&name) {
            return Err(Error::usage(
                "this recipient is not a safe key: anyone could open what is sealed for it",
            )
            .on(&name)
            .hint("ask its owner for a key made by `age-keygen` or `keyward escrow new`"));
        }
        Ok(Self { name, key })
    }
}

impl Recipient for AgeRecipientKey {
    fn name(&self) -> &AgeRecipient {
        &self.name
    }

    fn wrap(&self, secret: &SecretBytes) -> Result<Vec<u8>> {
        age::encrypt(&self.key, secret.expose())
            .map_err(|_| Error::bug("age did not wrap a data key").on(&self.name))
    }
}

/// Whether a Diffie-Hellman exchange with the point answers zero whatever the secret is (RFC 7748 section 6.1). Any
/// secret shows it, since all of them are multiples of the cofactor.
fn is_small_order(name: &AgeRecipient) -> bool {
    let point = bech32::decode(name.as_str()).ok().map(|(_, bytes)| bytes);
    match point.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
        Some(point) => x25519_dalek::x25519([1; 32], point) == [0; 32],
        None => true,
    }
}

fn not_a_key(name: &AgeRecipient) -> Error {
    let other_kind = ["age1pq1", "age1tag1", "age1tagpq1"]
        .iter()
        .any(|kind| name.as_str().starts_with(kind));
    let has_kind = name.as_str().matches('1').count() > 1;
    let error = Error::usage("this age recipient is not a valid X25519 key").on(name);
    if other_kind || has_kind {
        error.hint("recipients of plugins and post-quantum ones (`age1NAME1…`) cannot be used yet")
    } else {
        error.hint("its checksum does not fit: copy it again, all 62 characters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    fn refusal(text: &str) -> Error {
        let Err(error) = AgeRecipientKey::new(text.parse().unwrap()) else {
            panic!("{text} was taken");
        };
        assert_eq!(error.kind().exit_code(), 2);
        error
    }

    #[test]
    fn a_mistyped_recipient_is_told_apart_from_another_kind() {
        let typo = RECIPIENT.replace("t7rx", "t7xr");
        assert!(refusal(&typo).hints()[0].contains("checksum"));
        assert!(refusal("age1yubikey1qgxxv").hints()[0].contains("plugins"));
        assert!(refusal("age1pq1qgxxv").hints()[0].contains("post-quantum"));
    }

    #[test]
    fn points_of_small_order_are_refused() {
        let hrp = bech32::Hrp::parse("age").unwrap();
        let one = std::array::from_fn(|i| u8::from(i == 0));
        // The prime field's modulus, which is another spelling of zero.
        let modulus = std::array::from_fn(|i| match i {
            0 => 0xed,
            31 => 0x7f,
            _ => 0xff,
        });
        for point in [[0; 32], one, modulus] {
            let text = bech32::encode::<bech32::Bech32>(hrp, &point).unwrap();
            assert!(refusal(&text).what().contains("not a safe key"));
        }
        assert!(AgeRecipientKey::new(RECIPIENT.parse().unwrap()).is_ok());
    }
}
