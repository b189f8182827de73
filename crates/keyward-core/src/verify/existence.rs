//! V01, V02, V15, V31: the ring is there, the key is there, is of the declared kind, and may be used.

use super::lock::{MANIFEST_HISTORY, another_place};
use super::{Check, CheckId, Evidence, Recorded, Verdict};
use crate::key::{Algorithm, CryptoKey, ProtectionLevel, Purpose};
use crate::kms::Observed;

pub(super) fn ring(evidence: Evidence<'_>) -> Check {
    let ring = evidence.expected.key.name.ring();
    let verdict = match &evidence.seen.ring {
        Observed::Present(_) => Verdict::Pass,
        Observed::Absent => Verdict::Fail(format!("no such key ring in {}", ring.location())),
        Observed::Unknown(why) => Verdict::Unknown(why.clone()),
    };
    let resource = format!("{}://{ring}", evidence.expected.key.provider);
    Check::new(CheckId::V01, resource, verdict).next(create(evidence))
}

pub(super) fn key(evidence: Evidence<'_>) -> Check {
    let verdict = match (&evidence.seen.key, evidence.recorded) {
        (Observed::Present(_), _) => Verdict::Pass,
        (Observed::Unknown(why), _) => Verdict::Unknown(why.clone()),
        (Observed::Absent, Recorded::Proven(key)) => Verdict::Fail(format!(
            "missing, and it was there at {}; {}",
            key.proven_at,
            evidence.uses.all_text()
        )),
        (Observed::Absent, Recorded::Elsewhere(old)) => Verdict::Fail(format!(
            "missing, and the lock has it in {}; {}",
            another_place(old, &evidence.expected.key),
            evidence.uses.all_text()
        )),
        (Observed::Absent, _) => Verdict::Fail(format!("missing; {}", evidence.uses.all_text())),
    };
    evidence.check(CheckId::V02, verdict).next(create(evidence))
}

pub(super) fn purpose(evidence: Evidence<'_>) -> Check {
    let verdict = match evidence.live_key() {
        Ok(key) => unfit(key, evidence.expected.protection).map_or(Verdict::Pass, Verdict::Fail),
        Err(verdict) => verdict,
    };
    evidence.check(CheckId::V15, verdict)
}

/// A policy that is there and allows nothing denies every use of the key (Cloud KMS API, `KeyAccessJustificationsPolicy`).
pub(super) fn access(evidence: Evidence<'_>) -> Check {
    let verdict = match evidence.live_key().map(|key| &key.access_reasons) {
        Err(verdict) => verdict,
        Ok(Some(reasons)) if reasons.is_empty() => Verdict::Fail(
            "its policy on reasons for access (Key Access Justifications) allows none: it cannot be used"
                .into(),
        ),
        Ok(_) => Verdict::Pass,
    };
    evidence.check(CheckId::V31, verdict)
}

/// What is wrong about the kind of a key. None of it can be changed on an existing key.
fn unfit(key: &CryptoKey, declared: Option<ProtectionLevel>) -> Option<String> {
    if key.purpose != Purpose::EncryptDecrypt {
        return Some("it is not for encryption (ENCRYPT_DECRYPT): its purpose is another one".into());
    }
    if key.algorithm != Algorithm::GoogleSymmetricEncryption {
        return Some("its algorithm is not GOOGLE_SYMMETRIC_ENCRYPTION".into());
    }
    let other = declared.filter(|declared| *declared != key.protection)?;
    Some(format!(
        "its protection level is {} and {other} is declared",
        key.protection
    ))
}

/// A key that once was, or that a file may need, is not to be made anew under its old name: that opens nothing, and
/// hides the loss. One that the lock has elsewhere asks for a look at what became of the manifest.
fn create(evidence: Evidence<'_>) -> Option<String> {
    if !matches!(evidence.seen.key, Observed::Absent) {
        return None;
    }
    match evidence.recorded {
        Recorded::Proven(_) => None,
        Recorded::Elsewhere(_) => Some(MANIFEST_HISTORY.to_owned()),
        Recorded::Never | Recorded::NoLock => (!evidence.may_be_needed()).then(|| evidence.create()),
    }
}
