//! Credentials under trouble: a full disk, two at once, a reader that goes away.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::process::Stdio;

use demo::Demo;

mod demo;

/// Whether the folder of `site` is whole and for `client`.
fn is_whole(demo: &Demo, site: &str, client: &str) -> bool {
    let half = |name: &str| {
        fs::read_to_string(demo.path(&format!("out/{site}-credentials/{name}"))).unwrap_or_default()
    };
    half("secret.txt").contains(client) && half("couchDBData.json").contains(client)
}

fn names(demo: &Demo) -> Vec<String> {
    let entries = fs::read_dir(demo.path("out")).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_reader_that_goes_away_loses_nothing() {
    let demo = Demo::empty();
    let lines = (0..5).map(|site| format!("Site {site},site-{site}.example\n"));
    demo.write(
        "sites.csv",
        format!("name,site\n{}", lines.collect::<String>()).as_bytes(),
    );
    let words = ["credential", "batch", "sites.csv", "--out", "out"];
    let mut child = demo
        .keyward(&words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = demo::ran(&child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (141, ""));
    let again = demo.ok(&words);
    assert_eq!(
        again.lines().filter(|line| line.starts_with("kept ")).count(),
        5,
        "{again}"
    );
}

#[test]
fn a_full_disk_leaves_nothing_of_a_credential() {
    let demo = Demo::empty();
    fs::create_dir(demo.path("out")).unwrap();
    // A limit on the size of files stands for a full disk: the client's half fits, the server's does not.
    let line = "trap '' XFSZ; ulimit -f 1; keyward credential new --name $(printf %01000d 0) --site x.example --out out";
    let ran = demo.sh(line);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("out/x.example-credentials/couchDBData.json"),
        "{}",
        ran.stderr
    );
    assert!(names(&demo).is_empty(), "{:?}", names(&demo));
}

#[test]
fn a_batch_that_fails_on_its_way_tells_what_it_made() {
    let demo = Demo::empty();
    let lines = (0..1024).map(|site| format!("x,site-{site}.example\n"));
    // Each of these takes six bytes in JSON. The site is in a group of its own.
    let last = format!("{},last.example\n", "\u{1}".repeat(1000));
    let list = format!("name,site\n{}{last}", lines.collect::<String>());
    demo.write("sites.csv", list.as_bytes());
    // As above: 1 or 2 KiB, as the shell counts, hold every server half but the last.
    let ran = demo
        .sh("trap '' XFSZ; ulimit -f 2; keyward credential batch sites.csv --out out --json --state state");
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    for told in ["\"created\": 1024", "\"site-1023.example\"", "\"exit_code\": 3"] {
        assert!(ran.stdout.contains(told), "{told}");
    }
    assert_eq!(names(&demo).len(), 1024);
    let log = fs::read_to_string(demo.path("state/audit.jsonl")).unwrap();
    let ended = log.lines().last().unwrap();
    assert!(
        ended.contains("1024 created") && ended.contains("failed"),
        "{ended}"
    );
}

#[test]
fn of_processes_that_make_the_same_site_one_wins() {
    let demo = Demo::empty();
    let children: Vec<_> = (0..6)
        .map(|_| {
            let words = [
                "credential",
                "new",
                "--name",
                "x",
                "--site",
                "x.example",
                "--out",
                "out",
                "--json",
            ];
            demo.keyward(&words)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let runs: Vec<_> = children
        .into_iter()
        .map(|child| demo::ran(&child.wait_with_output().unwrap()))
        .collect();
    let winners: Vec<_> = runs.iter().filter(|ran| ran.code == 0).collect();
    assert_eq!(
        winners.len(),
        1,
        "{:?}",
        runs.iter().map(|ran| &ran.stderr).collect::<Vec<_>>()
    );
    assert!(runs.iter().all(|ran| matches!(ran.code, 0 | 2)));
    let client = winners[0]
        .stdout
        .split('"')
        .skip_while(|word| *word != "client_id")
        .nth(2)
        .unwrap();
    assert!(is_whole(&demo, "x.example", client));
    assert_eq!(names(&demo), ["x.example-credentials"]);
}
