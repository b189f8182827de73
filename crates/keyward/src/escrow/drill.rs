//! The offline side: it needs the bundle and the identities, and nothing else.

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use keyward_core::clock::Timestamp;
use keyward_core::envelope::BodyOpener;
use keyward_core::error::{Error, Result};
use keyward_core::escrow::{
    Answer, Asked, Bundle, Digest, Key, Report, Statement, Tried, WrapAsked, answer_to,
};
use keyward_core::recipient::Identity;
use keyward_core::secret::DataKey;

/// Whose identity is here, and what it is asked about.
struct Present<'a> {
    /// Where its recipient stands in the bundle.
    place: usize,
    identity: &'a dyn Identity,
}

/// Opens every wrap in `bundle` that is for one of `identities`, compares the commitment of the body and the MAC of the
/// wraps, and proves what it found. `now` is what this machine takes for the time. `progress` is told of each wrap.
///
/// # Errors
/// A usage error when none of the identities is asked for; a wrong passphrase; damaged data when a challenge does not
/// open. A wrap that does not open is no error: the report says so.
pub fn drill(
    bundle: &Bundle,
    identities: &[Arc<dyn Identity>],
    now: Timestamp,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Report> {
    let (mut present, mut answers) = (Vec::new(), Vec::new());
    for (place, asked) in bundle.asked().iter().enumerate() {
        if let Some((identity, answer)) = answered(bundle, asked, identities)? {
            present.push(Present { place, identity });
            answers.push(answer);
        }
    }
    if answers.is_empty() {
        return Err(nobody(bundle));
    }
    let place_of = |asked: &WrapAsked<'_>| present.iter().position(|one| one.place == asked.recipient);
    let wraps: Vec<_> = bundle
        .wraps()
        .filter_map(|asked| Some((place_of(&asked)?, asked)))
        .collect();
    let (mut results, mut keys) = (Vec::with_capacity(wraps.len()), Vec::new());
    for (result, key) in on_threads(&wraps, |(place, asked)| {
        progress(1);
        tried(*place, present.get(*place).map(|one| one.identity), asked)
    }) {
        results.push(result);
        keys.extend(key);
    }
    Report::sign(Statement::new(bundle, now, answers, results), &keys)
}

/// The first identity that opens the challenge, and its answer.
fn answered<'i>(
    bundle: &Bundle,
    asked: &Asked,
    identities: &'i [Arc<dyn Identity>],
) -> Result<Option<(&'i dyn Identity, Answer)>> {
    for identity in identities {
        let opened = identity.unwrap(&asked.challenge);
        let Some(challenge) = opened.map_err(|why| why.on(&asked.recipient))? else {
            continue;
        };
        let challenge = DataKey::from_unwrapped(&challenge)
            .ok_or_else(|| Error::damaged("its challenge is not 32 bytes long").on(&asked.recipient))?;
        let recipient = asked.recipient.clone();
        let answer = answer_to(&challenge, bundle.nonce(), &recipient)?;
        return Ok(Some((identity.as_ref(), Answer { recipient, answer })));
    }
    Ok(None)
}

fn nobody(bundle: &Bundle) -> Error {
    let recipients: Vec<_> = bundle
        .asked()
        .iter()
        .map(|asked| asked.recipient.as_str())
        .collect();
    Error::usage(format!(
        "no usable identity: the bundle asks for that of {}",
        recipients.join(", ")
    ))
    .hint("name its file: --identity FILE")
}

/// Runs `work` on every item, on as many threads as the machine has, and keeps their order.
fn on_threads<I: Sync, O: Send>(items: &[I], work: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = items.len().div_ceil(threads).max(1);
    let work = &work;
    thread::scope(|scope| {
        let shares = items.chunks(share);
        let running: Vec<_> = shares
            .map(|share| scope.spawn(move || share.iter().map(work).collect::<Vec<O>>()))
            .collect();
        let done = running.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        done.flatten().collect()
    })
}

fn tried(recipient: usize, identity: Option<&dyn Identity>, asked: &WrapAsked<'_>) -> (Tried, Option<Key>) {
    let header = Digest::of_header(&asked.envelope.header);
    let opened = match identity {
        Some(identity) => open(identity, asked),
        None => Err(Error::bug("a wrap was asked about for nobody")),
    };
    let (failed, key) = match opened {
        Ok(key) => (None, Some(key)),
        Err(why) => (Some(why.what().to_owned()), None),
    };
    let envelope = asked.envelope.name.clone();
    let key = key.map(|key| Key {
        header,
        binding: asked.envelope.header.binding(),
        key,
    });
    (
        Tried {
            envelope,
            header,
            recipient,
            failed,
        },
        key,
    )
}

/// The data key, if it is the one that the body commits to and that made the MAC of the wraps.
fn open(identity: &dyn Identity, asked: &WrapAsked<'_>) -> Result<DataKey> {
    let opened = identity.unwrap(&asked.wrap.wrapped)?;
    let opened = opened.ok_or_else(|| {
        Error::damaged("the identity does not open it: it is not wrapped for the recipient that it names")
    })?;
    let key = DataKey::from_unwrapped(&opened)
        .ok_or_else(|| Error::damaged(format!("it holds {} bytes, not a data key", opened.len())))?;
    let envelope = asked.envelope;
    BodyOpener::new(&key, &envelope.header.binding().body_context(), &envelope.head)?;
    envelope.header.check_mac(&key)?;
    Ok(key)
}
