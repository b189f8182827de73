//! Surveys with an index, against surveys that read everything.

use std::fs::{File, FileTimes};
use std::os::unix::fs::MetadataExt;

use rand::RngExt as _;

use super::*;

impl Tree {
    fn index(&self) -> IndexFile {
        fs::create_dir_all(self.folder.path().join(".keyward")).unwrap();
        IndexFile::in_folder(&self.folder.path().join(".keyward"))
    }

    /// A survey with the index, as if every file had been quiet for an hour before it.
    fn quiet(&self) -> Survey {
        let mut ways = Inventory::default();
        let (store, index) = Store::open(&self.index().path, false, &mut ways);
        let survey = survey_with(&self.project, store.later(), &index, ways);
        self.tick();
        survey
    }

    /// How many files the index knows.
    fn known(&self) -> usize {
        Store::open(&self.index().path, false, &mut Inventory::default())
            .1
            .len
    }

    /// Lets the clock of the file system go on, so that what changes from now on has other times.
    fn tick(&self) {
        let clock = self.folder.path().join(".git/clock");
        fs::create_dir_all(clock.parent().unwrap()).unwrap();
        let time = || {
            fs::write(&clock, "x").unwrap();
            let meta = fs::metadata(&clock).unwrap();
            (meta.ctime(), meta.ctime_nsec())
        };
        let start = time();
        while time() == start {}
    }
}

fn items(survey: &Survey) -> Vec<(&str, &keyward_core::inventory::Ways)> {
    let mut items: Vec<_> = survey
        .inventory
        .items()
        .map(|item| (item.name, item.ways))
        .collect();
    items.sort();
    items
}

fn assert_same(tree: &Tree, with_index: &Survey) {
    let full = survey(&tree.project, None);
    assert_eq!(with_index.scan, full.scan);
    assert_eq!(items(with_index), items(&full));
}

fn one(version: u64) -> Vec<u8> {
    header(vec![wrap("europe-west1", "k", Some(version))])
}

#[test]
fn a_file_that_did_not_change_is_not_read_again() {
    let tree = Tree::new();
    tree.put("secrets/a.kw", &one(1));
    tree.put("secrets/plain", b"x");
    tree.put("elsewhere/b.kw", &one(1));
    tree.quiet();
    assert_eq!(tree.known(), 2);
    let index = fs::metadata(tree.index().path).unwrap();
    assert_eq!(index.mode() & 0o777, 0o600);
    assert_same(&tree, &tree.quiet());
    let again = fs::metadata(tree.index().path).unwrap();
    assert_eq!(index.ino(), again.ino(), "nothing was news");
}

#[test]
fn what_changed_just_now_is_read_again_the_next_time() {
    let tree = Tree::new();
    tree.put("secrets/a.kw", &one(1));
    let index = tree.index();
    assert_same(&tree, &survey(&tree.project, Some(&index)));
    assert_eq!(tree.known(), 0, "it may change once more and look the same");
    tree.put("secrets/a.kw", &one(2));
    assert_same(&tree, &survey(&tree.project, Some(&index)));
}

#[test]
fn a_file_with_another_content_and_the_same_size_and_time_is_read_again() {
    let tree = Tree::new();
    tree.put("secrets/a.kw", &one(1));
    tree.quiet();
    let path = tree.folder.path().join("secrets/a.kw");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, one(2)).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_times(FileTimes::new().set_modified(modified)).unwrap();
    let survey = tree.quiet();
    assert_eq!(named(&survey.scan, &key("europe-west1", "k")), [2]);
}

#[test]
fn an_index_that_is_damaged_or_foreign_is_made_anew() {
    let tree = Tree::new();
    tree.put("secrets/a.kw", &one(1));
    tree.put("secrets/b.kw", &one(2));
    tree.quiet();
    let path = tree.index().path;
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x20;
        assert!(index::parse_for_tests(damaged).is_none(), "{at}");
        assert!(index::parse_for_tests(whole[..at].to_vec()).is_none(), "{at}");
    }
    for foreign in [
        &b""[..],
        b"SQLite format 3\0",
        &whole[..whole.len() - 1],
        &[0; 5000],
    ] {
        fs::write(&path, foreign).unwrap();
        assert_eq!(tree.known(), 0);
        assert_same(&tree, &tree.quiet());
        assert_eq!(tree.known(), 2);
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(tree.known(), 0, "anybody may have written it");
    fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    assert_same(&tree, &tree.quiet());
}

#[test]
fn an_index_that_says_too_much_about_itself_is_none() {
    // A digest that fits, over counts that do not.
    for body in [
        vec![0xff; 44],
        vec![0xff; 4000],
        [vec![0; 40], vec![0xff; 40]].concat(),
    ] {
        assert!(index::parse_for_tests(index::with_digest(&body)).is_none());
    }
}

#[test]
fn an_index_that_cannot_be_written_is_no_error() {
    let tree = Tree::new();
    tree.put("secrets/a.kw", &one(1));
    let nowhere = IndexFile::in_folder(&tree.folder.path().join("no such folder"));
    assert_same(&tree, &survey(&tree.project, Some(&nowhere)));
    let closed = tree.folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    assert_same(
        &tree,
        &survey(&tree.project, Some(&IndexFile::in_folder(&closed))),
    );
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn other_rules_find_their_files_again() {
    let mut tree = Tree::new();
    tree.put("secrets/a.kw", &one(1));
    tree.put("elsewhere/b.kw", &one(2));
    tree.quiet();
    let wider = MANIFEST.replace("secrets/**", "**");
    fs::write(tree.folder.path().join(FILE_NAME), wider).unwrap();
    tree.project = Project::open(&tree.folder.path().join(FILE_NAME)).unwrap();
    let survey = tree.quiet();
    assert_same(&tree, &survey);
    assert_eq!(survey.scan.envelopes, 2);
}

#[test]
fn a_file_that_nobody_can_read_among_many_is_told_each_time() {
    let tree = Tree::new();
    for number in 0..3000 {
        tree.put(&format!("secrets/{number}.kw"), &one(number % 5 + 1));
    }
    tree.put("secrets/1234.kw", &one(1)[..50]);
    for _ in 0..2 {
        let survey = tree.quiet();
        assert_eq!((survey.scan.envelopes, survey.scan.unread.count()), (2999, 1));
        assert!(survey.scan.unread.text().starts_with("secrets/1234.kw ("));
        assert_same(&tree, &survey);
    }
    assert_eq!(tree.known(), 2999);
}

#[test]
fn an_index_made_anew_does_not_believe_the_old_one() {
    let tree = Tree::new();
    tree.put("secrets/a.kw", &one(1));
    tree.quiet();
    let rebuilt = survey(&tree.project, Some(&tree.index().rebuilt()));
    assert_same(&tree, &rebuilt);
    assert_eq!(tree.known(), 0, "the file is too young to be remembered");
}

/// The index agrees with a full scan after any history of changes to the files.
#[test]
fn an_index_agrees_with_a_full_scan_over_random_histories() {
    for seed in 0..25 {
        let (tree, mut rng) = (Tree::new(), StdRng::seed_from_u64(seed));
        for _ in 0..12 {
            for _ in 0..rng.random_range(0..6) {
                change(&tree, &mut rng);
            }
            assert_same(&tree, &tree.quiet());
        }
        change(&tree, &mut rng);
        assert_same(&tree, &survey(&tree.project, Some(&tree.index())));
    }
}

/// One change, as people and programs make them. What it is about may not be there: then nothing changes.
fn change(tree: &Tree, rng: &mut StdRng) {
    let mut place = || {
        let folder = ["secrets", "secrets/x", "secrets/x/y", "logs", "elsewhere"][rng.random_range(0..5)];
        let name = ["a.kw", "b", "c.kw.wraps", "\u{1b}[31m"][rng.random_range(0..4)];
        tree.folder.path().join(folder).join(name)
    };
    let (path, other) = (place(), place());
    let content = random_content(rng);
    let _ = match rng.random_range(0..11) {
        0..4 => fs::create_dir_all(path.parent().unwrap()).and_then(|()| fs::write(&path, content)),
        4 => fs::remove_file(&path),
        5 => fs::rename(&path, &other),
        6 => fs::rename(path.parent().unwrap(), tree.folder.path().join("secrets/moved")),
        7 => fs::remove_file(&path).and_then(|()| symlink(&other, &path)),
        8 => fs::hard_link(&path, &other),
        9 => fs::write(
            path.parent().unwrap().join(FILE_NAME),
            [MANIFEST, "?"][rng.random_range(0..2)],
        ),
        _ => rewrite(&path, &content),
    };
}

/// Another content under the old time, as `cp --preserve` leaves it.
fn rewrite(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let modified = fs::metadata(path)?.modified()?;
    fs::write(path, content)?;
    let file = File::options().write(true).open(path)?;
    file.set_times(FileTimes::new().set_modified(modified))
}

fn random_content(rng: &mut StdRng) -> Vec<u8> {
    let version = rng.random_range(0..4);
    let location = ["europe-west1", "us-central1", "global"][rng.random_range(0..3)];
    let header = header(vec![wrap(location, "k", Some(version).filter(|n| *n > 0))]);
    match rng.random_range(0..6) {
        0 => b"plain".to_vec(),
        1 => header[..rng.random_range(0..header.len())].to_vec(),
        2 => text::encode(&header).into_bytes(),
        _ => header,
    }
}
