//! Vectors that open.

use keyward_core::error::Result;

use super::keys::{EMBEDDED, ESCROW_IDENTITY, ESCROW_SEED, FOREIGN, WEST1, WEST4, escrow_wrap};
use super::seed::Seed;
use super::vector::Vector;

/// Every vector that opens.
pub fn vectors() -> Result<Vec<Vector>> {
    let mut all = contents();
    all.extend(contexts());
    all.extend(several_wraps());
    all.extend(escrow());
    all.extend(detached()?);
    all.push(
        Vector::new("text", &["M47"], "the text form")
            .wrap(&WEST1)
            .text(|text| text)?,
    );
    all.push(
        Vector::new(
            "text-of-the-allowed-length",
            &["M49"],
            "a text form that is just short enough",
        )
        .wrap(&WEST1)
        .max_text(452)
        .text(|text| text)?,
    );
    Ok(all)
}

fn contents() -> Vec<Vector> {
    let content = |name, musts, about, len| Vector::new(name, musts, about).content(len).wrap(&WEST1);
    vec![
        content(
            "one-wrap",
            &["M26", "M27", "M29", "M30"],
            "a short content under one key",
            14,
        ),
        content("empty-content", &["M31"], "no content: one empty chunk", 0),
        content(
            "almost-one-chunk",
            &["M31"],
            "one byte less than a chunk: one chunk",
            16383,
        ),
        content(
            "exactly-one-chunk",
            &["M31"],
            "exactly one chunk: an empty one follows",
            16384,
        ),
        content("several-chunks", &["M31"], "three chunks", 40000),
    ]
}

fn contexts() -> Vec<Vector> {
    let many = |vector: Vector| {
        vector.plan(|plan| {
            plan.pairs = (0..64)
                .map(|i| (format!("pair-{i:02}").into(), b"v".to_vec()))
                .collect()
        })
    };
    vec![
        Vector::new(
            "context",
            &["M34"],
            "three pairs, of which the caller expects two",
        )
        .pair("env", "demo")
        .pair("name", "database")
        .pair("rule", "secrets/**")
        .expect("env", "demo")
        .expect("rule", "secrets/**")
        .wrap(&WEST1),
        Vector::new(
            "context-order",
            &["M12", "M13"],
            "names in the order of their bytes, not of an alphabet",
        )
        .pair("B", "capital letters come first")
        .pair("a", "")
        .pair("aa", "a prefix comes first")
        .pair("z", "")
        .pair("\u{e9}", "two bytes, above every letter")
        .pair("\u{1f511}", "four bytes")
        .wrap(&WEST1),
        many(Vector::new(
            "context-of-64-pairs",
            &["M10"],
            "as many pairs as there may be",
        ))
        .wrap(&WEST1),
        Vector::new(
            "context-longest-pair",
            &["M11"],
            "a name and a value of the greatest length",
        )
        .pair(&"n".repeat(256), &"v".repeat(4096))
        .wrap(&WEST1),
    ]
}

fn several_wraps() -> Vec<Vector> {
    let missing = |mut vector: Vector| {
        vector.plan.wraps.push(WEST1.wrap(Vec::new()));
        vector
    };
    vec![
        Vector::new(
            "three-locations",
            &["M35"],
            "the first key does not answer, the second does",
        )
        .refused_wrap(&WEST1)
        .wrap(&WEST4)
        .wrap(&EMBEDDED)
        .by("embedded", 1),
        Vector::new("embedded-kms", &["M25"], "a key of the embedded KMS").wrap(&EMBEDDED),
        missing(Vector::new(
            "missing-wrap",
            &["M22"],
            "the first wrap is wanted and missing",
        ))
        .wrap(&WEST4)
        .by("embedded", 1),
        Vector::new(
            "unknown-provider",
            &["M27"],
            "a provider that this format does not name is passed over",
        )
        .refused_wrap(&FOREIGN)
        .wrap(&WEST1)
        .by("embedded", 1),
        Vector::new("version-unknown", &["M26"], "a wrap that names no key version")
            .wrap(&WEST1)
            .plan(|plan| plan.wraps[0].version.clear()),
        Vector::new(
            "wrap-of-another-data-key",
            &["M38"],
            "the first wrap yields another data key and is passed over",
        )
        .wrap_that_answers(&WEST1, vec![7; 32])
        .wrap(&WEST4)
        .by("embedded", 1),
        Vector::new(
            "answer-too-long",
            &["M37"],
            "the first wrap yields 33 bytes and is passed over",
        )
        .wrap_that_answers(&WEST1, vec![7; 33])
        .wrap(&WEST4)
        .by("embedded", 1),
        Vector::new(
            "greatest-number-of-wraps",
            &["M15"],
            "255 wraps, the last one opens",
        )
        .plan(|plan| plan.wraps = (0..254).map(foreign).collect())
        .wrap(&WEST1)
        .by("embedded", 254),
        Vector::new("sixteenth-call", &["M36"], "the sixteenth KMS call opens it")
            .plan(|plan| plan.wraps = (0..15).map(sibling).collect())
            .wrap(&WEST1)
            .permit_all()
            .by("embedded", 15),
    ]
}

/// One of many wraps of a provider that no reader knows.
fn foreign(number: usize) -> super::envelope::ForgedWrap {
    let mut wrap = FOREIGN.wrap(vec![0]);
    wrap.key = format!("key-{number}").into();
    wrap
}

/// One of many wraps under keys of one ring, none of which opens.
pub fn sibling(number: usize) -> super::envelope::ForgedWrap {
    let mut wrap = WEST4.wrap(vec![0; 64]);
    wrap.key = format!("{}-{number}", WEST4.name).into();
    wrap
}

fn escrow() -> Vec<Vector> {
    let from_seed = |name, musts, about| Vector::seeded(Seed::new(ESCROW_SEED), name, musts, about);
    vec![
        from_seed(
            "escrow",
            &["M23", "M24"],
            "only an age wrap, made by the age command",
        )
        .raw_wrap(escrow_wrap())
        .identity(ESCROW_IDENTITY),
        from_seed(
            "escrow-beside-kms",
            &["M20"],
            "the KMS does not answer, the age wrap opens",
        )
        .pair("env", "demo")
        .refused_wrap(&WEST1)
        .raw_wrap(escrow_wrap())
        .identity(ESCROW_IDENTITY)
        .by("embedded", 1),
    ]
}

fn detached() -> Result<Vec<Vector>> {
    let name = "detached-wraps";
    let newer = || Vector::new(name, &[], "").wrap(&WEST4);
    let stranger = Vector::new("another envelope", &[], "").wrap(&WEST4);
    let mut forged = newer().sealed()?;
    forged.mac[0] ^= 1;
    Ok(vec![
        Vector::new(
            name,
            &["M42", "M44", "M46"],
            "the embedded wrap is refused, the detached one opens",
        )
        .refused_wrap(&WEST1)
        .detached(newer().sealed()?.header(), newer())
        .by("detached", 0),
        Vector::new(
            "stale-detached-wraps",
            &["M45"],
            "detached wraps of another envelope are ignored",
        )
        .wrap(&WEST1)
        .detached(stranger.sealed()?.header(), stranger),
        Vector::seeded(
            Seed::new(name),
            "forged-detached-wraps",
            &["M46"],
            "a wrong MAC of the detached wraps",
        )
        .wrap(&WEST1)
        .detached(forged.header(), newer()),
        Vector::seeded(
            Seed::new(name),
            "detached-wraps-with-a-tail",
            &["M44"],
            "no header: ignored",
        )
        .wrap(&WEST1)
        .detached([newer().sealed()?.header(), vec![0]].concat(), newer()),
    ])
}
