//! Every cap in one place. A reader enforces the cap before it allocates.
//!
//! The envelope's caps are part of its format (docs/format.md); the others bound what a hostile file or answer can
//! make this process do.

use std::time::Duration;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Longest core section of an envelope, in bytes.
pub const CORE_LEN: usize = 16 * 1024;
/// Longest wraps section of an envelope, in bytes, its MAC included.
pub const WRAPS_LEN: usize = 64 * 1024;
/// Most wraps in one envelope.
pub const WRAPS: usize = 255;
/// Longest wrapped data key, in bytes. Room for post-quantum hybrids, of 1.7 KiB or so.
pub const WRAPPED_LEN: usize = 4096;
/// Longest provider identifier in a wrap, in bytes.
pub const PROVIDER_LEN: usize = 64;
/// Longest location name, in bytes.
pub const LOCATION_LEN: usize = 64;
/// Longest key name in a wrap, in bytes. A longer recipient is named by its fingerprint.
pub const KEY_NAME_LEN: usize = 1024;
/// Longest key version in a wrap, in bytes.
pub const KEY_VERSION_LEN: usize = 256;
/// Most pairs in an encryption context.
pub const CONTEXT_PAIRS: usize = 64;
/// Longest name of a context pair, in bytes.
pub const CONTEXT_NAME_LEN: usize = 256;
/// Longest value of a context pair, in bytes.
pub const CONTEXT_VALUE_LEN: usize = 4096;
/// Most provider calls spent on opening one envelope, retries included.
pub const UNWRAP_CALLS: usize = 16;
/// Longest text form (`kw1.…`) read by default, in bytes: Linux limits one environment string to 128 KiB.
pub const TEXT_LEN: usize = 128 * 1024;
/// Chunks in one body: fewer than this (Cobblestone: 2^38 chunks of 16 KiB, 4 PiB).
pub const CHUNKS: u64 = 1 << 38;

/// Longest manifest, in bytes.
pub const MANIFEST_LEN: usize = 4 * 1024 * 1024;
/// Longest lock file, in bytes: 10,000 keys with 50,000 versions take about 25 MB.
pub const LOCK_LEN: usize = 48 * 1024 * 1024;
/// Longest attestation, in bytes: 50,000 versions take about 8 MB.
pub const ATTESTATION_LEN: usize = 16 * 1024 * 1024;
/// Longest path pattern of a rule, in bytes.
pub const RULE_LEN: usize = 512;
/// Most wildcards in it: `*`, `?`, `[`, and the `{` and `,` of alternatives.
pub const RULE_WILDCARDS: usize = 32;
/// Longest path patterns of all rules together, in bytes: they are compiled into one automaton.
pub const RULES_LEN: usize = 64 * 1024;
/// Longest file of recipients, identities or a root key, in bytes.
pub const KEY_FILE_LEN: usize = 1024 * 1024;
/// Longest header of a plain age file, in bytes: some 600 recipients. The header is parsed again for every line of it.
pub const AGE_HEADER_LEN: usize = 64 * 1024;
/// Longest line of an armored age file, in bytes. The format wraps at 64 characters.
pub const AGE_ARMOR_LINE_LEN: usize = 1024;
/// Largest scrypt work factor of a passphrase-protected age file: N is 2 to this power, and takes N KiB of memory.
/// age writes 18 (256 MiB); more than 20 (1 GiB) is a file that wants to exhaust its reader.
pub const AGE_WORK_FACTOR: u8 = 20;
/// Longest bundle or report of an escrow drill, in bytes: some 50,000 envelopes under two keys and one recipient.
pub const ESCROW_LEN: usize = 64 * 1024 * 1024;
/// Longest line of it, in bytes: the longest header of an envelope in base64, and a name.
pub const ESCROW_LINE_LEN: usize = 256 * 1024;
/// Longest name of an envelope in it, in bytes.
pub const ESCROW_NAME_LEN: usize = 4096;
/// Longest reason in it, in bytes, why a wrap did not open.
pub const ESCROW_WHY_LEN: usize = 512;
/// Longest CSV of a credential batch, in bytes.
pub const BATCH_LEN: usize = 64 * 1024 * 1024;
/// Longest name of a client in its credential document, in bytes.
pub const CLIENT_NAME_LEN: usize = 1024;
/// Longest site name, in bytes: the name of its folder adds 12, and file systems end at 255.
pub const SITE_LEN: usize = 243;
/// Most address blocks, and most preferences, of one credential.
pub const PERMISSION_ENTRIES: usize = 1000;
/// Longest plaintext or additional authenticated data of one KMS call, in bytes (Cloud KMS, software keys: 64 KiB).
pub const KMS_PLAINTEXT_LEN: usize = 64 * 1024;
/// Longest plaintext and additional authenticated data together of one call with a key in hardware, in bytes (Cloud KMS
/// API, Encrypt).
pub const KMS_HSM_LEN: usize = 8 * 1024;
/// Most versions of a key in a key machine: those of 27 years of daily rotation. It bounds what a machine that wakes up
/// after a very long sleep makes up for.
pub const KEY_VERSIONS: usize = 10_000;
/// Most labels of a key (Cloud KMS documentation, "Labeling keys").
pub const KEY_LABELS: usize = 64;
/// Longest name and longest value of a label, in bytes (same source: 63 characters).
pub const LABEL_LEN: usize = 63 * 4;

/// Shortest rotation period (Cloud KMS API, `CryptoKey.rotation_period`).
pub const ROTATION_MIN: Duration = HOUR.saturating_mul(24);
/// Longest rotation period (same source).
pub const ROTATION_MAX: Duration = HOUR.saturating_mul(876_000);
/// Shortest destroy window (Cloud KMS documentation, "Key states").
pub const DESTROY_WINDOW_MIN: Duration = HOUR.saturating_mul(24);
/// Longest destroy window (same source).
pub const DESTROY_WINDOW_MAX: Duration = HOUR.saturating_mul(24 * 120);
/// The destroy window of a key that was created without one: Cloud KMS' default since March 2024. Older keys keep the
/// 24 hours that they were created with.
pub const DESTROY_WINDOW_DEFAULT: Duration = HOUR.saturating_mul(24 * 30);

/// Longest plan of `terraform show -json`, in bytes. Plans of very large states have some hundred MB.
pub const PLAN_LEN: u64 = 1 << 30;
/// Longest single text in it, in bytes: what a provider may send to Terraform in one message.
pub const PLAN_TEXT_LEN: usize = 64 * 1024 * 1024;
/// What is kept of it, in bytes: some 100,000 keys, grants and buckets.
pub const PLAN_KEPT: usize = 64 * 1024 * 1024;
