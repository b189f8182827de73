//! What a report proves, and that nobody makes one, or changes one, without the keys.

use proptest::prelude::*;
use proptest::sample::Index;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::context::EncryptionContext;
use crate::envelope::{BODY_HEAD_LEN, Binding, Draft, Header, Wrap};
use crate::error::{ErrorKind, Result};
use crate::secret::DataKey;

const A: &str = "age1aaa";
const B: &str = "age1bbb";

/// A world of its own for each seed: recipients with challenges, and envelopes of which the data keys are known.
struct World {
    bundle: Bundle,
    challenges: Vec<DataKey>,
    keys: Vec<(Header, DataKey)>,
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn copy(key: &DataKey) -> DataKey {
    let bytes = crate::secret::SecretBytes::new(key.expose().to_vec());
    DataKey::from_unwrapped(&bytes).unwrap()
}

fn sealed(recipients: &[&str], rng: &mut StdRng) -> (Header, [u8; BODY_HEAD_LEN], DataKey) {
    let mut context = EncryptionContext::new();
    context.insert("env", "demo").unwrap();
    let draft = Draft::new(context, rng).unwrap();
    let key = copy(draft.data_key());
    let wraps = recipients
        .iter()
        .map(|recipient| Wrap::age(&recipient.parse().unwrap(), b"a wrap".to_vec()))
        .collect();
    let (header, sealer) = draft.finish(wraps).unwrap();
    (header, sealer.head(), key)
}

fn world(seed: u64) -> World {
    let rng = &mut StdRng::seed_from_u64(seed);
    let nonce = Nonce::draw(rng);
    let (mut asked, mut challenges) = (Vec::new(), Vec::new());
    for recipient in [A, B] {
        let challenge = DataKey::generate(rng);
        let wrapped = b"a challenge".to_vec();
        asked.push(Asked::new(recipient.parse().unwrap(), &nonce, &challenge, wrapped).unwrap());
        challenges.push(challenge);
    }
    let (mut envelopes, mut keys) = (Vec::new(), Vec::new());
    for (name, recipients) in [
        ("one.kw", &[A][..]),
        ("two\n\u{202e}.kw", &[B, A]),
        ("three.kw", &[B]),
    ] {
        let (header, head, key) = sealed(recipients, rng);
        keys.push((header.clone(), key));
        envelopes.push(Escrowed {
            name: name.into(),
            header,
            head,
        });
    }
    let made = time("2026-11-25T08:00:00.5Z");
    let manifest = Some(Digest::of(b"a manifest"));
    World {
        bundle: Bundle::new(made, nonce, manifest, asked, envelopes).unwrap(),
        challenges,
        keys,
    }
}

impl World {
    fn keys(&self) -> Vec<Key> {
        let key = |(header, key): &(Header, DataKey)| Key {
            header: Digest::of_header(header),
            binding: header.binding(),
            key: copy(key),
        };
        self.keys.iter().map(key).collect()
    }

    fn answer(&self, place: usize) -> Answer {
        let recipient = self.bundle.asked()[place].recipient.clone();
        let answer = answer_to(&self.challenges[place], self.bundle.nonce(), &recipient).unwrap();
        Answer { recipient, answer }
    }

    /// What a drill with the identities of these recipients states, if all opened but those with a name in `failed`.
    fn statement(&self, recipients: &[usize], failed: &[&str]) -> Statement {
        let answers = recipients.iter().map(|place| self.answer(*place)).collect();
        let results = self.bundle.wraps().filter_map(|asked| {
            let name = &asked.envelope.name;
            Some(Tried {
                envelope: name.clone(),
                header: Digest::of_header(&asked.envelope.header),
                recipient: recipients.iter().position(|place| *place == asked.recipient)?,
                failed: failed.contains(&name.as_str()).then(|| "it does not open".into()),
            })
        });
        Statement::new(
            &self.bundle,
            time("2026-11-25T09:00:00Z"),
            answers,
            results.collect(),
        )
    }

    fn report(&self) -> Report {
        Report::sign(self.statement(&[0, 1], &["three.kw"]), &self.keys()).unwrap()
    }

    /// What an import does with the text of a report.
    fn accepts(&self, text: &str) -> Result<Report> {
        let report = Report::parse(text, "report")?;
        report.answers(&self.bundle)?;
        let opened = |key: &&Key| {
            let results = &report.statement().results;
            results
                .iter()
                .any(|tried| tried.header == key.header && tried.failed.is_none())
        };
        for key in self.keys().iter().filter(opened) {
            report.is_proven_by(key)?;
        }
        Ok(report)
    }

    fn refusal(&self, report: &Report) -> ErrorKind {
        self.accepts(&report.encode().unwrap()).unwrap_err().kind()
    }
}

// E1, E14
#[test]
fn a_bundle_and_a_report_read_as_they_were_written() {
    let world = world(1);
    let text = world.bundle.encode().unwrap();
    let again = Bundle::parse(&text, "bundle").unwrap();
    assert_eq!(again.encode().unwrap(), text);
    assert_eq!(again.digest(), world.bundle.digest());
    assert!(text.starts_with(r#"{"escrow_bundle":1,"made":"2026-11-25T08:00:00.5Z","nonce":""#));
    assert_eq!(again.wraps().count(), 4);
    let report = world.report();
    let text = report.encode().unwrap();
    assert_eq!(world.accepts(&text).unwrap(), report);
    // Two envelopes opened: one line each.
    assert_eq!(text.matches("\"mac\":").count(), 2);
}

// E10, E15
#[test]
fn a_drill_of_one_recipient_is_whole_without_the_others() {
    let world = world(2);
    let report = Report::sign(world.statement(&[1], &[]), &world.keys()).unwrap();
    let accepted = world.accepts(&report.encode().unwrap()).unwrap();
    let names: Vec<_> = accepted
        .statement()
        .results
        .iter()
        .map(|tried| &tried.envelope[..3])
        .collect();
    assert_eq!(names, ["two", "thr"]);
}

// E11, E17
#[test]
fn a_report_made_without_the_keys_is_refused() {
    let world = world(3);
    let honest = world.statement(&[0, 1], &["three.kw"]);
    // The data keys, and no identity: somebody who may use the KMS.
    let mut claimed = honest.clone();
    claimed.answers[0].answer = [7; 32];
    let forged = Report::sign(claimed, &world.keys()).unwrap();
    assert_eq!(world.refusal(&forged), ErrorKind::Damaged);
    // An identity, and not the data key of an envelope that it says it opened.
    let other = self::world(4);
    let mut keys = world.keys();
    keys[2].key = copy(&other.keys[2].1);
    let forged = Report::sign(world.statement(&[0, 1], &[]), &keys).unwrap();
    assert_eq!(world.refusal(&forged), ErrorKind::Damaged);
    // The answer of another recipient, and one twice.
    let mut claimed = honest.clone();
    claimed.answers[1].answer = claimed.answers[0].answer;
    assert_eq!(
        world.refusal(&Report::sign(claimed, &world.keys()).unwrap()),
        ErrorKind::Damaged
    );
    let mut claimed = honest;
    claimed.answers[1] = claimed.answers[0].clone();
    assert_eq!(
        world.refusal(&Report::sign(claimed, &world.keys()).unwrap()),
        ErrorKind::Damaged
    );
}

// E13
#[test]
fn what_failed_cannot_be_left_out() {
    let world = world(5);
    let honest = world.statement(&[0, 1], &["three.kw"]);
    for left_out in 0..honest.results.len() {
        let mut claimed = honest.clone();
        claimed.results.remove(left_out);
        let forged = Report::sign(claimed, &world.keys()).unwrap();
        assert_eq!(world.refusal(&forged), ErrorKind::Damaged, "{left_out}");
    }
    let mut claimed = honest;
    claimed.results[3].header = claimed.results[0].header;
    assert_eq!(
        world.refusal(&Report::sign(claimed, &world.keys()).unwrap()),
        ErrorKind::Damaged
    );
}

// E3, E9
#[test]
fn an_answer_to_another_bundle_is_refused() {
    let (world, other) = (world(6), world(7));
    assert_eq!(world.refusal(&other.report()), ErrorKind::Refused);
    // The same envelopes, asked about again.
    let rng = &mut StdRng::seed_from_u64(8);
    let (asked, envelopes) = (world.bundle.asked().to_vec(), world.bundle.envelopes().to_vec());
    let again = Bundle::new(world.bundle.made(), Nonce::draw(rng), None, asked, envelopes).unwrap();
    let world = World {
        bundle: again,
        ..world
    };
    assert_eq!(world.refusal(&self::world(6).report()), ErrorKind::Refused);
}

// E7
#[test]
fn an_answer_says_nothing_about_what_was_wrapped() {
    let world = world(9);
    let answer = world.answer(0);
    let challenge = world.challenges[0].expose();
    assert_ne!(&answer.answer, challenge);
    let text = world.report().encode().unwrap();
    assert!(!text.contains(&lines::text_of(challenge)));
    let elsewhere = answer_to(&world.challenges[0], &Nonce([0; 32]), &answer.recipient).unwrap();
    assert_ne!(elsewhere, answer.answer);
    let other = answer_to(&world.challenges[0], world.bundle.nonce(), &B.parse().unwrap()).unwrap();
    assert_ne!(other, answer.answer);
}

// E1, E2, E5, E8
#[test]
fn hostile_bundles_are_refused_with_the_line() {
    let world = world(10);
    let text = world.bundle.encode().unwrap();
    let refused = |text: &str| Bundle::parse(text, "bundle").map(|_| ()).unwrap_err();
    for (from, to, place) in [
        ("{\"escrow_bundle\":1", "{\"escrow_bundle\":2", "bundle"),
        ("\"recipients\":2", "\"recipients\":99999999", "bundle:4"),
        ("\"recipients\":2", "\"recipients\":1", "bundle:3"),
        ("\"envelopes\":3", "\"envelopes\":4", "bundle:7"),
        (
            "{\"recipient\":\"age1aaa\"",
            "{\"recipient\":\"age1bbb\"",
            "bundle:7",
        ),
        (
            "{\"recipient\":\"age1aaa\"",
            "{\"recipient\":\"AGE-SECRET-KEY-1\"",
            "bundle:2",
        ),
        ("{\"envelope\":\"one.kw\"", "{\"envelope\":\"\"", "bundle:4"),
        ("{\"envelope\":", "{ \"envelope\":", "bundle:4"),
        ("\"header\":\"k0tX", "\"header\":\"k0tY", "bundle:4"),
        ("\"header\":\"", "\"header\":\"=", "bundle:4"),
        ("{\"digest\":\"sha256:", "{\"digest\":\"sha512:", "bundle:7"),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{from}");
        let error = refused(&edited);
        assert_eq!(
            (error.kind(), error.resource()),
            (ErrorKind::Damaged, Some(place)),
            "{error}"
        );
    }
    for broken in [
        "",
        "\n",
        "{}",
        "[1]",
        "null\n",
        "{\"escrow_report\":1}\n",
        &format!("{text}\n"),
        &text[1..],
    ] {
        assert_eq!(refused(broken).kind(), ErrorKind::Damaged, "{broken:.20}");
    }
    let long = "x".repeat(crate::limits::ESCROW_LEN + 1);
    assert!(
        refused(&long).what().contains("more than the"),
        "{}",
        refused(&long)
    );
}

#[test]
fn a_bundle_asks_somebody_about_something() {
    let world = world(11);
    let (asked, envelopes) = (world.bundle.asked().to_vec(), world.bundle.envelopes().to_vec());
    let nonce = *world.bundle.nonce();
    let new = |asked, envelopes| Bundle::new(Timestamp::UNIX_EPOCH, nonce, None, asked, envelopes);
    assert!(new(Vec::new(), envelopes.clone()).is_err());
    assert!(new(asked.clone(), Vec::new()).is_err());
    let twice = [asked.clone(), asked.clone()].concat();
    assert!(new(twice, envelopes.clone()).is_err());
    assert!(new(asked, envelopes).is_ok());
}

/// A change of a text: another byte in its place, one more, one less, or the end cut off.
#[derive(Clone, Debug)]
enum Change {
    Other(char),
    Insert(char),
    Remove,
    Cut,
    SwapLines(Index),
    DropLine,
}

fn change() -> impl Strategy<Value = Change> {
    let letter = "[ -~\\n]".prop_map(|text| text.chars().next().unwrap());
    prop_oneof![
        4 => letter.clone().prop_map(Change::Other),
        2 => letter.prop_map(Change::Insert),
        1 => Just(Change::Remove),
        1 => Just(Change::Cut),
        1 => any::<Index>().prop_map(Change::SwapLines),
        1 => Just(Change::DropLine),
    ]
}

fn changed(text: &str, at: Index, change: &Change) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let count = letters.len();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    match change {
        Change::Other(letter) => letters[at.index(count)] = *letter,
        Change::Insert(letter) => letters.insert(at.index(count + 1), *letter),
        Change::Remove => drop(letters.remove(at.index(count))),
        Change::Cut => letters.truncate(at.index(count)),
        Change::SwapLines(other) => {
            let (one, other) = (at.index(lines.len()), other.index(lines.len()));
            lines.swap(one, other);
            return lines.concat();
        }
        Change::DropLine => {
            lines.remove(at.index(lines.len()));
            return lines.concat();
        }
    }
    letters.into_iter().collect()
}

proptest! {
    // E12, E18
    #[test]
    fn no_changed_report_and_no_changed_bundle_is_taken(at in any::<Index>(), change in change()) {
        let world = world(12);
        let text = world.report().encode().unwrap();
        let edited = changed(&text, at, &change);
        prop_assume!(edited != text);
        prop_assert!(world.accepts(&edited).is_err(), "{edited}");
        let text = world.bundle.encode().unwrap();
        let edited = changed(&text, at, &change);
        prop_assume!(edited != text);
        prop_assert!(Bundle::parse(&edited, "bundle").is_err(), "{edited}");
    }
}

/// The construction, written out once more with other calls.
#[test]
fn the_mac_is_the_documented_one() {
    use ring::{digest, hmac};

    let world = world(13);
    let report = world.report();
    let text = report.encode().unwrap();
    let statement: String = text
        .split_inclusive('\n')
        .filter(|line| !line.contains("\"mac\":"))
        .collect();
    let (header, key) = &world.keys[0];
    let h = digest::digest(
        &digest::SHA512,
        &[
            &header.encode()[..8],
            &header.encode()[16..header_core_end(header)],
        ]
        .concat(),
    );
    // HKDF-Expand of at most 64 bytes is one HMAC (RFC 5869, section 2.3).
    let expand = |key: &[u8], info: &[&[u8]]| {
        let info = [&info.concat()[..], &[1]].concat();
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, key), &info).as_ref()[..32].to_vec()
    };
    let mac_key = expand(key.expose(), &[b"keyward/drill/mac/v1", h.as_ref()]);
    let said = digest::digest(&digest::SHA512, statement.as_bytes());
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &mac_key), said.as_ref());
    assert!(text.contains(&lines::text_of(mac.as_ref())), "{text}");
    let answer = expand(
        world.challenges[0].expose(),
        &[b"keyward/drill/answer/v1", &world.bundle.nonce().0, A.as_bytes()],
    );
    assert!(text.contains(&lines::text_of(&answer)), "{text}");
}

fn header_core_end(header: &Header) -> usize {
    let bytes = header.encode();
    16 + u32::from_be_bytes(bytes[8..12].try_into().unwrap()) as usize
}

#[test]
fn the_binding_is_that_of_the_envelope_with_the_body() {
    let rng = &mut StdRng::seed_from_u64(14);
    let (header, _, key) = sealed(&[A], rng);
    let newer = header
        .replace_wraps(&key, vec![Wrap::age(&B.parse().unwrap(), b"x".to_vec())])
        .unwrap();
    let bound: [Binding; 2] = [header.binding(), newer.binding()];
    assert_eq!(bound[0], bound[1]);
    assert_ne!(Digest::of_header(&header), Digest::of_header(&newer));
}
