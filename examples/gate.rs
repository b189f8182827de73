//! The gate inside another repository's own tooling: looks at every key of a manifest and answers as `keyward verify` does.
//!
//! `cargo run -p keyward --example gate -- path/to/keyward.yaml`. A pipeline calls it before anything that changes keys: 0 is
//! yes, 1 is no, 3 is "could not be seen", which is not yes. It holds what looks, and nothing that could change a key.

#![allow(clippy::print_stdout, reason = "an example tells what it does")]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use keyward::lock_file::Found;
use keyward::project::{Project, STATE_FOLDER};
use keyward::registry::Readers;
use keyward::uses;
use keyward::verify::{Canaries, DEADLINE, Verify, verify};
use keyward_core::clock::{Clock, Timestamp};
use keyward_core::name::Provider;
use keyward_core::verify::Report;
use keyward_embedded::{EmbeddedKms, RootKeySource};
use keyward_gcp::{Access, GcpKms, Route, Settings};
use rand::SeedableRng;
use rand::rngs::StdRng;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let manifest = std::env::args().nth(1).ok_or("which manifest?")?;
    let project = Project::open(Path::new(&manifest))?;
    let readers = readers(&project);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(gate(&project, &readers));
    for check in report.failures().into_iter().chain(report.unknowns()) {
        let why = check.verdict.reason().unwrap_or_default();
        println!("{} {} {}: {why}", check.verdict.id(), check.id, check.resource);
    }
    Ok(ExitCode::from(report.exit_code(false)))
}

/// Every check that needs no more than the right to look.
async fn gate(project: &Project, readers: &Readers) -> Report {
    let lock = Found::look(&project.lock_file());
    let scan = uses::scan(project);
    let request = Verify {
        manifest: &project.manifest,
        env: None,
        lock: lock.state(),
        scan: &scan,
        readers,
        canaries: Canaries::Off,
        now: SystemClock.now(),
        deadline: DEADLINE,
    };
    // Canaries are off, so that nothing is drawn.
    verify(request, &mut StdRng::seed_from_u64(0)).await
}

/// What looks at the keys of `project`, wherever they are.
fn readers(project: &Project) -> Readers {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let rng = || Box::new(StdRng::seed_from_u64(0));
    let folder = project.root.join(STATE_FOLDER);
    let root = RootKeySource::File(folder.join("root.key"));
    let embedded = EmbeddedKms::new(&folder.join("kms"), root, clock.clone(), rng());
    let cloud = GcpKms::new(access(project), clock, rng());
    Readers::new()
        .with(Provider::Embedded, Arc::new(embedded))
        .with(Provider::Gcp, Arc::new(cloud))
}

/// How the manifest reaches its keys of Cloud KMS.
fn access(project: &Project) -> Access {
    let keyrings = project.manifest.keyrings();
    let routes = keyrings.flat_map(|keyring| {
        keyring.keys().iter().map(|key| Route {
            ring: key.name.ring().clone(),
            settings: Settings {
                endpoint: keyring.access.endpoint_in(key.name.location()),
                ..Settings::default()
            },
        })
    });
    Access {
        routes: routes.collect(),
        ..Access::default()
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "\
version: 1
environments: {demo: {}}
keyrings:
  app: {env: demo, provider: embedded, locations: [europe-west1], ring: r, key: k}
";

    #[tokio::test]
    async fn a_key_that_was_never_made_is_not_seen_which_is_not_yes() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("keyward.yaml");
        std::fs::write(&manifest, MANIFEST).unwrap();
        let project = Project::open(&manifest).unwrap();
        let report = gate(&project, &readers(&project)).await;
        assert_ne!(report.exit_code(false), 0);
        assert_eq!(report.keys(), 1);
    }
}
