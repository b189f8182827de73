//! Vectors of good form that do not open: text, context, unwrap, commitment and MAC.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_core::error::Result;

use super::envelope::Sections;
use super::keys::{EMBEDDED, ESCROW_IDENTITY, ESCROW_SEED, FOREIGN, WEST1, WEST4, escrow_wrap};
use super::seed::Seed;
use super::valid::sibling;
use super::vector::{Key, Vector};

type Must = &'static [&'static str];

/// Vectors whose text form is not one.
pub fn text() -> Result<Vec<Vector>> {
    let changed = |name, must: Must, about, edit: fn(String) -> String| {
        Vector::new(name, must, about).wrap(&WEST1).text(edit)
    };
    Ok(vec![
        changed("text-of-another-format", &["M47"], "kw2.", |text| {
            text.replacen("kw1.", "kw2.", 1)
        })?,
        changed("prefix-in-capitals", &["M47"], "KW1.", |text| {
            text.replacen("kw1.", "KW1.", 1)
        })?,
        changed("padding", &["M48"], "padding at the end", |text| text + "=")?,
        changed(
            "line-end",
            &["M48", "M50"],
            "a line end, which only a file may have",
            |text| text + "\n",
        )?,
        changed("space-before", &["M48"], "a space before the prefix", |text| {
            format!(" {text}")
        })?,
        changed("space-inside", &["M48"], "a space in the middle", |mut text| {
            text.insert(100, ' ');
            text
        })?,
        changed("standard-alphabet", &["M48"], "plus instead of minus", |text| {
            text.replace('-', "+")
        })?,
        Vector::new(
            "bits-behind-the-end",
            &["M48"],
            "the last letter has bits that no byte takes",
        )
        .content(15)
        .wrap(&WEST1)
        .text(|text| text[..text.len() - 1].to_owned() + "B")?,
        changed(
            "one-letter-too-many",
            &["M48"],
            "a length that base64 does not have",
            |text| text + "A",
        )?,
        Vector::new("base64-of-binary-as-text", &["M51"], "no prefix, standard base64")
            .wrap(&WEST1)
            .text(|text| STANDARD.encode(text))?,
        Vector::new(
            "text-too-long",
            &["M49"],
            "one letter over the limit of the reader",
        )
        .wrap(&WEST1)
        .max_text(451)
        .text(|text| text)?,
    ])
}

/// Vectors whose context is not the expected one. Everything else opens.
pub fn context() -> Vec<Vector> {
    let sealed = |name, about| {
        Vector::new(name, &["M34"], about)
            .pair("env", "demo")
            .wrap(&WEST1)
    };
    vec![
        sealed("another-value", "env=demo, but env=production is expected").expect("env", "production"),
        sealed("name-missing", "no pair of that name").expect("rule", "secrets/**"),
        sealed("value-is-a-prefix", "env=demo, but env=dem is expected").expect("env", "dem"),
        sealed("name-in-capitals", "env, but ENV is expected").expect("ENV", "demo"),
    ]
}

/// Vectors none of whose wraps yields 32 bytes.
pub fn unwrap() -> Result<Vec<Vector>> {
    let donor = Vector::new("donor", &[], "").wrap(&WEST1);
    let transplanted = donor.plan.wraps.clone();
    let elsewhere = Key {
        location: "europe-west4",
        ..WEST1
    };
    let relative = Key {
        name: "projects/example/locations/europe-west1/keyRings/../cryptoKeys/secrets",
        ..WEST1
    };
    let armor = format!(
        "-----BEGIN AGE ENCRYPTED FILE-----\n{}\n-----END AGE ENCRYPTED FILE-----\n",
        STANDARD.encode(super::keys::escrow_wrapped())
    );
    let escrow = |name, must: Must, about| Vector::seeded(Seed::new(ESCROW_SEED), name, must, about);
    Ok(vec![
        Vector::new("refused", &["M27"], "the KMS opens none of the wraps")
            .refused_wrap(&WEST1)
            .permit_all(),
        Vector::new("only-unknown-providers", &["M27"], "nothing that a reader knows").refused_wrap(&FOREIGN),
        Vector::new(
            "transplanted-wrap",
            &["M27", "M29"],
            "a wrap of another envelope: the AAD differs",
        )
        .plan(|plan| plan.wraps = transplanted)
        .answers_of(donor),
        Vector::new(
            "core-changed",
            &["M29"],
            "a context value was changed: the AAD differs",
        )
        .pair("env", "demo")
        .wrap(&WEST1)
        .edit(|sections| replace(&mut sections.core, b"demo", b"prod"))?,
        Vector::new(
            "not-permitted",
            &["M35"],
            "the KMS would answer, but the caller does not permit the key",
        )
        .wrap(&WEST1)
        .forbid(&WEST1),
        Vector::new(
            "location-is-another",
            &["M25"],
            "the key name is in another location than the wrap says",
        )
        .wrap(&elsewhere),
        Vector::new("hostile-key-name", &["M25"], "a key name with a relative part").wrap(&relative),
        Vector::new(
            "seventeenth-call",
            &["M36"],
            "the seventeenth KMS call would open it",
        )
        .plan(|plan| plan.wraps = (0..16).map(sibling).collect())
        .wrap(&WEST1)
        .permit_all(),
        Vector::new("answer-of-31-bytes", &["M37"], "shorter than a data key")
            .wrap_that_answers(&WEST1, vec![7; 31]),
        Vector::new("answer-of-64-bytes", &["M37"], "longer than a data key")
            .wrap_that_answers(&WEST1, vec![7; 64]),
        Vector::new("empty-answer", &["M37"], "no byte").wrap_that_answers(&WEST1, Vec::new()),
        escrow("no-identity", &["M35"], "an age wrap, and no identity").raw_wrap(escrow_wrap()),
        escrow("armored-age", &["M23"], "an age wrap in armor")
            .raw_wrap(escrow_wrap())
            .plan(|plan| plan.wraps[0].wrapped = armor.into())
            .identity(ESCROW_IDENTITY),
        escrow("age-file-cut", &["M23"], "an age file without its last byte")
            .raw_wrap(escrow_wrap())
            .plan(|plan| plan.wraps[0].wrapped.truncate(231))
            .identity(ESCROW_IDENTITY),
    ])
}

/// Vectors whose wraps yield 32 bytes that are not the data key of the body.
pub fn commitment() -> Result<Vec<Vector>> {
    let changed =
        |name, about, edit: fn(&mut Sections)| Vector::new(name, &["M38"], about).wrap(&WEST1).edit(edit);
    let another = Vector::new("another body", &[], "").wrap(&WEST1).sealed()?;
    Ok(vec![
        Vector::new(
            "another-data-key",
            &["M38"],
            "the only wrap yields another data key",
        )
        .wrap_that_answers(&WEST1, vec![7; 32]),
        Vector::new(
            "another-data-key-and-a-refusal",
            &["M38"],
            "one wrap yields another data key, one nothing",
        )
        .wrap_that_answers(&WEST1, vec![7; 32])
        .refused_wrap(&WEST4)
        .permit_all(),
        Vector::new(
            "body-of-another",
            &["M29", "M38"],
            "the body of another envelope behind this header",
        )
        .wrap(&WEST1)
        .edit(|sections| sections.body = another.body)?,
        Vector::seeded(
            Seed::new(ESCROW_SEED),
            "core-changed-before-escrow",
            &["M29"],
            "age has no AAD",
        )
        .pair("env", "demo")
        .raw_wrap(escrow_wrap())
        .identity(ESCROW_IDENTITY)
        .edit(|sections| replace(&mut sections.core, b"demo", b"prod"))?,
        changed("salt-flipped", "one bit of the salt", |sections| {
            sections.body[0] ^= 1
        })?,
        changed("commitment-flipped", "one bit of the commitment", |sections| {
            sections.body[55] ^= 1
        })?,
    ])
}

/// Vectors whose wraps were changed by someone who cannot open the envelope.
pub fn mac() -> Result<Vec<Vector>> {
    let changed = |name, about, edit: fn(&mut Sections)| {
        Vector::new(name, &["M39", "M30"], about)
            .wrap(&WEST1)
            .wrap(&WEST4)
            .edit(edit)
    };
    let mut all = vec![
        changed("mac-flipped-first", "the first bit of the MAC", |sections| {
            sections.mac[0] ^= 0x80
        })?,
        changed("mac-flipped-last", "the last bit of the MAC", |sections| {
            sections.mac[31] ^= 1
        })?,
        changed(
            "version-changed",
            "a wrap claims another key version",
            |sections| {
                replace(&mut sections.wraps, b"secrets\0\x011", b"secrets\0\x012");
            },
        )?,
        changed(
            "second-wrap-spoiled",
            "one bit of a wrap that is not needed",
            |sections| {
                if let Some(last) = sections.wraps.last_mut() {
                    *last ^= 1;
                }
            },
        )?,
    ];
    let name = "wrap-removed";
    let both = Vector::new(name, &[], "").wrap(&WEST1).wrap(&WEST4).sealed()?;
    all.push(
        Vector::new(name, &["M39", "M30"], "one of two wraps was taken out")
            .wrap(&WEST1)
            .edit(|sections| sections.mac = both.mac)?,
    );
    let name = "wraps-reordered";
    let straight = Vector::new(name, &["M39", "M30"], "two wraps in the other order")
        .wrap(&WEST1)
        .wrap(&EMBEDDED);
    let mac = straight.sealed()?.mac;
    all.push(
        straight
            .plan(|plan| plan.wraps.reverse())
            .edit(|sections| sections.mac = mac)?,
    );
    Ok(all)
}

/// Replaces the first occurrence of `old`, of the same length.
fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    if let Some(at) = bytes.windows(old.len()).position(|window| window == old) {
        bytes[at..at + new.len()].copy_from_slice(new);
    }
}
