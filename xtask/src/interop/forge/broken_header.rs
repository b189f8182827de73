//! Vectors whose header breaks one rule and is sound otherwise: bindings, MAC and body are those of the broken header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_core::error::Result;

use super::envelope::{ForgedWrap, Plan, Sections};
use super::keys::{ESCROW_IDENTITY, ESCROW_SEED, WEST1, WEST4, escrow_wrap};
use super::seed::Seed;
use super::vector::Vector;

type Must = &'static [&'static str];

/// Vectors that a reader rejects in the prefix.
pub fn prefix() -> Result<Vec<Vector>> {
    let start = |name, must: Must, about, at: usize, value| {
        Vector::new(name, must, about)
            .plan(|plan| plan.start[at] = value)
            .wrap(&WEST1)
    };
    let length = |name, must: Must, about, at: usize, len: u32| {
        edited(name, must, about, |sections| {
            sections.prefix[at..at + 4].copy_from_slice(&len.to_be_bytes());
        })
    };
    let whole = Vector::new("base64-of-binary", &["M51"], "the base64 of a binary envelope").wrap(&WEST1);
    let pasted = STANDARD.encode(whole.sealed()?.bytes());
    let cut = Vector::new("cut-in-prefix", &["M1"], "15 bytes").wrap(&WEST1);
    let cut_bytes = cut.sealed()?.bytes();
    Ok(vec![
        Vector::new("empty-file", &["M1"], "no byte at all").binary(b""),
        cut.binary(&cut_bytes[..15]),
        Vector::new("age-file", &["M1"], "a plain age file").binary(&super::keys::escrow_wrapped()),
        whole.binary(pasted.as_bytes()),
        start("other-magic", &["M1"], "one bit of the magic", 3, 0x30),
        start("format-0", &["M2"], "a format that does not exist", 4, 0),
        start("format-2", &["M2"], "a format to come", 4, 2),
        start("suite-2", &["M3"], "a suite to come", 5, 2),
        start("reserved-first", &["M4"], "the first reserved byte", 6, 1),
        start("reserved-second", &["M4"], "the second reserved byte", 7, 1),
        length("core-too-short", &["M5"], "no room for id and count", 8, 33)?,
        length("core-too-long", &["M5"], "one byte over the cap", 8, 16385)?,
        length(
            "core-huge",
            &["M5", "M7"],
            "4 GiB in a file of a few hundred bytes",
            8,
            u32::MAX,
        )?,
        length("wraps-too-short", &["M6"], "no room for a wrap", 12, 47)?,
        length("wraps-too-long", &["M6"], "one byte over the cap", 12, 65537)?,
        length(
            "wraps-huge",
            &["M6", "M7"],
            "4 GiB in a file of a few hundred bytes",
            12,
            u32::MAX,
        )?,
    ])
}

/// Vectors that a reader rejects in the core.
pub fn core() -> Result<Vec<Vector>> {
    let mut all = core_sections()?;
    all.extend(context_pairs());
    Ok(all)
}

fn core_sections() -> Result<Vec<Vector>> {
    let cut = Vector::new("cut-in-core", &["M8"], "the file ends in the core").wrap(&WEST1);
    let cut_bytes = cut.sealed()?.bytes();
    Ok(vec![
        cut.binary(&cut_bytes[..40]),
        planned("core-tail", &["M8"], "a byte behind the last pair", |plan| {
            plan.core_tail = vec![0]
        }),
        planned(
            "pair-that-is-not-there",
            &["M8"],
            "one pair is announced, none follows",
            |plan| {
                plan.pair_count = Some(1);
            },
        ),
        planned(
            "pair-not-announced",
            &["M8"],
            "no pair is announced, one follows",
            |plan| {
                plan.pairs = vec![(b"env".to_vec(), b"demo".to_vec())];
                plan.pair_count = Some(0);
            },
        ),
        planned(
            "name-behind-the-end",
            &["M8"],
            "a name longer than what is left",
            |plan| {
                plan.pair_count = Some(1);
                plan.core_tail = vec![0, 9, b'e', b'n', b'v', 0, 0];
            },
        ),
        planned("65-pairs", &["M10"], "one pair too many", |plan| {
            plan.pairs = (0..65).map(|i| (format!("{i:02}").into(), Vec::new())).collect();
        }),
        planned(
            "65535-pairs",
            &["M10"],
            "many pairs announced in a few bytes",
            |plan| {
                plan.pair_count = Some(u16::MAX);
            },
        ),
    ])
}

fn context_pairs() -> Vec<Vector> {
    let pairs = |name, must: Must, about, pairs: &[(&[u8], &[u8])]| {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect();
        planned(name, must, about, |plan| plan.pairs = pairs)
    };
    vec![
        pairs("empty-name", &["M11"], "a pair without a name", &[(b"", b"v")]),
        pairs(
            "name-too-long",
            &["M11"],
            "a name of 257 bytes",
            &[(&[b'n'; 257], b"v")],
        ),
        pairs(
            "value-too-long",
            &["M11"],
            "a value of 4097 bytes",
            &[(b"n", &[b'v'; 4097])],
        ),
        pairs(
            "name-not-utf8",
            &["M12"],
            "a lone continuation byte",
            &[(b"n\x80", b"v")],
        ),
        pairs(
            "value-not-utf8",
            &["M12"],
            "an encoded surrogate",
            &[(b"n", b"\xed\xa0\x80")],
        ),
        pairs(
            "value-overlong",
            &["M12"],
            "a slash in two bytes",
            &[(b"n", b"\xc0\xaf")],
        ),
        pairs(
            "names-descending",
            &["M13"],
            "b before a",
            &[(b"b", b""), (b"a", b"")],
        ),
        pairs(
            "name-twice",
            &["M13"],
            "one name, two values",
            &[(b"a", b"1"), (b"a", b"2")],
        ),
        pairs(
            "names-as-numbers",
            &["M13"],
            "9 before 10",
            &[(b"9", b""), (b"10", b"")],
        ),
        pairs(
            "reserved-name",
            &["M14"],
            "a name that starts with kw:",
            &[(b"kw:id", b"1")],
        ),
    ]
}

/// Vectors that a reader rejects in the wraps.
pub fn wraps() -> Result<Vec<Vector>> {
    let mut all = wrap_sections()?;
    all.extend(wrap_fields());
    all.extend(age_wraps());
    Ok(all)
}

fn wrap_sections() -> Result<Vec<Vector>> {
    let cut = Vector::new("cut-in-wraps", &["M15"], "the file ends in the wraps").wrap(&WEST1);
    let cut_bytes = cut.sealed()?.bytes();
    Ok(vec![
        cut.binary(&cut_bytes[..90]),
        planned("no-wraps", &["M15"], "zero wraps announced, one there", |plan| {
            plan.wrap_count = Some(0)
        }),
        planned(
            "255-wraps-announced",
            &["M15"],
            "255 wraps announced in a few bytes",
            |plan| {
                plan.wrap_count = Some(255);
            },
        ),
        planned(
            "wraps-tail",
            &["M15"],
            "a byte between the last wrap and the MAC",
            |plan| plan.wraps_tail = vec![0],
        ),
        planned(
            "wrap-not-announced",
            &["M15"],
            "two wraps, one announced",
            |plan| {
                plan.wraps.push(WEST4.wrap(vec![0; 64]));
                plan.wrap_count = Some(1);
            },
        ),
        planned(
            "key-twice",
            &["M21"],
            "two wraps under one key, of different versions",
            |plan| {
                let mut second = plan.wraps[0].clone();
                second.version = b"2".to_vec();
                plan.wraps.push(second);
            },
        ),
        planned(
            "key-twice-once-missing",
            &["M21"],
            "a wrap, and the same one missing",
            |plan| {
                let mut second = plan.wraps[0].clone();
                second.wrapped.clear();
                plan.wraps.push(second);
            },
        ),
        planned(
            "all-missing",
            &["M22"],
            "every wrap is wanted and missing",
            |plan| {
                plan.wraps[0].wrapped.clear();
            },
        ),
    ])
}

fn wrap_fields() -> Vec<Vector> {
    let field = |name, must: Must, about, edit: fn(&mut ForgedWrap)| {
        planned(name, must, about, |plan| edit(&mut plan.wraps[0]))
    };
    vec![
        field("kind-0", &["M16"], "no kind", |wrap| wrap.kind = 0),
        field("kind-3", &["M16"], "a kind to come", |wrap| wrap.kind = 3),
        field("group-1", &["M17"], "a group", |wrap| wrap.group = 1),
        field("no-provider", &["M18"], "an empty provider", |wrap| {
            wrap.provider.clear()
        }),
        field("provider-too-long", &["M18"], "65 bytes", |wrap| {
            wrap.provider = vec![b'p'; 65]
        }),
        field("location-too-long", &["M18"], "65 bytes", |wrap| {
            wrap.location = vec![b'l'; 65]
        }),
        field("no-key-name", &["M18"], "an empty key name", |wrap| {
            wrap.key.clear()
        }),
        field("key-name-too-long", &["M18"], "1025 bytes", |wrap| {
            wrap.key = vec![b'k'; 1025]
        }),
        field("version-too-long", &["M18"], "257 bytes", |wrap| {
            wrap.version = vec![b'1'; 257]
        }),
        field("wrapped-too-long", &["M18"], "4097 bytes", |wrap| {
            wrap.wrapped = vec![0; 4097]
        }),
        field("provider-with-space", &["M19"], "a space", |wrap| {
            wrap.provider = b"gcp kms".to_vec()
        }),
        field("location-with-escape", &["M19"], "a terminal escape", |wrap| {
            wrap.location = b"\x1b[2J".to_vec()
        }),
        field(
            "key-name-not-ascii",
            &["M19"],
            "a letter that looks like another",
            |wrap| {
                wrap.key = "projects/\u{440}".into();
            },
        ),
        field("version-with-newline", &["M19"], "a line end", |wrap| {
            wrap.version = b"1\n".to_vec()
        }),
    ]
}

fn age_wraps() -> Vec<Vector> {
    let age = |name, about, edit: fn(&mut ForgedWrap)| {
        Vector::seeded(Seed::new(ESCROW_SEED), name, &["M20"], about)
            .raw_wrap(escrow_wrap())
            .plan(|plan| edit(&mut plan.wraps[0]))
            .identity(ESCROW_IDENTITY)
    };
    vec![
        age("age-with-location", "an age wrap with a location", |wrap| {
            wrap.location = b"global".to_vec()
        }),
        age("age-with-version", "an age wrap with a version", |wrap| {
            wrap.version = b"1".to_vec()
        }),
        age("age-as-kms", "provider age, kind 1", |wrap| wrap.kind = 1),
        age("kms-as-age", "kind 2, provider gcp-kms", |wrap| {
            wrap.provider = b"gcp-kms".to_vec()
        }),
    ]
}

/// An envelope with one wrap whose plan is changed before it is sealed.
fn planned(name: &'static str, must: Must, about: &'static str, edit: impl FnOnce(&mut Plan)) -> Vector {
    Vector::new(name, must, about).wrap(&WEST1).plan(edit)
}

/// An envelope with one wrap that is changed after it was sealed.
fn edited(
    name: &'static str,
    must: Must,
    about: &'static str,
    edit: impl FnOnce(&mut Sections),
) -> Result<Vector> {
    Vector::new(name, must, about).wrap(&WEST1).edit(edit)
}
