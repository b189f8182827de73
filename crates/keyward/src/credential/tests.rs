//! Credentials on disk: one, many, stopped and resumed, hostile surroundings.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use keyward_core::clock::{ManualClock, Timestamp};
use keyward_core::credential::{CLIENT_FILE, Kind, Request, SERVER_FILE, Schema, Site};
use keyward_core::error::{Error, ErrorKind, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

mod kept;
mod killed;

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

fn clock() -> ManualClock {
    ManualClock::starting_at(Timestamp::UNIX_EPOCH)
}

fn request(site: &str) -> Request {
    Request::new("A library", site.parse().unwrap())
}

fn new(out: &Path, site: &str) -> Result<Created> {
    create(
        &request(site),
        &Place { out, seal: None },
        Timestamp::UNIX_EPOCH,
        &mut rng(),
    )
}

/// Every path below `folder` with its content; a folder has none.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            for (inner, content) in tree(&entry.path()) {
                found.insert(format!("{name}/{inner}"), content);
            }
            found.insert(name + "/", Vec::new());
        } else {
            found.insert(name, fs::read(entry.path()).unwrap_or_default());
        }
    }
    found
}

fn client_in(folder: &Path, site: &str) -> String {
    let found = folder::look(folder, &request(site), false).unwrap();
    found.map(|found| found.client_id).unwrap_or_default()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn list(sites: impl IntoIterator<Item = String>) -> Vec<Row> {
    let lines = sites
        .into_iter()
        .map(|site| format!("A library,{site}\n"))
        .collect::<String>();
    read_rows(
        format!("name,site\n{lines}").as_bytes(),
        "list.csv",
        Defaults::default(),
    )
    .unwrap()
}

fn run(out: &Path, rows: &[Row]) -> Result<(Summary, Vec<String>)> {
    let mut told = Vec::new();
    let mut report = |outcomes: &[Outcome<'_>]| {
        for outcome in outcomes {
            let files = if outcome.client_file.is_some() { 2 } else { 1 };
            assert_eq!(tree(&outcome.folder).len(), files, "told before it was there");
            told.push(format!("{} {:?}", outcome.site, outcome.status));
        }
        Ok(())
    };
    let place = Place { out, seal: None };
    create_batch(rows, &place, &clock(), &mut rng(), &mut report).map(|summary| (summary, told))
}

#[test]
fn a_credential_is_two_files_for_its_owner_only() {
    let out = tempfile::tempdir().unwrap();
    let created = new(out.path(), "a.example").unwrap();
    assert_eq!(created.folder, out.path().join("a.example-credentials"));
    assert_eq!(mode(&created.folder), 0o700);
    for file in [CLIENT_FILE, SERVER_FILE] {
        assert_eq!(mode(&created.folder.join(file)), 0o600);
    }
    assert_eq!(tree(out.path()).len(), 3, "nothing else is left");
    assert_eq!(client_in(&created.folder, "a.example"), created.client_id);
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    let out = tempfile::tempdir().unwrap();
    new(out.path(), "a.example").unwrap();
    fs::create_dir(out.path().join("b.example-credentials")).unwrap();
    fs::write(out.path().join("c.example-credentials"), "a file").unwrap();
    std::os::unix::fs::symlink("nowhere", out.path().join("d.example-credentials")).unwrap();
    let before = tree(out.path());
    for site in ["a.example", "b.example", "c.example", "d.example"] {
        assert_eq!(
            new(out.path(), site).unwrap_err().kind(),
            ErrorKind::Usage,
            "{site}"
        );
    }
    assert_eq!(tree(out.path()), before);
}

#[test]
fn a_folder_that_appears_meanwhile_is_not_replaced_and_nothing_is_left_behind() {
    let out = tempfile::tempdir().unwrap();
    let theirs = out.path().join("a.example-credentials");
    let seal = |_: &Site, _: &[u8]| {
        fs::create_dir(&theirs).unwrap();
        Ok(b"sealed".to_vec())
    };
    let place = Place {
        out: out.path(),
        seal: Some(&seal),
    };
    let error = create(&request("a.example"), &place, Timestamp::UNIX_EPOCH, &mut rng()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(
        tree(out.path()).into_keys().collect::<Vec<_>>(),
        ["a.example-credentials/"]
    );
}

#[test]
fn a_sealed_client_half_never_touches_the_disk_in_clear() {
    let out = tempfile::tempdir().unwrap();
    let seal = |_: &Site, half: &[u8]| {
        assert!(half.starts_with(b"{\n  \"site\": \"a.example\""));
        Ok([b"KWE1".as_slice(), b"ciphertext"].concat())
    };
    let place = Place {
        out: out.path(),
        seal: Some(&seal),
    };
    let request = Request {
        kind: Kind::PrivateKeyJwt,
        ..request("a.example")
    };
    create(&request, &place, Timestamp::UNIX_EPOCH, &mut rng()).unwrap();
    let names = tree(out.path()).into_keys().collect::<Vec<_>>();
    let folder = "a.example-credentials";
    assert_eq!(
        names,
        [
            format!("{folder}/"),
            format!("{folder}/{SERVER_FILE}"),
            format!("{folder}/{SEALED_CLIENT_FILE}")
        ]
    );
    assert!(
        !tree(out.path())
            .values()
            .any(|content| content.windows(11).any(|part| part == b"PRIVATE KEY"))
    );
}

#[test]
fn when_sealing_fails_nothing_is_left_behind() {
    let out = tempfile::tempdir().unwrap();
    let seal = |_: &Site, _: &[u8]| Err(Error::unavailable("no location answers"));
    let place = Place {
        out: out.path(),
        seal: Some(&seal),
    };
    let error = create(&request("a.example"), &place, Timestamp::UNIX_EPOCH, &mut rng()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(tree(out.path()).is_empty());
    let rows = list(["a.example".to_owned()]);
    let report = &mut |_: &[Outcome<'_>]| panic!("told of what is not there");
    assert!(create_batch(&rows, &place, &clock(), &mut rng(), report).is_err());
    assert!(tree(out.path()).is_empty());
}

#[test]
fn a_missing_folder_is_made_but_not_a_path_of_them() {
    let out = tempfile::tempdir().unwrap();
    new(&out.path().join("new"), "a.example").unwrap();
    assert_eq!(mode(&out.path().join("new")), 0o700);
    assert_eq!(
        new(&out.path().join("x/y"), "a.example").unwrap_err().kind(),
        ErrorKind::Usage
    );
}

#[test]
fn a_batch_makes_every_site_in_order_and_keeps_them_when_run_again() {
    let out = tempfile::tempdir().unwrap();
    let rows = list((0..5).map(|n| format!("s{n}.example")));
    let (summary, told) = run(out.path(), &rows[..3]).unwrap();
    assert_eq!((summary.created, summary.kept), (3, 0));
    assert_eq!(
        told,
        ["s0.example Created", "s1.example Created", "s2.example Created"]
    );
    let before = tree(out.path());
    let (summary, told) = run(out.path(), &rows).unwrap();
    assert_eq!((summary.created, summary.kept), (2, 3));
    assert_eq!(told[2..4], ["s2.example Kept", "s3.example Created"]);
    assert!(
        before
            .iter()
            .all(|(path, content)| tree(out.path()).get(path) == Some(content))
    );
}

#[test]
fn a_run_that_stops_while_it_tells_is_completed_by_another() {
    let out = tempfile::tempdir().unwrap();
    let rows = list((0..20).map(|n| format!("s{n}.example")));
    let mut groups = 0;
    let mut stop = |_: &[Outcome<'_>]| {
        groups += 1;
        if groups == 2 {
            Err(Error::unavailable("nobody listens"))
        } else {
            Ok(())
        }
    };
    let place = Place {
        out: out.path(),
        seal: None,
    };
    create_batch(&rows, &place, &clock(), &mut rng(), &mut stop).unwrap_err();
    let half = tree(out.path());
    assert_eq!(
        half.len(),
        3 * 16,
        "two groups are there, whole, and no staging folder"
    );
    let (summary, told) = run(out.path(), &rows).unwrap();
    assert_eq!((summary.created, summary.kept, told.len()), (4, 16, 20));
    let whole = tree(out.path());
    assert!(
        half.iter()
            .all(|(path, content)| whole.get(path) == Some(content))
    );
}

#[test]
fn what_a_killed_run_left_is_removed_and_what_a_live_one_holds_is_not() {
    let out = tempfile::tempdir().unwrap();
    let staging = |name: &str| {
        let folder = out.path().join(name);
        fs::create_dir_all(folder.join("a.example-credentials")).unwrap();
        fs::write(folder.join("a.example-credentials/secret.txt"), "never told").unwrap();
        fs::write(folder.join("left-by-keyward"), "").unwrap();
        folder
    };
    let (dead, live) = (
        staging(".keyward-credentials-deaD01"),
        staging(".keyward-credentials-live02"),
    );
    // Killed before it was marked, or after the mark was removed.
    let empty = out.path().join(".keyward-credentials-empty3");
    fs::create_dir(&empty).unwrap();
    let lock = fs::File::open(&live).unwrap();
    lock.lock().unwrap();
    run(out.path(), &list(["b.example".to_owned()])).unwrap();
    assert!(!dead.exists() && !empty.exists() && live.exists());
    assert!(out.path().join("b.example-credentials").exists());
}

#[test]
fn a_folder_of_a_user_stays_whatever_it_is_called() {
    let out = tempfile::tempdir().unwrap();
    for (name, files) in [
        (
            ".keyward-credentials-backup",
            &["a.example-credentials/secret.txt"][..],
        ),
        (".keyward-credentials-backup2", &["left-by-keyward"]),
        (
            ".keyward-credentials-nomark",
            &["a.example-credentials/secret.txt"],
        ),
        (
            ".keyward-credentials-mixed1",
            &["left-by-keyward", "a.example-credentials/notes"],
        ),
        (".keyward-credentials-mixed2", &["left-by-keyward", "notes"]),
    ] {
        for file in files {
            let path = out.path().join(name).join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "mine").unwrap();
        }
    }
    let before = tree(out.path());
    run(out.path(), &list(["b.example".to_owned()])).unwrap();
    fs::remove_dir_all(out.path().join("b.example-credentials")).unwrap();
    assert_eq!(tree(out.path()), before);
}

#[test]
fn a_folder_that_was_made_for_nothing_goes_again() {
    let above = tempfile::tempdir().unwrap();
    let out = &above.path().join("out");
    let seal = |_: &Site, _: &[u8]| Err(Error::unavailable("no location answers"));
    let place = Place {
        out,
        seal: Some(&seal),
    };
    create(&request("a.example"), &place, Timestamp::UNIX_EPOCH, &mut rng()).unwrap_err();
    let rows = list(["a.example".to_owned()]);
    create_batch(&rows, &place, &clock(), &mut rng(), &mut |_| Ok(())).unwrap_err();
    assert!(!out.exists());
}

#[test]
fn of_two_runs_at_once_each_site_has_one_winner_and_both_tell_the_same_client() {
    let out = tempfile::tempdir().unwrap();
    let rows = list((0..50).map(|n| format!("s{n}.example")));
    let told = |seed| {
        let mut told = BTreeMap::new();
        let mut rng = StdRng::seed_from_u64(seed);
        let mut report = |outcomes: &[Outcome<'_>]| {
            told.extend(
                outcomes
                    .iter()
                    .map(|outcome| (outcome.site.to_string(), outcome.client_id.clone())),
            );
            Ok(())
        };
        let place = Place {
            out: out.path(),
            seal: None,
        };
        let summary = create_batch(&rows, &place, &clock(), &mut rng, &mut report).unwrap();
        (summary, told)
    };
    let ((one, first), (two, second)) = std::thread::scope(|scope| {
        let other = scope.spawn(|| told(2));
        (told(1), other.join().unwrap())
    });
    assert_eq!(one.created + two.created, 50);
    assert_eq!(first, second);
    assert_eq!(tree(out.path()).len(), 150);
}

#[test]
fn a_list_is_read_with_all_its_columns() {
    let csv = "\u{feff}site,name,allow_pref,schema,allow_ip\r\n\
        a.example,\"Library, North\",http://r.example/x http://r.example/y,0.3,10.0.0.0/8 ::1\r\n\
        b.example,B,,,none\r\n";
    let rows = read_rows(csv.as_bytes(), "list.csv", Defaults::default()).unwrap();
    let [a, b] = [&rows[0].request, &rows[1].request];
    assert_eq!(
        (a.name.as_str(), a.schema, rows[1].line),
        ("Library, North", Schema::V0_3, 3)
    );
    assert_eq!(a.permissions.allowed_ips.as_ref().map(Vec::len), Some(2));
    assert_eq!(a.permissions.allowed_prefs.as_ref().map(Vec::len), Some(2));
    assert_eq!(
        (b.schema, b.permissions.allowed_prefs.as_ref()),
        (Schema::V0_2, None)
    );
    assert_eq!(b.permissions.allowed_ips.as_ref().map(Vec::len), Some(0));
}

#[test]
fn a_wrong_list_is_refused_with_its_lines() {
    let refusal = |csv: &[u8]| {
        let Err(error) = read_rows(csv, "list.csv", Defaults::default()) else {
            panic!("{csv:?} was taken")
        };
        assert_eq!(error.kind(), ErrorKind::Usage);
        (error.to_string(), error.hints().join("; "))
    };
    let on = |csv: &str, place: &str, words: &str| {
        let (message, hints) = refusal(csv.as_bytes());
        assert!(
            message.starts_with(place) && (message + &hints).contains(words),
            "{csv:?}: {hints}"
        );
    };
    on("", "list.csv:1:", "`name`");
    on("name,site\n", "list.csv:", "no site");
    on("name;site\nx;a.example\n", "list.csv:1:", "commas");
    on("name,site,allow_ip\nx,a.example,  \n", "list.csv:2:", "blank");
    on("name,site,alow_ip\n", "list.csv:1:", "did you mean `allow_ip`?");
    on("name,site,site\n", "list.csv:1:", "twice");
    on("site\na.example\n", "list.csv:1:", "`name`");
    on("name,site\nx,a.example\nx,../b\n", "list.csv:3:", "`../b`");
    on("name,site\nx,a.example\nx\n", "list.csv:3:", "1 cells");
    on("name,site\nx,a.example\n,b.example\n", "list.csv:3:", "empty");
    on(
        "name,site\nx,a.example\nx,A.EXAMPLE\n",
        "list.csv:3:",
        "on line 2 already",
    );
    on(
        "name,site,schema,allow_ip\nx,a.example,0.1,10.0.0.1\n",
        "list.csv:2:",
        "no place for permissions",
    );
    on(
        "name,site,allow_ip\nx,a.example,10.0.0.1/8\ny,/,\n",
        "list.csv:2:",
        "line 3, too",
    );
    assert!(refusal(b"name,site\nx\xff,a.example\n").0.contains("UTF-8"));
}
