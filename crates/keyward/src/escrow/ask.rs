//! Making a bundle.

use std::collections::BTreeSet;
use std::sync::Arc;

use keyward_core::clock::Timestamp;
use keyward_core::envelope::{Wrap, WrapKind};
use keyward_core::error::{Error, Result};
use keyward_core::escrow::{Asked, Bundle, Digest, Escrowed, Nonce};
use keyward_core::recipient::Recipient;
use keyward_core::secret::{DataKey, SecretBytes};
use rand::seq::index;
use rand_core::CryptoRng;

/// Whom to ask, and about how much.
pub struct Request<'a> {
    /// Now: the time that is recorded of a drill, since the drill is later.
    pub made: Timestamp,
    /// The digest of the manifest.
    pub manifest: Digest,
    /// The recipients whose identities are to show themselves. Those that nothing is sealed for are left out.
    pub recipients: &'a [Arc<dyn Recipient>],
    /// How many envelopes of each recipient, drawn at random; all without it.
    pub sample: Option<usize>,
}

impl Request<'_> {
    /// A bundle about `envelopes`.
    ///
    /// # Errors
    /// A usage error when none of them is sealed for any of the recipients, or they are too many.
    pub fn bundle(&self, envelopes: Vec<Escrowed>, rng: &mut dyn CryptoRng) -> Result<Bundle> {
        let nonce = Nonce::draw(rng);
        let (mut asked, mut wanted) = (Vec::new(), BTreeSet::new());
        for recipient in self.recipients {
            let theirs = places(&envelopes, recipient.as_ref());
            if theirs.is_empty() {
                continue;
            }
            let count = self.sample.unwrap_or(theirs.len()).min(theirs.len());
            let drawn = index::sample(&mut *rng, theirs.len(), count);
            wanted.extend(drawn.iter().filter_map(|place| theirs.get(place).copied()));
            asked.push(challenge(recipient.as_ref(), &nonce, rng)?);
        }
        if asked.is_empty() {
            return Err(
                Error::usage("nothing here is sealed for any escrow recipient of the manifest").hint(
                    "`keyward encrypt` seals for those that the keyring has under `escrow:` from then on",
                ),
            );
        }
        let envelopes = envelopes.into_iter().enumerate();
        let envelopes = envelopes.filter(|(place, _)| wanted.contains(place));
        let envelopes = envelopes.map(|(_, envelope)| envelope).collect();
        Bundle::new(self.made, nonce, Some(self.manifest), asked, envelopes)
    }
}

/// Which of `envelopes` have a wrap for `recipient`.
fn places(envelopes: &[Escrowed], recipient: &dyn Recipient) -> Vec<usize> {
    let name = recipient.name();
    let is_theirs =
        |wrap: &Wrap| wrap.kind == WrapKind::Age && !wrap.is_missing() && wrap.key == name.as_str();
    let places = envelopes.iter().enumerate();
    places
        .filter(|(_, envelope)| envelope.header.wraps().iter().any(is_theirs))
        .map(|(place, _)| place)
        .collect()
}

fn challenge(recipient: &dyn Recipient, nonce: &Nonce, rng: &mut dyn CryptoRng) -> Result<Asked> {
    let challenge = DataKey::generate(rng);
    let wrapped = recipient.wrap(&SecretBytes::new(challenge.expose().to_vec()))?;
    Asked::new(recipient.name().clone(), nonce, &challenge, wrapped)
}
