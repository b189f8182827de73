//! Tests of the trouble file: everything in one document, and errors with their place.

use std::fs;

use tonic::Code;

use super::*;
use crate::kms::bench::Bench;
use crate::rpc::{Caller, Method};
use crate::trouble::faults::Effect;

fn cause(text: &str) -> Result<Bench> {
    let bench = Bench::with_keys(&["k"]);
    parse("trouble.yaml", text)?.cause(&bench.state.trouble)?;
    Ok(bench)
}

fn refusal(text: &str) -> String {
    let error = cause(text).err().expect(text);
    format!("{error} {:?}", error.hints())
}

#[test]
fn everything_in_one_document() {
    let bench = cause(
        "
clock: {at: 2027-01-01T00:00:00Z, rate: 7}
consistency: {disable_lag: 60s, primary_lag: 1h}
faults:
  - {method: Decrypt, error: {code: UNAVAILABLE, message: try again, reason: R, metadata: {a: b}}, times: 2}
  - {method: '*', delay: 50ms, probability: 1, times: 0, resource: projects/p/*, caller: user:ann, skip: 1}
  - {method: Encrypt, corrupt_checksum: true}
iam:
  enforce: true
  roles: {roles/custom.auditor: [cloudkms.cryptoKeys.get]}
  policies:
    projects/p: [{role: roles/custom.auditor, members: ['user:ann@example.com']}]
",
    )
    .unwrap();
    let trouble = &bench.state.trouble;
    assert_eq!(trouble.lags().disable, Duration::from_secs(60));
    assert_eq!(trouble.lags().primary, Duration::from_secs(3600));
    assert_eq!(trouble.waiting_faults(), 3);
    assert!(bench.state.iam.is_enforced());
    let ann = Caller::Bearer("ann@example.com".to_owned());
    let resource = crate::kms::bench::key_name("k");
    assert!(
        bench
            .state
            .iam
            .demand(&ann, "cloudkms.cryptoKeys.get", &resource)
            .is_ok()
    );
    let met = trouble.meet(&ann, &Method::looks("Decrypt", ""), &resource);
    let Some(Effect::Refuse(refusal)) = met.effect else {
        panic!("the fault was not met")
    };
    assert_eq!(
        (refusal.code, &*refusal.message),
        (Code::Unavailable, "try again")
    );
}

#[test]
fn json_is_read_too_and_nothing_is_no_trouble() {
    let bench = cause(r#"{"faults": [{"method": "Decrypt", "drop_reply": true}]}"#).unwrap();
    assert_eq!(bench.state.trouble.waiting_faults(), 1);
    assert!(cause("").is_ok() && cause("{}").is_ok() && cause("# later\n").is_ok());
}

#[test]
fn errors_name_line_and_column() {
    for (text, place, words) in [
        (
            "faults:\n  - {method: Decrypt, delays: 1s}\n",
            "trouble.yaml:2:",
            "unknown key `delays`",
        ),
        (
            "faults:\n  - {method: Decrpyt, drop_reply: true}\n",
            "trouble.yaml:2:",
            "did you mean `Decrypt`",
        ),
        (
            "faults:\n  - {method: Decrypt}\n",
            "trouble.yaml:2:",
            "exactly one of",
        ),
        (
            "faults:\n  - {method: Decrypt, drop_reply: true, stale_read: true}\n",
            "trouble.yaml:2:",
            "exactly one of",
        ),
        (
            "faults:\n\n  - {method: GetKeyRing, corrupt_checksum: true}\n",
            "trouble.yaml:3:",
            "cannot have",
        ),
        (
            "faults:\n  - {method: Decrypt, error: {code: BROKEN}}\n",
            "trouble.yaml:2:",
            "not a code",
        ),
        ("clock:\n  rate: -1\n", "trouble.yaml:2:", "not a rate"),
        ("consistency:\n  disable_lag: soon\n", "trouble.yaml:2:", "50ms"),
        (
            "iam:\n  policies:\n    projects/p: [{role: owner, members: []}]\n    nowhere: []\n",
            "trouble.yaml:4:",
            "no policy",
        ),
        (
            "iam: {roles: {roles/custom.x: [cloudkms.x]}}\n",
            "trouble.yaml:1:",
            "not a permission",
        ),
        (
            "iam:\n  policies:\n    projects/p: [{role: owner, members: ['user:a']}]\n",
            "trouble.yaml:3:",
            "not the name of a role",
        ),
        ("a: [", "trouble.yaml", ""),
    ] {
        let told = refusal(text);
        assert!(told.contains(place) && told.contains(words), "{text}: {told}");
    }
}

#[test]
fn a_file_that_is_missing_or_huge_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trouble.yaml");
    assert!(read(&file).err().unwrap().to_string().contains("trouble.yaml"));
    fs::write(&file, vec![b'#'; 1024 * 1024 + 1]).unwrap();
    assert!(read(&file).err().unwrap().to_string().contains("bytes"));
    let bomb = format!("a: &a [x]\nb: [{}]\n", "*a, ".repeat(1000));
    assert!(cause(&bomb).is_err());
}
