//! Surveys of a git history. Where there is no git, it is unknown, and these say so.

use std::process::Command;

use super::*;

impl Tree {
    /// Runs git in the folder, as nobody in particular and with nobody's settings; `None` when there is no git.
    fn git(&self, words: &[&str]) -> Option<()> {
        let mut git = Command::new("git");
        git.arg("-C")
            .arg(self.folder.path())
            .args(["-c", "user.name=n", "-c", "user.email=e@example.com"]);
        git.env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        let output = git.args(words).output().ok()?;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Some(())
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", "x", "--no-gpg-sign"]);
    }

    fn history(&self) -> Inventory {
        survey_history(self.folder.path(), None)
    }
}

/// The versions that a history needs, with the paths.
fn needed(inventory: &Inventory) -> Vec<(u64, String)> {
    let mut needed: Vec<_> = inventory
        .items()
        .map(|item| {
            let (path, _) = item.name[4..].rsplit_once('@').unwrap();
            let path = path.to_owned();
            let version = (1..9).find(|n| item.ways.need(&key("europe-west1", "k"), Some(*n)));
            (version.unwrap(), path)
        })
        .collect();
    needed.sort();
    needed
}

fn one(version: u64) -> Vec<u8> {
    header(vec![wrap("europe-west1", "k", Some(version))])
}

#[test]
fn every_version_that_a_branch_or_stash_reaches_counts_and_is_read_once() {
    let tree = Tree::new();
    if tree.git(&["init", "-q"]).is_none() {
        return;
    }
    tree.put("secrets/a.kw", &one(1));
    tree.put("plain", b"nothing");
    tree.commit();
    tree.put("secrets/a.kw", &one(2));
    tree.put("secrets/deep/text", text::encode(&one(3)).as_bytes());
    tree.commit();
    tree.git(&["rm", "-rq", "secrets"]);
    tree.commit();
    tree.put("staged.kw", &one(4));
    tree.git(&["add", "-A"]);
    let expected = [
        (1, "secrets/a.kw".to_owned()),
        (2, "secrets/a.kw".to_owned()),
        (3, "secrets/deep/text".to_owned()),
        (4, "staged.kw".to_owned()),
    ];
    assert_eq!(needed(&tree.history()), expected);
    assert!(tree.history().is_whole());

    fs::create_dir(tree.folder.path().join(".keyward")).unwrap();
    let index = IndexFile::in_folder(&tree.folder.path().join(".keyward"));
    for _ in 0..2 {
        assert_eq!(
            needed(&survey_history(tree.folder.path(), Some(&index))),
            expected
        );
    }
    // What the index says is taken for what objects hold: they cannot change.
    let known = Store::open(
        &index.path.with_extension("git"),
        false,
        &mut Inventory::default(),
    )
    .1;
    assert!(known.len > 4);
    fs::write(index.path.with_extension("git"), "rubbish").unwrap();
    assert_eq!(
        needed(&survey_history(tree.folder.path(), Some(&index))),
        expected
    );
}

#[test]
fn a_clone_without_its_past_is_not_whole() {
    let tree = Tree::new();
    if tree.git(&["init", "-q"]).is_none() {
        return;
    }
    tree.put("secrets/a.kw", &one(1));
    tree.commit();
    tree.put("secrets/a.kw", &one(2));
    tree.commit();
    let (origin, clone) = (tree.folder.path().display(), tree.folder.path().join("clone"));
    tree.git(&[
        "clone",
        "-q",
        "--depth=1",
        &format!("file://{origin}"),
        &clone.display().to_string(),
    ]);
    let inventory = survey_history(&clone, None);
    assert_eq!(needed(&inventory), [(2, "secrets/a.kw".to_owned())]);
    assert!(
        inventory.unseen.first().unwrap().contains("shallow"),
        "{:?}",
        inventory.unseen
    );
}

#[test]
fn a_damaged_repository_is_unknown_and_none_is_nothing() {
    let tree = Tree::new();
    assert!(tree.history().is_empty() && tree.history().is_whole());
    fs::create_dir(tree.folder.path().join(".git")).unwrap();
    let inventory = tree.history();
    assert!(inventory.is_empty());
    assert!(
        inventory.unseen.first().unwrap().starts_with("git history: git "),
        "{:?}",
        inventory.unseen
    );
}

#[test]
fn a_damaged_envelope_in_the_past_is_not_read() {
    let tree = Tree::new();
    if tree.git(&["init", "-q"]).is_none() {
        return;
    }
    tree.put("secrets/a.kw", &one(1)[..70]);
    tree.put("secrets/large", &vec![7; 300_000]);
    tree.put("secrets/z.kw", &one(2));
    tree.commit();
    let inventory = tree.history();
    assert_eq!(needed(&inventory), [(2, "secrets/z.kw".to_owned())]);
    assert_eq!(inventory.unread.count(), 1);
}
