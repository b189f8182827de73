//! A batch whose process is killed, after each of its groups, and run again.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;

const OUT: &str = "KEYWARD_TEST_OUT";

fn rows() -> Vec<Row> {
    list((0..40).map(|n| format!("s{n}.example")))
}

/// The process that gets killed: this test program again, at this test only.
#[test]
#[ignore = "run by the test below"]
fn victim() {
    let Some(out) = std::env::var_os(OUT) else { return };
    let place = Place {
        out: Path::new(&out),
        seal: None,
    };
    let mut report = |outcomes: &[Outcome<'_>]| {
        for outcome in outcomes {
            println!("\ntold {} {}", outcome.site, outcome.client_id);
        }
        Ok(())
    };
    create_batch(
        &rows(),
        &place,
        &clock(),
        &mut rand::make_rng::<StdRng>(),
        &mut report,
    )
    .unwrap();
}

/// Runs the victim until it has told `limit` sites, kills it, and answers what it told.
fn killed_after(limit: usize, out: &Path) -> Vec<(String, String)> {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "credential::tests::killed::victim",
            "--ignored",
            "--nocapture",
        ])
        .env(OUT, out)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let told = lines.filter_map(|line| {
        let line = line.unwrap();
        let (site, client) = line.strip_prefix("told ")?.split_once(' ')?;
        Some((site.to_owned(), client.to_owned()))
    });
    let told = told.take(limit).collect::<Vec<_>>();
    victim.kill().unwrap();
    victim.wait().unwrap();
    told
}

#[test]
fn a_killed_batch_loses_nothing_that_it_told() {
    for limit in [1, 8, 9, 17, 30, 40] {
        let out = tempfile::tempdir().unwrap();
        let before = killed_after(limit, out.path());
        assert_eq!(before.len(), limit);
        run(out.path(), &rows()).unwrap();
        for (site, client) in before {
            let folder = out.path().join(format!("{site}-credentials"));
            assert_eq!(client_in(&folder, &site), client);
        }
        assert_eq!(
            fs::read_dir(out.path()).unwrap().count(),
            40,
            "every site, and no staging folder"
        );
    }
}
