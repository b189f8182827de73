//! A hundred thousand small envelopes: their headers, the index over them, and what would be lost.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use keyward::project::Project;
use keyward::uses::{IndexFile, survey};
use keyward_core::clock::Timestamp;
use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{Draft, Wrap};
use keyward_core::error::{Error, Result};
use keyward_core::key::VersionState;
use keyward_core::kms::Observed;
use keyward_core::manifest::LossKind;
use keyward_core::survive::{Survival, Topology};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::contest::{contest, time};
use super::row::Row;
use super::scratch::{Scratch, failed};

const FOLDERS: u64 = 100;
const FILES: u64 = 1000;
/// Versions that the envelopes name, in either location.
const VERSIONS: u64 = 20;
/// At 50,000 a second.
const WARM: Duration = Duration::from_secs(FOLDERS * FILES / 50_000);
const SURVIVE: Duration = Duration::from_secs(2);
/// A file that changed less than two seconds ago is read again: all are to be older.
const QUIET: Duration = Duration::from_secs(3);

const MANIFEST: &str = "\
version: 1
environments: {demo: {}}
keyrings:
  app:
    env: demo
    provider: gcp
    project: p-1
    locations: [europe-west1, us-central1]
    ring: secrets
    key: app
    escrow: [age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq]
rules: [{path: \"secrets/**\", keyring: app}, {path: \"**\", keyring: app}]
";

/// Measures all of it, in this process.
pub(super) fn rows(scratch: &Scratch, rounds: usize) -> Result<Vec<Row>> {
    let root = scratch.path("index");
    let project = make(&root)?;
    thread::sleep(QUIET);
    let index = IndexFile::in_folder(&root.join(".keyward"));
    let found = survey(&project, None);
    if found.scan.envelopes != FOLDERS * FILES {
        return Err(Error::bug(format!(
            "{} envelopes were found",
            found.scan.envelopes
        )));
    }
    let (inventory, topology) = (found.inventory, topology(&project));
    let [full, known, bare, losses] = contest(
        rounds,
        [
            Box::new(|| time(|| Ok(survey(&project, None)))),
            Box::new(|| time(|| Ok(survey(&project, Some(&index))))),
            Box::new(|| time(|| walk(&root).map_err(|error| failed(&root, error)))),
            Box::new(|| {
                time(|| {
                    let survival = Survival::new(&inventory, &topology, &|_, _| true);
                    Ok(LossKind::ALL.map(|kind| survival.row(kind, None)))
                })
            }),
        ],
    )?;
    super::scratch::clear(&root)?;
    let what = |what: &str| format!("{what}, {} envelopes", FOLDERS * FILES);
    Ok(vec![
        Row::limit(
            what("every header read"),
            &full,
            WARM,
            ("a walk that stats each file", &bare),
        ),
        Row::cost(
            what("nothing changed since the index"),
            &known,
            "a walk that stats each file",
            &bare,
            1.5,
        ),
        Row::within(what("what would be lost with what"), &losses, SURVIVE),
    ])
}

/// A project with envelopes that name different versions.
fn make(root: &Path) -> Result<Project> {
    let write = |path: &Path, content: &[u8]| fs::write(path, content).map_err(|error| failed(path, error));
    let folder = |path: &Path| fs::create_dir_all(path).map_err(|error| failed(path, error));
    folder(&root.join(".keyward"))?;
    let manifest = root.join("keyward.yaml");
    write(&manifest, MANIFEST.as_bytes())?;
    let project = Project::open(&manifest)?;
    let mut rng = StdRng::seed_from_u64(1);
    for number in 0..FOLDERS {
        let path = root.join(format!("secrets/{number}"));
        folder(&path)?;
        for file in 0..FILES {
            let mut content = header(&project, (number * FILES + file) % VERSIONS + 1, &mut rng)?;
            let mut body = [0; 200];
            rng.fill_bytes(&mut body);
            content.extend_from_slice(&body);
            write(&path.join(format!("secret-{file}.kw")), &content)?;
        }
    }
    Ok(project)
}

fn header(project: &Project, version: u64, rng: &mut StdRng) -> Result<Vec<u8>> {
    let keyring = project.manifest.keyring("app")?;
    let kms = keyring
        .keys()
        .iter()
        .map(|key| Wrap::kms(key, Some(version), vec![7; 113]));
    let age = keyring
        .escrow
        .iter()
        .map(|recipient| Wrap::age(recipient, vec![7; 230]));
    let mut context = EncryptionContext::new();
    context.insert("env", "demo")?;
    context.insert("rule", "secrets/**")?;
    let (header, _) = Draft::new(context, rng)?.finish(kms.chain(age).collect())?;
    Ok(header.encode())
}

fn topology(project: &Project) -> Topology {
    let mut topology = Topology::of(&project.manifest, Timestamp::UNIX_EPOCH);
    for (key, facts) in &mut topology.keys {
        let states = (1..=VERSIONS).map(|number| (number, VersionState::Enabled));
        facts.versions = Observed::Present(states.collect());
        let rulers = (0..10).map(|number| format!("user:{number}@example.com"));
        topology
            .powers
            .over
            .insert(key.clone(), Observed::Present(rulers.collect()));
    }
    topology
}

/// What every walk has to do.
fn walk(folder: &Path) -> std::io::Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            size += walk(&entry.path())?;
        } else {
            size += entry.metadata()?.len();
        }
    }
    Ok(size)
}
