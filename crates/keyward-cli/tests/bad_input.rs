//! What goes wrong around the program: each time a clear error, the right exit code, and nothing written or lost.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use demo::Demo;

mod demo;

#[test]
fn a_closed_pipe_is_quiet() {
    let demo = Demo::sealed();
    demo.write("big", &vec![b'x'; 4 << 20]);
    demo.ok(&["encrypt", "big"]);
    for words in [
        ["decrypt", "big.kw"],
        ["completions", "bash"],
        ["--help", "--quiet"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = demo::ran(&demo.keyward(&words).stdout(writer).output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (141, ""), "{words:?}");
    }
}

#[test]
fn a_full_disk_may_be_tried_again() {
    let demo = Demo::sealed();
    let ran = demo.sh("keyward decrypt token.kw > /dev/full");
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("No space left"), "{}", ran.stderr);
    // A limit on the size of files stands for a full disk: the write fails half way.
    demo.write("big", &vec![b'x'; 1 << 20]);
    let names = demo.names();
    let ran = demo.sh("trap '' XFSZ; ulimit -f 200; keyward encrypt big");
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let ran = demo.sh("trap '' XFSZ; ulimit -f 200; keyward encrypt -i big");
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert_eq!(demo.names(), names);
    assert!(fs::read(demo.path("big")).unwrap() == vec![b'x'; 1 << 20]);
}

#[test]
fn a_folder_that_cannot_be_written() {
    let demo = Demo::sealed();
    fs::create_dir(demo.path("closed")).unwrap();
    fs::set_permissions(demo.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    // To the superuser every folder is open: there, a folder that is not there stands for one that is closed.
    let output = if rustix::process::geteuid().is_root() {
        "absent/token"
    } else {
        "closed/token"
    };
    for words in [["encrypt", "token", "-o"], ["decrypt", "token.kw", "-o"]] {
        let ran = demo.run(&[&words[..], &[output]].concat());
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(output), "{}", ran.stderr);
    }
    assert!(fs::read_dir(demo.path("closed")).unwrap().next().is_none());
}

#[test]
fn what_exists_is_left_as_it_is() {
    let demo = Demo::sealed();
    let before = fs::read(demo.path("token.kw")).unwrap();
    for words in [
        &["quickstart", ".keyward"][..],
        &["encrypt", "token"],
        &["decrypt", "token.kw", "-o", "token"],
        &["escrow", "new", "-o", "escrow.txt"],
        &["init", "--provider", "embedded"],
    ] {
        assert_eq!(demo.run(words).code, 2, "{words:?}");
    }
    assert_eq!(fs::read(demo.path("token.kw")).unwrap(), before);
    assert_eq!(fs::read(demo.path("token")).unwrap(), b"hunter2\n");
}

#[test]
fn processes_that_make_the_same_key_make_one() {
    let demo = Demo::empty();
    demo.ok(&["init", "--provider", "embedded"]);
    let children: Vec<_> = (0..6)
        .map(|_| {
            demo.keyward(&["key", "create", "app"])
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
    for ran in &runs {
        assert!(matches!(ran.code, 0 | 2 | 3), "{}: {}", ran.code, ran.stderr);
        assert!(ran.code == 0 || !ran.stderr.is_empty());
    }
    // Whoever came second may have stopped before the lock was written; the next run completes it.
    assert!(matches!(demo.run(&["key", "create", "app"]).code, 0 | 2));
    let list = demo.ok(&["key", "list"]);
    assert_eq!(list.matches("ENABLED").count(), 2, "{list}");
    demo.ok(&["verify"]);
}

#[test]
fn a_manifest_of_100_mb_is_not_read() {
    let demo = Demo::empty();
    fs::File::create(demo.path("keyward.yaml"))
        .unwrap()
        .set_len(100_000_000)
        .unwrap();
    let ran = demo.run(&["verify"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("100000000 bytes are too many"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_state_folder_that_was_there_before_is_hidden_from_git_too() {
    let demo = Demo::empty();
    demo.ok(&["init", "--provider", "embedded"]);
    fs::create_dir(demo.path(".keyward")).unwrap();
    demo.ok(&["key", "create", "app"]);
    assert_eq!(fs::read(demo.path(".keyward/.gitignore")).unwrap(), b"*\n");
    // A checkout that keeps its state among other files stays visible.
    let demo = Demo::empty();
    demo.ok(&["init", "--provider", "embedded"]);
    demo.ok(&["key", "create", "app", "--state", "."]);
    assert!(!demo.path(".gitignore").exists());
}

#[test]
fn an_environment_that_is_not_text_is_not_ignored() {
    let demo = Demo::sealed();
    let mut verify = demo.keyward(&["verify"]);
    verify.env("KEYWARD_ENV", OsStr::from_bytes(b"\xff"));
    let ran = demo::ran(&verify.output().unwrap());
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("KEYWARD_ENV"), "{}", ran.stderr);
}
