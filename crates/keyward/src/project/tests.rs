//! Finding manifests and applying their rules, in real folders.

use std::fs;
use std::os::unix::fs::symlink;

use keyward_core::error::ErrorKind;
use tempfile::TempDir;

use super::*;

const MANIFEST: &str = "\
version: 1
environments: {demo: {}}
keyrings:
  app: {env: demo, provider: embedded, locations: [eur4], ring: r, key: k}
  other: {env: demo, provider: embedded, locations: [eur4], ring: r, key: k2}
rules:
  - {path: \"secrets/**\", keyring: app}
  - {path: \"*.txt\", keyring: other}
  - {path: \"**/.git/*\", keyring: other}
  - {path: \"**/*.yaml\", keyring: other}
";

fn folder_with(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, if path.ends_with(FILE_NAME) { MANIFEST } else { "" }).unwrap();
    }
    folder
}

fn found(folder: &Path, file: Option<&Path>, home: Option<&Path>) -> Option<PathBuf> {
    let search = Search {
        manifest: None,
        file,
        folder,
        home,
    };
    Project::find(&search).unwrap().map(|project| project.root)
}

#[test]
fn the_search_goes_upward_and_ends_at_git_or_home() {
    let top = folder_with(&[
        "keyward.yaml",
        "a/b/c/x",
        "git/.git/HEAD",
        "git/d/x",
        "near/keyward.yaml",
        "near/x",
    ]);
    let root = top.path().canonicalize().unwrap();
    let at = |sub: &str| root.join(sub);
    assert_eq!(found(&at("a/b/c"), None, None), Some(root.clone()));
    assert_eq!(found(&at("git/d"), None, None), None);
    assert_eq!(found(&at("a/b/c"), None, Some(&at("a/b"))), None);
    assert_eq!(
        found(&at("a/b/c"), None, Some(&root)),
        Some(root.clone()),
        "home itself is looked at"
    );
    // The file worked on comes before the working folder, also when it is not there yet.
    assert_eq!(found(&root, Some(&at("near/new/file")), None), Some(at("near")));
    assert_eq!(
        found(&root, Some(&at("git/d/x")), None),
        Some(root.clone()),
        "then from the working folder"
    );
}

#[test]
fn a_named_manifest_must_be_there() {
    let top = folder_with(&["other.yaml"]);
    let named = top.path().join("keyward.yaml");
    let search = Search {
        manifest: Some(&named),
        file: None,
        folder: top.path(),
        home: None,
    };
    assert_eq!(Project::find(&search).unwrap_err().kind(), ErrorKind::Usage);
    fs::write(&named, MANIFEST).unwrap();
    assert!(Project::find(&search).unwrap().is_some());
}

#[test]
fn a_manifest_that_is_a_link_to_nowhere_is_there_and_cannot_be_read() {
    let top = folder_with(&["sub/x", "keyward.yaml"]);
    symlink("nowhere", top.path().join("sub").join(FILE_NAME)).unwrap();
    let search = Search {
        manifest: None,
        file: None,
        folder: &top.path().join("sub"),
        home: None,
    };
    let error = Project::find(&search).unwrap_err();
    assert!(error.resource().unwrap().ends_with("sub/keyward.yaml"), "{error}");
}

#[test]
fn no_rule_covers_a_manifest_by_whatever_name() {
    let top = folder_with(&["keyward.yaml", "sub/other.yaml", "sub/plain.yaml"]);
    let covers = |manifest: &str, file: &str| {
        let project = Project::open(&top.path().join(manifest)).unwrap();
        project.rule_for(&top.path().join(file)).is_ok()
    };
    fs::write(top.path().join("sub/other.yaml"), MANIFEST).unwrap();
    assert!(covers("sub/other.yaml", "sub/plain.yaml") && !covers("sub/other.yaml", "sub/other.yaml"));
    symlink("sub/other.yaml", top.path().join("link.yaml")).unwrap();
    assert!(!covers("link.yaml", "link.yaml") && !covers("link.yaml", "sub/other.yaml"));
    assert!(covers("keyward.yaml", "sub/other.yaml"));
}

#[test]
fn a_manifest_of_100_mb_is_not_read() {
    let top = folder_with(&["keyward.yaml"]);
    let file = top.path().join("keyward.yaml");
    fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(100_000_000)
        .unwrap();
    let error = Project::open(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(
        error.to_string().contains("100000000 bytes are too many"),
        "{error}"
    );
    fs::write(&file, b"version: 1\n\xff").unwrap();
    assert!(
        Project::open(&file)
            .unwrap_err()
            .to_string()
            .contains("keyward.yaml:2: it is not UTF-8")
    );
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(Project::open(&file).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn rules_see_real_paths() {
    let top = folder_with(&[
        "keyward.yaml",
        "secrets/a",
        "secrets/deep/b",
        "plain.txt",
        "sub/c.txt",
    ]);
    let outside = folder_with(&["secrets/x"]);
    symlink(top.path().join("secrets/a"), top.path().join("link.txt")).unwrap();
    symlink(outside.path().join("secrets/x"), top.path().join("secrets/away")).unwrap();
    symlink(top.path().join("nowhere"), top.path().join("dangling.txt")).unwrap();
    let project = Project::open(&top.path().join("keyward.yaml")).unwrap();
    let keyring = |file: &str| {
        let applied = project.rule_for(&top.path().join(file)).ok();
        applied.map(|applied| applied.keyring.name.clone())
    };
    for (file, expected) in [
        ("secrets/a", Some("app")),
        ("secrets/a.kw", Some("app")),
        ("secrets/not/there/yet", Some("app")),
        ("plain.txt", Some("other")),
        ("plain.txt.kw", Some("other")),
        ("link.txt", Some("app")),
        ("secrets/../plain.txt", Some("other")),
        ("sub/c.txt", None),
        ("secrets/away", None),
        ("dangling.txt", None),
        ("../x", None),
        (".keyward/root.key", None),
        (".git/config", None),
        ("keyward.lock", None),
    ] {
        assert_eq!(keyring(file).as_deref(), expected, "{file}");
    }
}

#[test]
fn the_context_tells_environment_and_rule() {
    let top = folder_with(&["keyward.yaml", "secrets/a"]);
    let project = Project::open(&top.path().join("keyward.yaml")).unwrap();
    let applied = project.rule_for(&top.path().join("secrets/a")).unwrap();
    let pairs: Vec<_> = applied.context.iter().collect();
    assert_eq!(pairs, [("env", "demo"), ("rule", "secrets/**")]);
    let refused = project.rule_for(&top.path().join("elsewhere/a")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Usage);
    assert!(refused.hints()[0].contains("--keyring"));
}
