//! What is there before a batch: whose it is, whether it is whole, and whether it is what is asked for.

use keyward_core::envelope::MAGIC;

use super::*;

#[test]
fn one_host_has_one_credential_however_it_is_spelled() {
    let out = tempfile::tempdir().unwrap();
    let created = new(out.path(), "a.Example").unwrap();
    assert_eq!(new(out.path(), "A.example").unwrap_err().kind(), ErrorKind::Usage);
    let mut told = Vec::new();
    let mut report = |outcomes: &[Outcome<'_>]| {
        told.extend(
            outcomes
                .iter()
                .map(|outcome| (outcome.folder.clone(), outcome.status)),
        );
        Ok(())
    };
    let place = Place {
        out: out.path(),
        seal: None,
    };
    create_batch(
        &list(["A.EXAMPLE".to_owned()]),
        &place,
        &clock(),
        &mut rng(),
        &mut report,
    )
    .unwrap();
    assert_eq!(told, [(created.folder, Status::Kept)]);
    fs::create_dir(out.path().join("A.example-credentials")).unwrap();
    assert_eq!(
        run(out.path(), &list(["a.example".to_owned()]))
            .unwrap_err()
            .kind(),
        ErrorKind::Usage
    );
}

#[test]
fn a_copied_folder_is_no_credential_of_another_site() {
    let out = tempfile::tempdir().unwrap();
    let folders = ["a.example", "b.example"].map(|site| out.path().join(format!("{site}-credentials")));
    new(out.path(), "a.example").unwrap();
    fs::create_dir(&folders[1]).unwrap();
    for file in [CLIENT_FILE, SERVER_FILE] {
        fs::copy(folders[0].join(file), folders[1].join(file)).unwrap();
    }
    let copy = list(["b.example".to_owned()]);
    assert_eq!(run(out.path(), &copy).unwrap_err().kind(), ErrorKind::Usage);
    // Without its client half the copy can be told only beside what it was copied from.
    fs::remove_file(folders[1].join(CLIENT_FILE)).unwrap();
    let both = list(["a.example", "b.example", "c.example"].map(str::to_owned));
    assert_eq!(run(out.path(), &both).unwrap_err().kind(), ErrorKind::Usage);
    assert!(!out.path().join("c.example-credentials").exists());
}

#[test]
fn a_client_half_that_was_handed_over_is_not_missed() {
    let out = tempfile::tempdir().unwrap();
    let created = new(out.path(), "a.example").unwrap();
    fs::remove_file(created.folder.join(CLIENT_FILE)).unwrap();
    let (summary, _) = run(
        out.path(),
        &list(["a.example".to_owned(), "b.example".to_owned()]),
    )
    .unwrap();
    assert_eq!((summary.created, summary.kept, summary.differing), (1, 1, 0));
}

#[test]
fn what_is_to_be_sealed_does_not_lie_there_in_clear() {
    let out = tempfile::tempdir().unwrap();
    let created = new(out.path(), "a.example").unwrap();
    let seal = |_: &Site, _: &[u8]| Ok(MAGIC.to_vec());
    let place = Place {
        out: out.path(),
        seal: Some(&seal),
    };
    let rows = list(["a.example".to_owned(), "b.example".to_owned()]);
    let batch = || create_batch(&rows, &place, &clock(), &mut rng(), &mut |_| Ok(()));
    assert_eq!(batch().unwrap_err().kind(), ErrorKind::Usage);
    fs::write(created.folder.join(SEALED_CLIENT_FILE), MAGIC).unwrap();
    assert_eq!(
        batch().unwrap_err().kind(),
        ErrorKind::Usage,
        "an envelope beside it changes nothing"
    );
    assert!(!out.path().join("b.example-credentials").exists());
    fs::remove_file(created.folder.join(CLIENT_FILE)).unwrap();
    assert_eq!(batch().unwrap().kept, 1);
}

#[test]
fn what_is_kept_and_not_as_asked_is_told() {
    let out = tempfile::tempdir().unwrap();
    new(out.path(), "a.example").unwrap();
    let before = tree(out.path());
    let csv = b"name,site,schema,allow_ip\nAnother,a.example,0.3,10.0.0.0/8\n";
    let rows = read_rows(
        csv,
        "list.csv",
        Defaults {
            kind: Kind::Token,
            ..Defaults::default()
        },
    )
    .unwrap();
    let mut differs = Vec::new();
    let mut report = |outcomes: &[Outcome<'_>]| {
        differs.extend_from_slice(&outcomes[0].differs);
        Ok(())
    };
    let place = Place {
        out: out.path(),
        seal: None,
    };
    let summary = create_batch(&rows, &place, &clock(), &mut rng(), &mut report).unwrap();
    assert_eq!((summary.kept, summary.differing), (1, 1));
    assert_eq!(differs, ["name", "schema", "allow_ip", "kind"]);
    assert_eq!(tree(out.path()), before);
}

#[test]
fn a_pipe_in_place_of_a_half_is_not_waited_for() {
    let out = tempfile::tempdir().unwrap();
    for half in [SERVER_FILE, CLIENT_FILE] {
        let created = new(out.path(), "a.example").unwrap();
        fs::remove_file(created.folder.join(half)).unwrap();
        let pipe = created.folder.join(half);
        rustix::fs::mkfifoat(rustix::fs::CWD, pipe, rustix::fs::Mode::RUSR).unwrap();
        assert_eq!(
            run(out.path(), &list(["a.example".to_owned()]))
                .unwrap_err()
                .kind(),
            ErrorKind::Usage
        );
        fs::remove_dir_all(&created.folder).unwrap();
    }
}

#[test]
fn a_folder_without_a_whole_credential_stops_a_batch_before_it_writes() {
    let rows = list(["a.example".to_owned(), "b.example".to_owned()]);
    let spoil: [fn(&Path); 4] = [
        |folder| fs::remove_file(folder.join(SERVER_FILE)).unwrap(),
        |folder| fs::write(folder.join(CLIENT_FILE), "").unwrap(),
        |folder| fs::write(folder.join(SERVER_FILE), "{\n  \"docs\": [").unwrap(),
        |folder| {
            fs::remove_dir_all(folder)
                .and_then(|()| fs::write(folder, ""))
                .unwrap()
        },
    ];
    for spoil in spoil {
        let out = tempfile::tempdir().unwrap();
        spoil(&new(out.path(), "b.example").unwrap().folder);
        let before = tree(out.path());
        assert_eq!(run(out.path(), &rows).unwrap_err().kind(), ErrorKind::Usage);
        assert_eq!(tree(out.path()), before);
    }
}
