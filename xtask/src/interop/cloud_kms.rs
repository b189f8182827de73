//! Google's clients against the emulator: each runs its list of `tests/interop/`, on an emulator of its own.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use keyward_core::error::{Error, Result};
use keyward_core::harden::{Format, Hardening, Principal};
use keyward_core::manifest::Manifest;
use keyward_emulator::Emulator;
use tempfile::TempDir;

use super::clients::{Clients, PROGRAMS};
use super::peers::answers;
use crate::repository::Repository;

/// The interface definition of the emulator.
const DEFINITION: &str = "crates/keyward-emulator/proto";
/// Names the file of Terraform's Google provider.
const PROVIDER: &str = "KEYWARD_TERRAFORM_PROVIDER";
/// How to make it, for the one who reads that it did not run.
const PROVIDER_HINT: &str = "build github.com/hashicorp/terraform-provider-google with Go, which takes ten minutes, and name the \
     binary in KEYWARD_TERRAFORM_PROVIDER";
/// The longest list takes about a tenth of it.
const PATIENCE: Duration = Duration::from_secs(240);
/// How much of what a failed client said is repeated.
const SAID_LEN: usize = 4_000;

/// Runs every client that can be had, and says which could not.
pub fn run(repository: &Repository) -> Result<()> {
    let clients = Clients::install(repository)?;
    let lists = Lists {
        programs: repository.root().join(PROGRAMS),
        definition: repository.root().join(DEFINITION),
    };
    lists.python(clients.python.as_deref())?;
    lists.node(clients.node.as_deref())?;
    lists.go(clients.go.as_deref())?;
    lists.gcloud()?;
    lists.terraform()
}

/// The programs, and the lists of facts that they must establish.
struct Lists {
    programs: PathBuf,
    definition: PathBuf,
}

impl Lists {
    fn python(&self, python: Option<&Path>) -> Result<()> {
        let Some(python) = python else {
            return not_run("python", "Python 3 with venv is not installed");
        };
        let program = |name: &str| {
            let mut command = Command::new(python);
            command.env("PYTHONDONTWRITEBYTECODE", "1");
            command.arg(self.programs.join("python").join(name));
            command
        };
        for transport in ["grpc", "rest"] {
            let name = format!("python over {transport}");
            self.enforced(&name, "official.txt", program("kms.py").arg(transport))?;
        }
        self.enforced(
            "python by discovery",
            "discovery.txt",
            &mut program("discovery.py"),
        )?;
        let emulator = Emulator::start()?;
        self.facts(
            "python, storage",
            "storage.txt",
            program("storage.py").arg(emulator.endpoint()),
        )
    }

    fn node(&self, modules: Option<&Path>) -> Result<()> {
        let Some(modules) = modules else {
            return not_run("node", "Node and npm are not installed");
        };
        let program = |name: &str| {
            let mut command = Command::new("node");
            command.env("NODE_PATH", modules);
            command.arg(self.programs.join("node").join(name));
            command
        };
        for transport in ["grpc", "rest"] {
            let name = format!("node over {transport}");
            self.enforced(&name, "official.txt", program("kms.js").arg(transport))?;
        }
        let said = spoken("node", program("definition.js").arg(&self.definition))?;
        println!("cloud kms, definition: {}", said.trim().trim_start_matches("ok "));
        Ok(())
    }

    fn go(&self, program: Option<&Path>) -> Result<()> {
        let Some(program) = program else {
            return not_run("go", "Go is not installed");
        };
        for transport in ["grpc", "rest"] {
            let name = format!("go over {transport}");
            self.enforced(&name, "official.txt", Command::new(program).arg(transport))?;
        }
        self.enforced(
            "go by discovery",
            "discovery.txt",
            Command::new(program).arg("discovery"),
        )
    }

    fn gcloud(&self) -> Result<()> {
        if !answers("gcloud", &["--version"]) {
            return not_run("gcloud", "it is not installed");
        }
        let emulator = Emulator::start()?;
        let mut command = Command::new(self.programs.join("gcloud.sh"));
        self.facts("gcloud", "gcloud.txt", command.arg(emulator.endpoint()))
    }

    fn terraform(&self) -> Result<()> {
        let Some(provider) = env::var_os(PROVIDER) else {
            return not_run("terraform", PROVIDER_HINT);
        };
        if !answers("terraform", &["version"]) {
            return not_run("terraform", "it is not installed");
        }
        let provider = fs::canonicalize(&provider)
            .map_err(|cause| Error::usage("no such file").on(PROVIDER).because(cause))?;
        let folder = tempfile::tempdir().map_err(|cause| unusable("terraform", cause))?;
        let printed = at(&folder, "measures.tf");
        fs::write(&printed, measures()?).map_err(|cause| unusable("terraform", cause))?;
        let emulator = Emulator::start()?;
        let mut command = Command::new(self.programs.join("terraform.sh"));
        command.arg(emulator.endpoint()).arg(provider).arg(printed);
        self.facts("terraform", "terraform.txt", &mut command)
    }

    /// Runs a list against an emulator that enforces policies; the endpoint is the program's last argument.
    fn enforced(&self, name: &str, list: &str, command: &mut Command) -> Result<()> {
        let emulator = Emulator::builder().enforce_iam(true).start()?;
        self.facts(name, list, command.arg(emulator.endpoint()))
    }

    /// A client must establish every fact of its list, in order, and no other: so none is left out in one language.
    fn facts(&self, name: &str, list: &str, command: &mut Command) -> Result<()> {
        let start = Instant::now();
        let said = spoken(name, command)?;
        let wanted = fs::read_to_string(self.programs.join(list)).map_err(|cause| unusable(name, cause))?;
        let found: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("ok ")).collect();
        if !wanted.lines().eq(found.iter().copied()) {
            let why = format!("established {found:?}, and {list} lists others");
            return Err(Error::refused(why).on(name));
        }
        let (count, took) = (found.len(), start.elapsed().as_secs_f32());
        println!("cloud kms, {name}: {count} of {count} facts, in {took:.1} s");
        Ok(())
    }
}

/// Everything that `keyward harden --format terraform` prints, of names that a configuration has to quote.
fn measures() -> Result<String> {
    let manifest = Manifest::parse(HARDENED, "keyward.yaml")?;
    let break_glass = vec![Principal::parse(
        "principalSet://goog/group/${owners}@example.com",
    )?];
    let hardening = Hardening::of(&manifest, None, break_glass, Some("123456789012"))?;
    Ok(hardening.text(Format::Terraform))
}

/// Two projects, one with a name that is no name of Terraform's, and keys that a state manages.
const HARDENED: &str = r#"
version: 1
environments: {prod: {}}
keyrings:
  app:
    {env: prod, provider: gcp, project: keys-1, locations: [europe-west1, us-central1], ring: r, key: k, rotation: 90d,
     managed_by: "gs://states/${prod}\\"}
  logs: {env: prod, provider: gcp, project: "example.com:logs", locations: [global], ring: r, key: k, protection: hsm,
         managed_by: "gs://states/logs"}
"#;

/// What a program printed, which must succeed. It runs in an empty folder, and speaks to this machine only.
fn spoken(name: &str, command: &mut Command) -> Result<String> {
    let folder = tempfile::tempdir().map_err(|cause| unusable(name, cause))?;
    let out = |file| File::create(at(&folder, file)).map_err(|cause| unusable(name, cause));
    command.stdout(out("stdout")?).stderr(out("stderr")?);
    command.current_dir(&folder).env("NO_PROXY", "127.0.0.1");
    let child = command.spawn().map_err(|cause| unusable(name, cause))?;
    let status = patiently(child).map_err(|cause| unusable(name, cause))?;
    let said = |file| fs::read_to_string(at(&folder, file)).map_err(|cause| unusable(name, cause));
    let stdout = said("stdout")?;
    if status.is_some_and(|status| status.success()) {
        return Ok(stdout);
    }
    let how = status.map_or_else(|| "does not end".to_owned(), |status| status.to_string());
    let last = stdout
        .lines()
        .next_back()
        .unwrap_or("nothing established")
        .to_owned();
    Err(Error::refused(format!("{how}, after: {last}"))
        .on(name)
        .hint(end_of(&said("stderr")?)))
}

fn at(folder: &TempDir, file: &str) -> PathBuf {
    folder.path().join(file)
}

/// How it ended, or `None` when it had to be ended. A client that waits for ever must not hold up a pipeline.
fn patiently(mut child: Child) -> std::io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn end_of(said: &str) -> &str {
    let start = said.len().saturating_sub(SAID_LEN);
    let start = (start..said.len()).find(|at| said.is_char_boundary(*at));
    said[start.unwrap_or_default()..].trim()
}

fn not_run(name: &str, why: &str) -> Result<()> {
    println!("cloud kms, {name}: NOT RUN, {why}");
    Ok(())
}

fn unusable(name: impl AsRef<OsStr>, cause: std::io::Error) -> Error {
    Error::unavailable("the client cannot be run")
        .on(name.as_ref().display())
        .because(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_measure_is_handed_over() {
        let measures = measures().unwrap();
        for kind in [
            "google_iam_deny_policy",
            "google_project_iam_custom_role",
            "google_resource_manager_lien",
            "google_kms_crypto_key",
            "google_logging_metric",
            "google_monitoring_alert_policy",
            "google_project_iam_audit_config",
            "google_org_policy_policy",
        ] {
            assert!(measures.contains(&format!("resource \"{kind}\" ")), "{kind}");
        }
    }
}
