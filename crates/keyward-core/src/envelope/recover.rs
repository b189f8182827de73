//! The stock commands that open an envelope without keyward.
//!
//! Every block can be pasted into a POSIX shell in an empty folder: it brings the wrapped data key along, and needs only
//! `base64` and the tool that it names. `cargo xtask interop` runs them, with no keyward on the path.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Header, Wrap, WrapKind};
use crate::name::Provider;

/// How to get at the data key through one wrap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayIn {
    /// Place of the wrap in the header, from 0.
    pub index: usize,
    /// One line that says whose key it is.
    pub about: String,
    /// Shell commands that leave the 32 bytes of the data key in `data.key`; `None` when no stock tool can.
    pub commands: Option<String>,
}

/// The ways to the data key, in the order of the wraps. Any one that works is enough.
pub fn ways_in(header: &Header) -> Vec<WayIn> {
    let aad = header.binding().wrap_aad();
    let way = |(index, wrap): (usize, &Wrap)| WayIn {
        index,
        about: about(wrap),
        commands: commands_for(index + 1, wrap, &aad),
    };
    header.wraps().iter().enumerate().map(way).collect()
}

/// Shell commands that turn `data.key` and the envelope `file`, binary or text, into `content`, by `recover.py`.
pub fn with_recover_py(file: &str) -> String {
    let file = quoted(file);
    format!("python3 recover.py {file} --data-key-file data.key --output content\n")
}

/// The same with nothing but Python and its package `cryptography`, from version 50. It holds the file in memory.
pub fn with_python(file: &str) -> String {
    let file = quoted(file);
    format!("python3 - {file} data.key content <<'END'\n{PYTHON}END\n")
}

/// The same for a plain age file, which needs nothing else.
pub fn of_age_file(file: &str) -> String {
    format!(
        "age --decrypt --identity IDENTITY.txt --output content {}\n",
        quoted(file)
    )
}

/// What `keyward inspect --recover` prints for an envelope: a commented script that opens `file`, whose header is `header`.
pub fn commands(header: &Header, file: &str) -> String {
    let mut script = format!(
        "# How to open {} without keyward: one of the wraps gives the data key, then Python gives the content.\n\
         # Run it where that file is; remove data.key and wrap* afterwards.\numask 077\n",
        file.escape_debug()
    );
    for way in ways_in(header) {
        script.push_str(&format!(
            "\n# The data key, by wrap {}: {}\n",
            way.index + 1,
            way.about
        ));
        script.push_str(
            way.commands
                .as_deref()
                .unwrap_or("# (no stock tool opens this one)\n"),
        );
    }
    script.push_str("\n# The content, by recover.py, which also checks the header:\n");
    script.push_str(&with_recover_py(file));
    script.push_str("\n# Or without it (pip install 'cryptography>=50'):\n");
    script.push_str(&with_python(file));
    script
}

fn about(wrap: &Wrap) -> String {
    let version = match wrap.version.as_str() {
        "" => String::new(),
        version => format!(", version {version}"),
    };
    let missing = if wrap.is_missing() {
        " (wanted and missing)"
    } else {
        ""
    };
    format!("{} {}{version}{missing}", wrap.provider, wrap.key)
}

fn commands_for(number: usize, wrap: &Wrap, aad: &[u8]) -> Option<String> {
    if wrap.is_missing() {
        return None;
    }
    match (wrap.kind, wrap.key_ref()) {
        (WrapKind::Age, _) => Some(format!(
            "{}age --decrypt --identity IDENTITY.txt --output data.key wrap-{number}.age\n",
            file_with(&format!("wrap-{number}.age"), &wrap.wrapped)
        )),
        (WrapKind::Kms, Some(key)) if key.provider == Provider::Gcp => Some(format!(
            "{}{}gcloud kms decrypt --project={} --location={} --keyring={} --key={} \\\n  \
             --ciphertext-file=wrap-{number}.bin --additional-authenticated-data-file=wrap.aad \
             --plaintext-file=data.key\n",
            file_with(&format!("wrap-{number}.bin"), &wrap.wrapped),
            file_with("wrap.aad", aad),
            key.name.ring().project(),
            key.name.location(),
            key.name.ring().id(),
            key.name.id(),
        )),
        (WrapKind::Kms, _) => None,
    }
}

/// A here-document that writes `bytes` into the file `name`.
fn file_with(name: &str, bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(76)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!("base64 -d > {name} <<'END'\n{}\nEND\n", lines.join("\n"))
}

/// A file name as one word of a POSIX shell that is no option.
fn quoted(file: &str) -> String {
    let place = if file.starts_with('-') { "./" } else { "" };
    format!("'{place}{}'", file.replace('\'', "'\\''"))
}

/// Arguments: envelope, data key, output. The commitment of the body proves key and core.
const PYTHON: &str = r#"import base64, hashlib, sys
from cryptography.cobblestone import Cobblestone256Decryptor
data, key = (open(name, "rb").read() for name in sys.argv[1:3])
if data[:4] == b"kw1.":
    data = base64.urlsafe_b64decode(data[4:].strip() + b"==")
core_len, wraps_len = (int.from_bytes(data[at:at + 4], "big") for at in (8, 12))
binding = hashlib.sha512(data[:8] + data[16:16 + core_len]).digest()
body = Cobblestone256Decryptor(key, b"keyward/envelope/v1" + binding)
content = body.update(data[16 + core_len + wraps_len:]) + body.finalize()
open(sys.argv[3], "xb").write(content)
"#;

#[cfg(test)]
mod tests {
    use super::super::tests::{KEY, OTHER_KEY, sealed, wrap};
    use super::*;

    #[test]
    fn every_wrap_has_its_way() {
        let recipient = "age1qqqq".parse().unwrap();
        let missing = Wrap {
            wrapped: Vec::new(),
            location: "us".to_owned(),
            ..wrap(KEY)
        };
        let (header, _) = sealed(
            1,
            vec![
                wrap(KEY),
                wrap(OTHER_KEY),
                Wrap::age(&recipient, vec![1]),
                missing,
            ],
        );
        let ways = ways_in(&header);
        let gcloud = ways[0].commands.as_deref().unwrap();
        assert!(gcloud.contains("--project=p --location=europe-west1 --keyring=r --key=k "));
        assert_eq!(ways[1].commands, None);
        assert!(ways[2].commands.as_deref().unwrap().contains("age --decrypt"));
        assert_eq!(ways[3].commands, None);
        assert!(ways[3].about.contains("missing"));
    }

    #[test]
    fn a_hostile_file_name_stays_one_word() {
        assert_eq!(quoted("a'b; rm -rf *"), r"'a'\''b; rm -rf *'");
        assert_eq!(quoted("-o"), "'./-o'");
        let (header, _) = sealed(1, vec![wrap(KEY)]);
        let script = commands(&header, "x\nrm -rf *");
        assert!(script.starts_with("# How to open x\\nrm -rf * without keyward"));
    }
}
