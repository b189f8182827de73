//! Tests of policies: who may what, and that no change is lost.

use super::*;
use crate::interface::google::cloud::kms::v1 as wire;
use crate::interface::google::iam::v1 as iam;
use crate::interface::google::r#type::Expr;
use crate::kms::bench::{Bench, RING, key_name, mask};
use crate::rpc::Rpc;

const ANN: &str = "user:ann@example.com";
const ENCRYPTER: &str = "roles/cloudkms.cryptoKeyEncrypter";

fn ask_as<R: Rpc>(bench: &Bench, token: &str, request: R::Request) -> Result<R::Response, Refusal> {
    let caller = match token {
        "" => Caller::Owner,
        token => Caller::Bearer(token.to_owned()),
    };
    let call = Call {
        state: &bench.state,
        keys: &bench.state.keys,
        caller: &caller,
    };
    let resource = R::resource(&request).to_owned();
    bench.state.iam.admit::<R>(&caller, &resource)?;
    R::answer(&call, request)
}

fn get(bench: &Bench, resource: &str, version: i32) -> Result<Policy, Refusal> {
    let request = iam::GetIamPolicyRequest {
        resource: resource.to_owned(),
        options: Some(iam::GetPolicyOptions {
            requested_policy_version: version,
        }),
    };
    ask_as::<get_iam_policy::GetIamPolicy>(bench, "", request)
}

fn set(bench: &Bench, resource: &str, policy: Policy, paths: &[&str]) -> Result<Policy, Refusal> {
    let request = iam::SetIamPolicyRequest {
        resource: resource.to_owned(),
        policy: Some(policy),
        update_mask: (!paths.is_empty()).then(|| mask(paths)),
    };
    ask_as::<set_iam_policy::SetIamPolicy>(bench, "", request)
}

fn test(bench: &Bench, token: &str, resource: &str, permissions: &[&str]) -> Result<Vec<String>, Refusal> {
    let request = iam::TestIamPermissionsRequest {
        resource: resource.to_owned(),
        permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
    };
    ask_as::<test_iam_permissions::TestIamPermissions>(bench, token, request).map(|answer| answer.permissions)
}

fn encrypt_as(bench: &Bench, token: &str, name: &str) -> Result<wire::EncryptResponse, Refusal> {
    let request = wire::EncryptRequest {
        name: name.to_owned(),
        plaintext: "x".into(),
        ..Default::default()
    };
    ask_as::<crate::kms::encrypt::Encrypt>(bench, token, request)
}

fn binding(role: &str, member: &str) -> Binding {
    Binding {
        role: role.to_owned(),
        members: vec![member.to_owned()],
        condition: None,
    }
}

fn policy_of(bindings: Vec<Binding>) -> Policy {
    Policy {
        bindings,
        ..Policy::default()
    }
}

use crate::interface::google::iam::v1::Binding;

#[test]
fn nothing_is_enforced_until_it_is_asked_for() {
    let bench = Bench::with_keys(&["k"]);
    assert!(encrypt_as(&bench, ANN, &key_name("k")).is_ok());
    bench.state.iam.enforce(true).unwrap();
    let refused = encrypt_as(&bench, ANN, &key_name("k")).unwrap_err();
    assert_eq!(refused.code, Code::PermissionDenied);
    assert_eq!(
        refused.message,
        format!(
            "Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied on resource '{}' (or it may not exist).",
            key_name("k")
        )
    );
    assert_eq!(refused.details.len(), 1);
    // The same words for what is not there.
    let missing = encrypt_as(&bench, ANN, &key_name("no")).unwrap_err();
    assert_eq!(missing.message, refused.message.replace("Keys/k'", "Keys/no'"));
    assert!(
        encrypt_as(&bench, "", &key_name("k")).is_ok(),
        "the owner may everything"
    );
    // What is no name is told by the call itself.
    assert_eq!(
        encrypt_as(&bench, ANN, "k").unwrap_err().code,
        Code::InvalidArgument
    );
}

#[test]
fn what_is_granted_above_holds_below_and_nowhere_else() {
    for above in ["projects/p", RING, &key_name("k")] {
        let bench = Bench::with_keys(&["k", "other"]);
        bench.state.iam.enforce(true).unwrap();
        bench.state.iam.grant(above, ENCRYPTER, ANN).unwrap();
        for name in [key_name("k"), crate::kms::bench::version_name("k", 1)] {
            assert!(encrypt_as(&bench, ANN, &name).is_ok(), "{above}");
            assert!(encrypt_as(&bench, "ann@example.com", &name).is_ok(), "{above}");
            assert!(
                encrypt_as(&bench, "user:bob@example.com", &name).is_err(),
                "{above}"
            );
        }
        let beside = encrypt_as(&bench, ANN, &key_name("other")).is_ok();
        assert_eq!(beside, above != key_name("k"), "{above}");
        let sealed = encrypt_as(&bench, ANN, &key_name("k")).unwrap();
        let decrypt = wire::DecryptRequest {
            name: key_name("k"),
            ciphertext: sealed.ciphertext,
            ..Default::default()
        };
        let refused = ask_as::<crate::kms::decrypt::Decrypt>(&bench, ANN, decrypt).unwrap_err();
        assert_eq!(refused.code, Code::PermissionDenied);
    }
}

#[test]
fn what_is_no_name_is_told_before_who_may() {
    let bench = Bench::with_keys(&["k"]);
    bench.state.iam.enforce(true).unwrap();
    let code = |name: &str| encrypt_as(&bench, ANN, name).unwrap_err().code;
    assert_eq!(code(&key_name("missing")), Code::PermissionDenied);
    for no_name in [
        "projects/p/locations/global/keyRings/BAD.ID/cryptoKeys/k",
        "projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/01",
        "projects/p",
        RING,
        "",
    ] {
        assert_eq!(code(no_name), Code::InvalidArgument, "{no_name}");
    }
    let policy = iam::GetIamPolicyRequest {
        resource: format!("{RING}/cryptoKeys/k.k"),
        ..Default::default()
    };
    let refused = ask_as::<get_iam_policy::GetIamPolicy>(&bench, ANN, policy).unwrap_err();
    assert_eq!(refused.code, Code::InvalidArgument);
}

#[test]
fn permissions_are_tested_for_the_caller() {
    let (encrypt, get_key) = (
        "cloudkms.cryptoKeyVersions.useToEncrypt",
        "cloudkms.cryptoKeys.get",
    );
    let bench = Bench::with_keys(&["k"]);
    let ask = |token, resource: &str| test(&bench, token, resource, &[encrypt, get_key]).unwrap();
    assert_eq!(ask(ANN, &key_name("k")), [encrypt, get_key]);
    bench.state.iam.enforce(true).unwrap();
    bench.state.iam.grant(RING, ENCRYPTER, ANN).unwrap();
    assert_eq!(ask(ANN, &key_name("k")), [encrypt]);
    assert_eq!(ask("", &key_name("k")), [encrypt, get_key]);
    assert_eq!(ask("nobody", &key_name("k")), [""; 0]);
    assert_eq!(ask("", &key_name("missing")), [""; 0]);
    let unknown = test(&bench, "", RING, &["cloudkms.cryptoKeys.explode"]).unwrap_err();
    assert_eq!(unknown.code, Code::InvalidArgument);
    assert!(unknown.message.contains("explode"));
}

#[test]
fn a_change_made_from_an_old_policy_is_refused() {
    let bench = Bench::with_keys(&["k"]);
    let key = key_name("k");
    let read = get(&bench, &key, 3).unwrap();
    assert_eq!((&*read.etag, read.bindings.len()), (&[0, 0x20, 1][..], 0));
    let mut mine = read.clone();
    mine.bindings.push(binding(ENCRYPTER, ANN));
    let first = set(&bench, &key, mine.clone(), &[]).unwrap();
    assert_ne!(first.etag, read.etag);
    mine.bindings.push(binding(ENCRYPTER, "user:bob@example.com"));
    assert_eq!(set(&bench, &key, mine, &[]).unwrap_err().code, Code::Aborted);
    assert_eq!(get(&bench, &key, 3).unwrap(), first);
    let mut again = first.clone();
    again.bindings.push(binding(ENCRYPTER, "user:bob@example.com"));
    let second = set(&bench, &key, again, &[]).unwrap();
    assert_eq!(second.bindings.len(), 1, "one binding a role");
    assert_eq!(second.bindings[0].members, [ANN, "user:bob@example.com"]);
    // Without an etag nothing is compared, as in Google's services.
    assert!(
        set(&bench, &key, policy_of(vec![]), &[])
            .unwrap()
            .bindings
            .is_empty()
    );
}

#[test]
fn a_mask_says_which_half_is_set() {
    let bench = Bench::with_keys(&["k"]);
    let audited = Policy {
        audit_configs: vec![iam::AuditConfig {
            service: "allServices".to_owned(),
            audit_log_configs: vec![],
        }],
        bindings: vec![binding(ENCRYPTER, ANN)],
        ..Policy::default()
    };
    let first = set(&bench, RING, audited.clone(), &[]).unwrap();
    assert_eq!((first.bindings.len(), first.audit_configs.len()), (1, 0));
    let second = set(&bench, RING, policy_of(vec![]), &["audit_configs"]).unwrap();
    assert_eq!((second.bindings.len(), second.audit_configs.len()), (1, 0));
    let third = set(&bench, RING, audited, &["bindings", "audit_configs"]).unwrap();
    assert_eq!((third.bindings.len(), third.audit_configs.len()), (1, 1));
    assert_eq!(
        set(&bench, RING, third, &["members"]).unwrap_err().code,
        Code::InvalidArgument
    );
}

#[test]
fn conditions_are_kept_and_never_lost_or_ignored() {
    let bench = Bench::with_keys(&["k"]);
    let conditional = Binding {
        condition: Some(Expr {
            title: "until June".to_owned(),
            expression: "request.time < timestamp('2027-06-01T00:00:00Z')".to_owned(),
            ..Expr::default()
        }),
        ..binding(ENCRYPTER, ANN)
    };
    let mut policy = policy_of(vec![conditional.clone()]);
    assert_eq!(
        set(&bench, RING, policy.clone(), &[]).unwrap_err().code,
        Code::InvalidArgument
    );
    policy.version = 3;
    set(&bench, RING, policy.clone(), &[]).unwrap();
    assert_eq!(get(&bench, RING, 3).unwrap().bindings, [conditional]);
    let old = get(&bench, RING, 1).unwrap();
    assert!(old.bindings[0].condition.is_none() && old.bindings[0].role.contains("_withcond_"));
    assert_eq!(
        set(&bench, RING, old, &[]).unwrap_err().code,
        Code::InvalidArgument
    );
    let refused = bench.state.iam.enforce(true).unwrap_err();
    assert!(refused.to_string().contains("condition"), "{refused}");
    set(&bench, RING, policy_of(vec![]), &[]).unwrap();
    bench.state.iam.enforce(true).unwrap();
    let refused = set(&bench, RING, policy, &[]).unwrap_err();
    assert_eq!(refused.code, Code::Unimplemented);
    assert!(refused.message.contains("until June"), "{}", refused.message);
}

#[test]
fn what_no_policy_says_is_refused() {
    let bench = Bench::with_keys(&["k"]);
    for (role, member) in [
        ("cloudkms.admin", ANN),
        ("roles/", ANN),
        ("roles/a b", ANN),
        (ENCRYPTER, "ann@example.com"),
        (ENCRYPTER, "user:"),
    ] {
        let refused = set(&bench, RING, policy_of(vec![binding(role, member)]), &[]).unwrap_err();
        assert_eq!(refused.code, Code::InvalidArgument, "{role} {member}");
    }
    let many = Binding {
        members: (0..1501).map(|n| format!("user:{n}")).collect(),
        ..binding(ENCRYPTER, ANN)
    };
    assert_eq!(
        set(&bench, RING, policy_of(vec![many]), &[]).unwrap_err().code,
        Code::InvalidArgument
    );
    for (resource, code) in [
        (key_name("missing"), Code::NotFound),
        (format!("{RING}/importJobs/j"), Code::NotFound),
        ("projects/p".to_owned(), Code::InvalidArgument),
        (crate::kms::bench::version_name("k", 1), Code::InvalidArgument),
        (String::new(), Code::InvalidArgument),
    ] {
        assert_eq!(get(&bench, &resource, 1).unwrap_err().code, code, "{resource}");
    }
    assert_eq!(get(&bench, RING, 2).unwrap_err().code, Code::InvalidArgument);
}

#[test]
fn custom_roles_permit_what_they_say() {
    let bench = Bench::with_keys(&["k"]);
    let iam = &bench.state.iam;
    iam.enforce(true).unwrap();
    let sealer = "roles/custom.sealer";
    let unknown = set(&bench, RING, policy_of(vec![binding(sealer, ANN)]), &[]).unwrap_err();
    assert_eq!(unknown.code, Code::InvalidArgument);
    iam.set_role(sealer, &["cloudkms.cryptoKeyVersions.useToEncrypt"])
        .unwrap();
    iam.grant(RING, sealer, ANN).unwrap();
    assert!(encrypt_as(&bench, ANN, &key_name("k")).is_ok());
    assert!(iam.set_role("roles/owner", &["cloudkms.cryptoKeys.get"]).is_err());
    assert!(
        iam.set_role("roles/custom.x", &["cloudkms.cryptoKeys.explode"])
            .is_err()
    );
    iam.reset().unwrap();
    iam.enforce(true).unwrap();
    assert!(encrypt_as(&bench, ANN, &key_name("k")).is_err());
}

#[test]
fn policies_and_roles_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Iam::open(&Shelf::open(folder.path()).unwrap()).unwrap();
    let iam = open();
    iam.set_role("roles/custom.x", &["cloudkms.cryptoKeys.get"])
        .unwrap();
    iam.grant(RING, "roles/custom.x", ANN).unwrap();
    let stored = iam.policy(RING);
    drop(iam);
    let iam = open();
    assert_eq!(iam.policy(RING), stored);
    iam.enforce(true).unwrap();
    let ann = Caller::Bearer(ANN.to_owned());
    assert!(iam.demand(&ann, "cloudkms.cryptoKeys.get", RING).is_ok());
    assert!(iam.demand(&ann, "cloudkms.cryptoKeys.update", RING).is_err());
}

#[test]
fn all_policies_together_have_a_limit_and_a_changed_one_counts_once() {
    let iam = Iam::open(&Shelf::in_memory().unwrap()).unwrap();
    let long = |fill: &str| Policy {
        bindings: (0..150)
            .map(|n| binding(&format!("roles/r{n}"), &format!("user:{}", fill.repeat(1000))))
            .collect(),
        ..Policy::default()
    };
    let name = |n| format!("projects/p{n}");
    let refused = (0..1000).find(|n| iam.set_policy(&name(*n), long("x"), None).is_err());
    let fit = refused.expect("there is an end");
    assert!((400..450).contains(&fit), "{fit}");
    assert!(iam.set_policy(&name(0), long("y"), None).is_ok());
    assert_eq!(
        iam.set_policy(&name(fit), long("x"), None).unwrap_err().code,
        Code::ResourceExhausted
    );
    iam.reset().unwrap();
    assert!(iam.set_policy(&name(fit), long("x"), None).is_ok());
}
