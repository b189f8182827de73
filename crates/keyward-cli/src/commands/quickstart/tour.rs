//! The tour itself: what is told, and what is done.

use std::fs;
use std::path::Path;

use keyward::io_error;
use keyward_core::error::{Error, Result};

use super::act::{Act, Done};
use super::stage::Stage;
use crate::exit::Exit;
use crate::session::Session;
use crate::ui::{Page, strong};

const SECRET: &str = "secrets/demo-library-credentials/secret.txt";

/// One stop: a heading, what there is to know, and what is done.
struct Stop {
    heading: &'static str,
    story: String,
    acts: Vec<(Act, Exit)>,
}

/// What is said before the first stop.
pub(super) fn opening(page: &mut Page, dir: &Path, stage: &Stage) {
    page.line(strong("keyward quickstart"));
    page.line("");
    page.prose(&format!(
        "A tour of keyward in a new folder, {}. Everything below really happens, and the lines after `$` are commands \
         that you can repeat by hand in a folder of your own.",
        dir.display()
    ));
    if let Some(more) = stage.opening() {
        page.prose(&more);
    }
}

/// Goes from stop to stop.
pub(super) fn walk(session: &Session, stage: &Stage) -> Result<Vec<Done>> {
    let mut done = Vec::new();
    visit(session, offline_identity(), &mut done)?;
    let recipient = recipient(Path::new("escrow-identity.txt"))?;
    for stop in [
        manifest(stage, &recipient),
        keys(),
        credentials(),
        seal(),
        open(),
        lose_a_location(stage),
        put_it_back(stage),
    ] {
        visit(session, stop, &mut done)?;
    }
    Ok(done)
}

fn visit(session: &Session, stop: Stop, done: &mut Vec<Done>) -> Result<()> {
    session.ui.tell(|page| {
        page.line("");
        page.line(strong(stop.heading));
        page.prose(&stop.story);
    })?;
    for (act, exit) in stop.acts {
        done.push(act.run(session, exit)?);
    }
    Ok(())
}

fn offline_identity() -> Stop {
    Stop {
        heading: "1. A key for the worst day",
        story: "\
Before anything is locked, make the spare key: an offline identity. Everything will be sealed for it too, so that it
opens when no service answers any more. Its public half, age1…, goes into the manifest.".into(),
        acts: vec![(Act::keyward("escrow new -o escrow-identity.txt"), Exit::DONE)],
    }
}

fn manifest(stage: &Stage, recipient: &str) -> Stop {
    Stop {
        heading: "2. A manifest: what should exist",
        story: format!(
            "One file, keyward.yaml, says which keys there are and which of them seals which file. {}",
            stage.keeper()
        ),
        acts: vec![(
            Act::keyward(&format!("{} --escrow {recipient}", stage.init())),
            Exit::DONE,
        )],
    }
}

fn keys() -> Stop {
    Stop {
        heading: "3. One key in each of two locations",
        story: "\
A `keyring` is one key in each of several places, here one in Belgium and one in Iowa. Any one of them opens."
            .into(),
        acts: vec![
            (Act::keyward("key create app"), Exit::DONE),
            (Act::keyward("key list"), Exit::DONE),
        ],
    }
}

fn credentials() -> Stop {
    Stop {
        heading: "4. Something worth protecting",
        story: "\
Credentials for a site: the secret that the site gets, and the documents that the server loads."
            .into(),
        acts: vec![(
            Act::keyward("credential new --name Demo-Library --site demo-library --out secrets"),
            Exit::DONE,
        )],
    }
}

fn seal() -> Stop {
    Stop {
        heading: "5. Seal it",
        story: "\
This is envelope encryption: the file is encrypted under a fresh random key that is made for it alone, and that small
key is then locked three times, once by each location and once for the spare key. The three locked copies travel in
front of the encrypted content. The readable file stays until you remove it; the tour compares with it later.".into(),
        acts: vec![
            (Act::keyward(&format!("encrypt {SECRET}")), Exit::DONE),
            (Act::keyward(&format!("inspect {SECRET}.kw")), Exit::DONE),
        ],
    }
}

fn open() -> Stop {
    Stop {
        heading: "6. Open it",
        story: "The nearest location unlocks the small key, and that opens the file.".into(),
        acts: vec![
            (
                Act::keyward(&format!("decrypt {SECRET}.kw -o opened.txt")),
                Exit::DONE,
            ),
            (Act::Compare(SECRET.into(), "opened.txt".into()), Exit::DONE),
        ],
    }
}

fn lose_a_location(stage: &Stage) -> Stop {
    Stop {
        heading: "7. Lose a location",
        story: format!(
            "{} The file still opens, by the other location, and the result says that it was degraded. `verify` notices: it \
             cannot see a key that should be there, and does not take that for good news.",
            stage.loss()
        ),
        acts: [
            stage.lose(),
            vec![
                (
                    Act::keyward(&format!("decrypt {SECRET}.kw -o opened-degraded.txt")),
                    Exit::DONE,
                ),
                (
                    Act::Compare(SECRET.into(), "opened-degraded.txt".into()),
                    Exit::DONE,
                ),
                (Act::keyward("verify"), Exit::UNSEEN),
            ],
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

fn put_it_back(stage: &Stage) -> Stop {
    Stop {
        heading: "8. And back",
        story: "The region is up again, and everything is proven: every key is there, enabled, on schedule, and works.".into(),
        acts: vec![stage.put_back(), (Act::keyward("verify"), Exit::DONE)],
    }
}

/// The public key that an identity file names in its comment.
fn recipient(identity: &Path) -> Result<String> {
    let text = fs::read_to_string(identity).map_err(|why| io_error("read it", identity, why))?;
    let line = text.lines().find_map(|line| line.strip_prefix("# public key: "));
    line.map(ToOwned::to_owned)
        .ok_or_else(|| Error::bug("an identity file without its public key"))
}
