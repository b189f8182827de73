//! Scans of real folders.

mod history;
mod paths;
mod remembering;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{Draft, Wrap, text};
use keyward_core::manifest::FILE_NAME;
use keyward_core::name::{AgeRecipient, KeyRef};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tempfile::TempDir;

use super::*;

const MANIFEST: &str = "\
version: 1
environments: {demo: {}}
keyrings:
  app: {env: demo, provider: embedded, locations: [europe-west1, us-central1], ring: r, key: k}
  logs: {env: demo, provider: embedded, locations: [europe-west1], ring: r, key: logs}
rules:
  - {path: \"logs/**\", keyring: logs}
  - {path: \"secrets/**\", keyring: app}
";

struct Tree {
    folder: TempDir,
    project: Project,
}

fn key(location: &str, key: &str) -> KeyRef {
    format!("embedded-kms://projects/local/locations/{location}/keyRings/r/cryptoKeys/{key}")
        .parse()
        .unwrap()
}

fn header(wraps: Vec<Wrap>) -> Vec<u8> {
    let mut rng = StdRng::seed_from_u64(7);
    let mut context = EncryptionContext::new();
    context.insert("env", "demo").unwrap();
    let (header, _) = Draft::new(context, &mut rng).unwrap().finish(wraps).unwrap();
    header.encode()
}

fn wrap(location: &str, name: &str, version: Option<u64>) -> Wrap {
    Wrap::kms(&key(location, name), version, vec![1; 40])
}

impl Tree {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), MANIFEST).unwrap();
        let project = Project::open(&folder.path().join(FILE_NAME)).unwrap();
        Self { folder, project }
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn scan(&self) -> Scan {
        scan(&self.project)
    }
}

/// The versions of a key that are named.
fn named(scan: &Scan, key: &KeyRef) -> Vec<u64> {
    scan.uses
        .get(key)
        .map(|uses| uses.versions().collect())
        .unwrap_or_default()
}

#[test]
fn binary_text_and_detached_wraps_are_uses() {
    let tree = Tree::new();
    let (here, there) = (key("europe-west1", "k"), key("us-central1", "k"));
    let envelope = [
        header(vec![
            wrap("europe-west1", "k", Some(1)),
            wrap("us-central1", "k", Some(4)),
        ]),
        vec![9; 500],
    ];
    tree.put("secrets/a.kw", &envelope.concat());
    let short = header(vec![wrap("europe-west1", "k", Some(2))]);
    tree.put("secrets/deep/b.kw", &short);
    tree.put(
        "secrets/c",
        text::encode(&[header(vec![wrap("europe-west1", "k", Some(3))]), vec![9; 99]].concat()).as_bytes(),
    );
    tree.put("secrets/d", (text::encode(&short) + "\n").as_bytes());
    tree.put(
        "secrets/a.kw.wraps",
        &header(vec![wrap("europe-west1", "k", Some(5))]),
    );
    tree.put("secrets/plain", b"nothing");
    tree.put("secrets/empty", b"");
    tree.put(
        "elsewhere/e.kw",
        &header(vec![wrap("europe-west1", "k", Some(99))]),
    );
    let scan = tree.scan();
    assert_eq!(named(&scan, &here), [1, 2, 3, 5]);
    assert_eq!(named(&scan, &there), [4]);
    assert_eq!((scan.files, scan.envelopes), (7, 5));
    assert!(scan.unread.is_empty() && scan.foreign.is_empty(), "{scan:?}");
}

#[test]
fn a_missing_wrap_needs_nothing_and_one_without_version_may_need_all() {
    let tree = Tree::new();
    let age: AgeRecipient = "age1qqq".parse().unwrap();
    let missing = Wrap::kms(&key("us-central1", "k"), None, Vec::new());
    tree.put(
        "secrets/a.kw",
        &header(vec![
            wrap("europe-west1", "k", None),
            missing,
            Wrap::age(&age, vec![1]),
        ]),
    );
    let scan = tree.scan();
    assert!(scan.uses[&key("europe-west1", "k")].need(77));
    assert!(!scan.uses.contains_key(&key("us-central1", "k")));
}

#[test]
fn keys_that_the_keyring_does_not_have_are_foreign() {
    let tree = Tree::new();
    let mut unknown = wrap("europe-west1", "k", Some(1));
    unknown.provider = "mars-kms".into();
    tree.put(
        "secrets/a.kw",
        &header(vec![wrap("global", "k", Some(1)), unknown]),
    );
    tree.put("logs/b.kw", &header(vec![wrap("europe-west1", "k", Some(6))]));
    let scan = tree.scan();
    assert_eq!(scan.foreign["app"].count(), 2);
    assert!(scan.foreign["app"].text().contains("mars-kms://"));
    let text = scan.foreign["logs"].text();
    assert!(
        text.starts_with("logs/b.kw (embedded-kms://projects/local/locations/europe-west1/"),
        "{text}"
    );
    assert_eq!(
        named(&scan, &key("europe-west1", "k")),
        [6],
        "a key of another keyring is used all the same"
    );
}

#[test]
fn a_nested_project_uses_keys_and_is_judged_by_its_own_manifest() {
    let tree = Tree::new();
    tree.put("secrets/sub/keyward.yaml", MANIFEST.as_bytes());
    tree.put(
        "secrets/sub/x/a.kw",
        &header(vec![
            wrap("europe-west1", "k", Some(8)),
            wrap("global", "k", Some(1)),
        ]),
    );
    let scan = tree.scan();
    assert_eq!(named(&scan, &key("europe-west1", "k")), [8]);
    assert!(scan.foreign.is_empty() && scan.unread.is_empty(), "{scan:?}");
    assert_eq!(scan.nested, ["secrets/sub".to_owned()].into());
}

#[test]
fn a_nested_manifest_that_cannot_be_read_judges_nothing() {
    for damaged in ["", "version: 1\n", "<<<<<<< ours\n"] {
        let tree = Tree::new();
        tree.put("secrets/sub/keyward.yaml", damaged.as_bytes());
        tree.put("secrets/sub/x/a.kw", &header(vec![wrap("global", "k", Some(1))]));
        let scan = tree.scan();
        assert!(
            scan.unread.text().starts_with("secrets/sub/keyward.yaml ("),
            "{scan:?}"
        );
        assert!(
            scan.foreign.contains_key("app") && scan.nested.is_empty(),
            "{scan:?}"
        );
    }
}

#[test]
fn git_and_state_are_left_out_at_the_root_only() {
    let tree = Tree::new();
    let good = header(vec![wrap("europe-west1", "k", Some(1))]);
    for file in [
        ".git/a.kw",
        ".keyward/b.kw",
        "secrets/.git/c.kw",
        "secrets/.keyward/d.kw",
    ] {
        tree.put(file, &good);
    }
    assert_eq!(tree.scan().envelopes, 2);
}

#[test]
fn a_name_that_is_not_utf_8_is_looked_at() {
    let tree = Tree::new();
    let name = std::ffi::OsStr::from_bytes(b"\xff.pem.kw");
    tree.put("secrets/a", b"");
    fs::write(
        tree.folder.path().join("secrets").join(name),
        header(vec![wrap("europe-west1", "k", Some(1))]),
    )
    .unwrap();
    let narrow = MANIFEST.replace("secrets/**", "secrets/*.pem");
    fs::write(tree.folder.path().join(FILE_NAME), narrow).unwrap();
    let project = Project::open(&tree.folder.path().join(FILE_NAME)).unwrap();
    assert_eq!(scan(&project).envelopes, 1);
}

#[test]
fn what_is_called_an_envelope_and_is_none_may_have_been_one() {
    let tree = Tree::new();
    tree.put("secrets/zeros.kw", &[0; 500]);
    tree.put("secrets/empty.kw", b"");
    tree.put("secrets/zeros.kw.wraps", &[0; 500]);
    tree.put("secrets/age.kw", b"age-encryption.org/v1\n-> X25519 x\n");
    tree.put("secrets/zeros", &[0; 500]);
    tree.put("secrets/zeros.wraps", &[0; 500]);
    let scan = tree.scan();
    assert_eq!(scan.unread.count(), 3, "{scan:?}");
    assert!(
        scan.unread.text().contains("zeros.kw.wraps (its name says"),
        "{scan:?}"
    );
}

#[test]
fn what_cannot_be_read_is_noted_and_links_are_not_followed() {
    let tree = Tree::new();
    let good = header(vec![wrap("europe-west1", "k", Some(1))]);
    tree.put("secrets/cut.kw", &good[..good.len() - 1]);
    tree.put("secrets/cut.txt", &text::encode(&good).as_bytes()[..100]);
    tree.put("secrets/short.kw", &good[..10]);
    tree.put("secrets/bad\u{1b}name.kw", &[&good[..4], &[0xff; 60]].concat());
    tree.put(".git/x.kw", &good);
    tree.put(".keyward/x.kw", &good);
    symlink(
        tree.folder.path().join("secrets/cut.kw"),
        tree.folder.path().join("secrets/link.kw"),
    )
    .unwrap();
    symlink(tree.folder.path(), tree.folder.path().join("secrets/loop")).unwrap();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        tree.folder.path().join("secrets/pipe"),
        rustix::fs::Mode::RWXU,
    )
    .unwrap();
    let scan = tree.scan();
    assert_eq!((scan.unread.count(), scan.envelopes), (4, 0), "{scan:?}");
    assert!(
        scan.unread.text().contains("bad\\u{1b}name.kw"),
        "{}",
        scan.unread.text()
    );
}

#[test]
fn a_folder_that_may_not_be_read_is_noted() {
    let tree = Tree::new();
    tree.put("secrets/closed/a", b"");
    let closed = tree.folder.path().join("secrets/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // Whoever may read everything (root) sees into it.
    let expected = u64::from(fs::read_dir(&closed).is_err());
    assert_eq!(tree.scan().unread.count(), expected);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
}
