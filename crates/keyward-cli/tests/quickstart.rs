//! The tour: it goes to its end, leaves a sound project, and its commands can be repeated by hand.

use std::fs;

use demo::Demo;

mod demo;

#[test]
fn the_tour_leaves_a_sound_project() {
    let demo = Demo::empty();
    let shown = demo.ok(&["quickstart"]);
    let verdicts: Vec<_> = shown.lines().filter(|line| line.contains("2 keys in ")).collect();
    assert!(
        verdicts.len() == 2 && verdicts[0].starts_with("UNKNOWN") && verdicts[1].starts_with("PASS"),
        "{shown}"
    );
    let ran = demo.sh("cd keyward-demo && keyward verify");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    // The escrow identity alone opens what was sealed, with nothing else of the project.
    fs::create_dir(demo.path("elsewhere")).unwrap();
    let ran = demo.sh(
        "cp keyward-demo/escrow-identity.txt keyward-demo/secrets/*/secret.txt.kw elsewhere && cd elsewhere && \
         keyward decrypt secret.txt.kw --identity escrow-identity.txt | cmp - ../keyward-demo/opened.txt",
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn an_existing_folder_is_left_as_it_is() {
    let demo = Demo::empty();
    fs::create_dir(demo.path("keyward-demo")).unwrap();
    assert_eq!(demo.run(&["quickstart"]).code, 2);
    assert!(fs::read_dir(demo.path("keyward-demo")).unwrap().next().is_none());
}

#[test]
fn its_commands_can_be_repeated() {
    let tour = Demo::empty();
    let object: serde_json::Value = serde_json::from_str(&tour.ok(&["quickstart", "--json"])).unwrap();
    let steps = object["steps"].as_array().unwrap();
    assert!(steps.len() > 10);
    let by_hand = Demo::empty();
    for step in steps {
        let (command, code) = (
            step["command"].as_str().unwrap(),
            step["exit_code"].as_i64().unwrap(),
        );
        let ran = by_hand.sh(command);
        assert_eq!(i64::from(ran.code), code, "{command}: {}", ran.stderr);
    }
    assert!(by_hand.path("opened-degraded.txt").is_file());
}
