//! The commands that `keyward inspect --recover` prints, run in an empty folder with no keyward on the path.
//!
//! age is the real one. `gcloud` is a stand-in with the same options, which answers as the KMS of the vector does: only
//! when key, ciphertext and additional authenticated data are those that the vector states.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_core::envelope::{Header, PREFIX_LEN, WrapKind, recover, text};
use keyward_core::error::{Error, Result};
use ring::digest;
use serde_json::Value;
use tempfile::TempDir;

use super::Peers;
use crate::repository::Repository;

const VECTORS: &str = "tests/vectors/valid.json";

/// The stand-in for `gcloud kms decrypt`.
const GCLOUD: &str = r#"#!/usr/bin/env python3
import base64, json, sys
options = dict(word[2:].split("=", 1) for word in sys.argv[3:])
assert sys.argv[1:3] == ["kms", "decrypt"], sys.argv
key = "gcp-kms://projects/{project}/locations/{location}/keyRings/{keyring}/cryptoKeys/{key}".format(**options)
read = lambda option: base64.b64encode(open(options[option], "rb").read()).decode()
asked = (key, read("ciphertext-file"), read("additional-authenticated-data-file"))
answers = {(a["key"], a["wrapped"], a["aad"]): a["plaintext"] for a in json.load(open("kms.json"))}
if asked not in answers:
    sys.exit("INVALID_ARGUMENT: decryption failed")
open(options["plaintext-file"], "wb").write(base64.b64decode(answers[asked]))
"#;

/// Opens every vector that a printed command can open, by age and by the stand-in, each time with `recover.py` and with
/// the few lines of Python.
pub fn run(repository: &Repository, peers: &Peers) -> Result<()> {
    let (Some(python), Some(age)) = (&peers.python, &peers.age) else {
        println!("recovery: NOT RUN, a peer is missing");
        return Ok(());
    };
    let stored = fs::read(repository.root().join(VECTORS)).map_err(unusable)?;
    let document: Value = serde_json::from_slice(&stored).map_err(unusable)?;
    let (mut by_age, mut by_gcloud) = (0, 0);
    for vector in document["vectors"].as_array().into_iter().flatten() {
        let stand = Stand::new(repository, python, age, vector)?;
        match stand.recover()? {
            Some(WrapKind::Age) => by_age += 1,
            Some(WrapKind::Kms) => by_gcloud += 1,
            None => {}
        }
    }
    if by_age == 0 || by_gcloud == 0 {
        return Err(Error::refused("no vector was opened by age, or none by gcloud").on(VECTORS));
    }
    println!(
        "recovery: the printed commands open {by_age} vectors by age, {by_gcloud} by a stand-in for gcloud"
    );
    Ok(())
}

/// A folder with one envelope and the tools that a person would have.
struct Stand<'a> {
    vector: &'a Value,
    folder: TempDir,
    file: &'static str,
    header: Header,
    path: OsString,
}

impl<'a> Stand<'a> {
    fn new(repository: &Repository, python: &Path, age: &Path, vector: &'a Value) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(unusable)?;
        let (file, stored, header) = envelope(vector)?;
        let identities = vector["identities"].as_array().into_iter().flatten();
        let identities: Vec<&str> = identities.filter_map(Value::as_str).collect();
        let write =
            |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).map_err(unusable);
        write(file, &stored)?;
        write("IDENTITY.txt", identities.join("\n").as_bytes())?;
        write("kms.json", vector["kms"].to_string().as_bytes())?;
        write("gcloud", GCLOUD.as_bytes())?;
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path().join("gcloud"), executable).map_err(unusable)?;
        fs::copy(
            repository.root().join("recover.py"),
            folder.path().join("recover.py"),
        )
        .map_err(unusable)?;
        let python = python.parent().unwrap_or(python);
        let path = [
            folder.path(),
            python,
            age,
            Path::new("/usr/bin"),
            Path::new("/bin"),
        ];
        let path = std::env::join_paths(path).map_err(unusable)?;
        Ok(Self {
            vector,
            folder,
            file,
            header,
            path,
        })
    }

    /// What opened the vector; `None` when the embedded KMS or detached wraps have to.
    fn recover(&self) -> Result<Option<WrapKind>> {
        for way in recover::ways_in(&self.header) {
            let Some(commands) = &way.commands else { continue };
            if self.shell(commands)? && self.opens(&recover::with_recover_py(self.file))? {
                return match self.opens(&recover::with_python(self.file))? {
                    true => Ok(Some(self.header.wraps()[way.index].kind)),
                    false => Err(self.failed("the lines of Python do not open what recover.py opens")),
                };
            }
        }
        let embedded = self
            .header
            .wraps()
            .iter()
            .all(|wrap| wrap.provider == "embedded-kms");
        match embedded || self.vector["opens"]["wraps"] == "detached" {
            true => Ok(None),
            false => Err(self.failed("the printed commands do not open it")),
        }
    }

    /// Whether `commands` leave the right content.
    fn opens(&self, commands: &str) -> Result<bool> {
        let content = self.folder.path().join("content");
        if content.exists() {
            fs::remove_file(&content).map_err(unusable)?;
        }
        if !self.shell(commands)? {
            return Ok(false);
        }
        let hash = digest::digest(&digest::SHA512, &fs::read(content).map_err(unusable)?);
        Ok(self.vector["opens"]["content_sha512"] == STANDARD.encode(hash))
    }

    fn shell(&self, commands: &str) -> Result<bool> {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-euc", commands]).current_dir(&self.folder);
        let output = shell
            .env_clear()
            .env("PATH", &self.path)
            .output()
            .map_err(unusable)?;
        Ok(output.status.success())
    }

    fn failed(&self, why: &str) -> Error {
        Error::refused(why).on(format_args!("vector {}", self.vector["name"]))
    }
}

/// A file name, what is in the file, and the header in it.
fn envelope(vector: &Value) -> Result<(&'static str, Vec<u8>, Header)> {
    let (file, stored, bytes) = match vector["text"].as_str() {
        Some(form) => (
            "it's text.kw",
            format!("{form}\n").into_bytes(),
            text::decode(form, form.len())?,
        ),
        None => {
            let bytes = STANDARD
                .decode(vector["envelope"].as_str().unwrap_or_default())
                .map_err(unusable)?;
            ("a file.kw", bytes.clone(), bytes)
        }
    };
    let prefix = bytes
        .first_chunk::<PREFIX_LEN>()
        .ok_or_else(|| Error::damaged("no prefix").on(VECTORS))?;
    let header = Header::parse(&bytes[..Header::total_len(prefix)?])?;
    Ok((file, stored, header))
}

fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable("the recovery test cannot run").because(error)
}
