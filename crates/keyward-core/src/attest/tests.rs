//! A signature by ssh-keygen is taken, and nothing that was changed, is late, or is somebody else's.

use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::*;

/// Made by `ssh-keygen -Y sign -n keyward-attestation` of OpenSSH over "a message\n".
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKQYnHikKRTnX12UcTWGqjbcslUkLs72Snh4XHH5qpy8";
const SIGNATURE: &str = "\
-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgpBiceKQpFOdfXZRxNYaqNtyyVS
QuzvZKeHhccfmqnLwAAAATa2V5d2FyZC1hdHRlc3RhdGlvbgAAAAAAAAAGc2hhNTEyAAAA
UwAAAAtzc2gtZWQyNTUxOQAAAEB/wie+dmBDmT2H2O5Ql8tllLEE1+T7/Ih/p/PtLXR+sy
2m6oIHkAbmuG0RlycI0Y5FlO5XJafnV/0XYqa30TYE
-----END SSH SIGNATURE-----
";

#[test]
fn a_signature_by_ssh_keygen_is_taken_and_a_changed_one_is_not() {
    let attesters: Vec<Attester> = vec![KEY.parse().unwrap()];
    assert_eq!(attesters[0].to_string(), KEY);
    let with_comment: Attester = format!("{KEY} someone@somewhere").parse().unwrap();
    assert_eq!(with_comment, attesters[0]);
    let check = |message: &str, namespace: &str, signature: &str, attesters: &[Attester]| {
        signer(message.as_bytes(), namespace, signature, attesters).map(drop)
    };
    assert_eq!(check("a message\n", NAMESPACE, SIGNATURE, &attesters), Ok(()));
    for (message, namespace, signature, attesters, why) in [
        (
            "another\n",
            NAMESPACE,
            SIGNATURE,
            &attesters[..],
            "changed after it was signed",
        ),
        ("a message\n", "git", SIGNATURE, &attesters, "another purpose"),
        (
            "a message\n",
            NAMESPACE,
            SIGNATURE,
            &[],
            "a key that the manifest does not have",
        ),
        ("a message\n", NAMESPACE, "", &attesters, "none that `ssh-keygen"),
        (
            "a message\n",
            NAMESPACE,
            &SIGNATURE.replace("U1NIU0lH", "U1NIU0lI"),
            &attesters,
            "cannot be read",
        ),
    ] {
        let refused = check(message, namespace, signature, attesters).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    // Cut anywhere, it is no signature, and no panic.
    for end in 0..SIGNATURE.len() {
        assert!(
            check("a message\n", NAMESPACE, &SIGNATURE[..end], &attesters).is_err()
                || end + 1 == SIGNATURE.len()
        );
    }
    for bad in [
        "",
        "ssh-rsa AAAA",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 !",
    ] {
        assert!(bad.parse::<Attester>().is_err(), "{bad}");
    }
}

/// Signs as `ssh-keygen` does.
struct Signer(Ed25519KeyPair);

impl Signer {
    fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    fn string(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
    }

    fn public(&self) -> Vec<u8> {
        [
            Self::string(b"ssh-ed25519"),
            Self::string(self.0.public_key().as_ref()),
        ]
        .concat()
    }

    fn key(&self) -> String {
        format!("ssh-ed25519 {}", base64(&self.public()))
    }

    fn sign(&self, text: &str) -> String {
        let parts = [
            Self::string(NAMESPACE.as_bytes()),
            Self::string(b""),
            Self::string(b"sha256"),
        ]
        .concat();
        let hash = digest(&SHA256, text.as_bytes());
        let signed = [b"SSHSIG", &parts[..], &Self::string(hash.as_ref())].concat();
        let signature = self.0.sign(&signed);
        let signature = [Self::string(b"ssh-ed25519"), Self::string(signature.as_ref())].concat();
        let blob = [
            b"SSHSIG\0\0\0\x01",
            &Self::string(&self.public())[..],
            &parts,
            &Self::string(&signature),
        ];
        let blob = base64(&blob.concat());
        format!("-----BEGIN SSH SIGNATURE-----\n{blob}\n-----END SSH SIGNATURE-----\n")
    }
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn manifest(attesters: &str) -> Manifest {
    let text = format!(
        "version: 1\nattesters: [{attesters}]\nenvironments: {{demo: {{}}}}\nkeyrings:\n  app: {{env: demo, provider: \
         embedded, locations: [us], ring: r, key: k}}\n"
    );
    Manifest::parse(&text, "m").unwrap()
}

fn now() -> Timestamp {
    "2026-11-25T08:00:00Z".parse().unwrap()
}

fn opened() -> BTreeSet<VersionRef> {
    let name = "embedded-kms://projects/local/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";
    [name.parse().unwrap()].into()
}

#[test]
fn a_record_holds_for_its_manifest_and_for_a_day() {
    let signer = Signer::new();
    let ours = manifest(&signer.key());
    let record = Attestation::new(&ours, now(), opened());
    let text = record.encode();
    let believed =
        |text: &str, manifest: &Manifest, at| Attestation::believed(text, &signer.sign(text), manifest, at);
    assert_eq!(believed(&text, &ours, now()), Ok(record.clone()));
    let hour = Duration::from_secs(3600);
    assert_eq!(
        believed(&text, &ours, later(now(), 23 * hour)),
        Ok(record.clone())
    );
    let foreign = Attestation {
        manifest: "00".into(),
        ..record.clone()
    }
    .encode();
    let eternal = Attestation {
        expires: later(now(), 240 * hour),
        ..record.clone()
    }
    .encode();
    let early = Attestation {
        at: later(now(), hour),
        ..record
    }
    .encode();
    let newer = text.replace("\"version\": 1", "\"version\": 2");
    for (text, at, why) in [
        (
            &text,
            later(now(), 24 * hour),
            "it held until 2026-11-26T08:00:00Z",
        ),
        (&foreign, now(), "another manifest"),
        (&eternal, now(), "longer than a day"),
        (&early, now(), "still to come"),
        (&newer, now(), "is not known"),
        (&"{}".to_owned(), now(), "cannot be read"),
    ] {
        let refused = believed(text, &ours, at).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    let changed = text.replace("cryptoKeyVersions/1", "cryptoKeyVersions/2");
    let refused = Attestation::believed(&changed, &signer.sign(&text), &ours, now()).unwrap_err();
    assert!(refused.contains("changed after it was signed"), "{refused}");
    let stranger = Signer::new().sign(&text);
    let refused = Attestation::believed(&text, &stranger, &ours, now()).unwrap_err();
    assert!(refused.contains("does not have under `attesters:`"), "{refused}");
    let refused = Attestation::believed(&text, &stranger, &manifest(""), now()).unwrap_err();
    assert!(refused.contains("nobody who may attest"), "{refused}");
}

#[test]
fn attesters_are_read_and_written_with_the_manifest() {
    let ours = manifest(KEY);
    assert_eq!(ours.attesters(), [KEY.parse().unwrap()]);
    assert_eq!(
        Manifest::parse(&ours.encode(), "m").unwrap().attesters(),
        ours.attesters()
    );
    assert!(
        Manifest::parse(
            "version: 1\nattesters: [me]\nenvironments: {}\nkeyrings: {}\n",
            "m"
        )
        .is_err()
    );
}
