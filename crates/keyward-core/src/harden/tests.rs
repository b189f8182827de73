//! Measures: for whom they are, that hostile texts stay texts, and that nothing needed for a rescue is denied.

use super::*;

fn manifest(more: &str) -> Manifest {
    let text = format!(
        "version: 1\nenvironments: {{e: {{}}, f: {{}}}}\nkeyrings:\n  app: {{env: e, provider: gcp, project: p-1, locations: \
         [europe-west1, us-central1], ring: r, key: k, destroy_after: 60d{more}}}\n  other: {{env: f, provider: embedded, \
         locations: [global], ring: r, key: k}}\n"
    );
    Manifest::parse(&text, "keyward.yaml").unwrap()
}

fn text(manifest: &Manifest, format: Format) -> String {
    let glass = vec![Principal::parse("group:owners@example.com").unwrap()];
    Hardening::of(manifest, None, glass, Some("123"))
        .unwrap()
        .text(format)
}

#[test]
fn every_measure_is_in_both_formats() {
    let manifest = manifest("");
    for format in Format::ALL {
        let text = text(&manifest, format);
        for part in [
            "cloudkms.googleapis.com/cryptoKeyVersions.destroy",
            "cloudkms.googleapis.com/keyRings.delete",
            "principalSet://goog/group/owners@example.com",
            "keywardKeyKeeper",
            "resourcemanager.projects.delete",
            "DestroyCryptoKeyVersion",
            "300s",
            "DATA_READ",
            "cloudkms.disableBeforeDestroy",
            "in:60d",
        ] {
            assert!(text.contains(part), "{part} is missing:\n{text}");
        }
        assert_eq!(text.matches("Not prevented:").count(), 8);
    }
}

#[test]
fn a_rescue_is_never_denied_and_the_role_holds_it() {
    let manifest = manifest("");
    for format in Format::ALL {
        let text = text(&manifest, format);
        for denied in ["cryptoKeyVersions.restore", "cryptoKeyVersions.update"] {
            assert!(
                !text.contains(&format!("cloudkms.googleapis.com/{denied}")),
                "{denied}"
            );
            assert!(text.contains(&format!("cloudkms.{denied}")), "{denied}");
        }
        for ends in ["cloudkms.cryptoKeyVersions.destroy", "cloudkms.cryptoKeys.delete"] {
            assert!(!text.contains(ends), "{ends}");
        }
    }
}

#[test]
fn keys_are_guarded_where_a_state_manages_them_and_left_out_elsewhere() {
    let free = text(&manifest(""), Format::Terraform);
    assert!(!free.contains("\"google_kms_crypto_key\""));
    let managed = text(
        &manifest(", managed_by: \"gs://b/p\", protection: hsm, rotation: 90d"),
        Format::Terraform,
    );
    assert_eq!(
        managed
            .matches("deletion_policy            = \"PREVENT\"")
            .count(),
        2
    );
    assert_eq!(managed.matches("prevent_destroy = true").count(), 2);
    assert!(managed.contains("protection_level = \"HSM\"") && managed.contains("\"7776000s\""));
    assert!(
        managed.contains("key_ring                   = \"projects/p-1/locations/us-central1/keyRings/r\"")
    );
}

#[test]
fn hostile_texts_stay_texts() {
    assert_eq!(hcl::text("a\"${b}\\%{c}\n$d"), r#""a\"$${b}\\%%{c}\n$d""#);
    assert_eq!(hcl::text("\u{1b}"), r#""\u001b""#);
    assert_eq!(hcl::label("example.com:p", 3), "example_com_p_3");
    assert_eq!(shell::word("it's $(rm)"), r"'it'\''s $(rm)'");
    assert_eq!(shell::word(""), "''");
    let hostile = "gs://b/\"} resource x {} ${file(1)} '; rm -rf / #";
    let managed = format!(", managed_by: {}", crate::manifest::scalar(hostile));
    for format in Format::ALL {
        let text = text(&manifest(&managed), format);
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("rm -rf /")).collect();
        assert!(lines.iter().all(|line| line.starts_with("# ")), "{lines:?}");
    }
}

#[test]
fn principals_are_taken_in_both_forms_and_no_other() {
    let parsed = |text: &str| Principal::parse(text).map(|one| one.to_string()).ok();
    assert_eq!(
        parsed("user:a@example.com").as_deref(),
        Some("principal://goog/subject/a@example.com")
    );
    let account = "principal://iam.googleapis.com/projects/-/serviceAccounts/a@p.iam.gserviceaccount.com";
    assert_eq!(
        parsed("serviceAccount:a@p.iam.gserviceaccount.com").as_deref(),
        Some(account)
    );
    assert_eq!(parsed(account).as_deref(), Some(account));
    for bad in [
        "",
        "ann@example.com",
        "user:ann",
        "allUsers",
        "principal:x",
        "group:a b@example.com",
        "user:a\"@b.c",
    ] {
        assert_eq!(parsed(bad), None, "{bad}");
    }
}

#[test]
fn what_cannot_be_hardened_says_so() {
    let manifest = manifest("");
    let of = |env, organization| Hardening::of(&manifest, env, Vec::new(), organization).map(|_| ());
    assert!(
        of(Some("f"), None)
            .unwrap_err()
            .to_string()
            .contains("no keyring of Cloud KMS")
    );
    assert!(of(None, Some("organizations/12")).is_ok());
    assert!(of(None, Some("example.com")).is_err());
    let text = Hardening::of(&manifest, Some("e"), Vec::new(), None)
        .unwrap()
        .text(Format::Terraform);
    assert!(text.contains("--organization NUMBER") && text.contains("exception_principals = []"));
    assert!(Format::parse("teraform").unwrap_err().hints()[0].contains("terraform"));
}
