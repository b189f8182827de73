//! What right answers show, and what is asked for them.

use std::ops::ControlFlow;

use super::super::{kms_with, settings};
use super::*;
use crate::access::{CredentialSource, Impersonate, Settings};

#[tokio::test]
async fn a_right_answer_is_seen() {
    let stub = Stub::new(|_, asked| right(asked));
    let estate = kms(&stub).estate();
    for (name, words) in [
        ("key policy", "conditional: true"),
        ("ring policy", "roles/cloudkms.admin"),
        ("project policy", "DATA_READ"),
        ("role", "cloudkms.x.y"),
        ("deny policies", "principalSet://goog/public:all"),
        (
            "project",
            r#"number: "1", state: Active, parent: Some(Folder("5"))"#,
        ),
        ("ancestors", r#"[Folder("5"), Folder("6"), Organization("7")]"#),
        ("billing", "enabled: true"),
        ("liens", "resourcemanager.projects.delete"),
        ("service", "true"),
        ("constraint", "Enforced(true)"),
        ("buckets", KEY),
        ("bucket", r#"location: "EU""#),
        ("objects", "2"),
        ("log buckets", KEY),
        ("protected", "//storage.googleapis.com/b"),
        ("retired", KEY),
        ("alerts and channels", "unverified: true"),
        ("log metrics", "x=y"),
        ("admin events", r#"method: "DestroyCryptoKeyVersion""#),
    ] {
        let (_, call) = calls().into_iter().find(|(own, _)| *own == name).unwrap();
        match call(&estate).await {
            Observed::Present(seen) => assert!(seen.contains(words), "{name}: {seen}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert!(
        stub.asked()
            .iter()
            .all(|asked| ["GET", "POST"].contains(&&*asked.method))
    );
}

#[tokio::test]
async fn every_generation_of_an_object_is_shown() {
    let stub = Stub::new(|_, asked| right(asked));
    let mut seen = Vec::new();
    let mut visit = |object| {
        seen.push(object);
        ControlFlow::Continue(())
    };
    let count = kms(&stub).estate().objects(&bucket(), &mut visit).await;
    assert_eq!(count, Observed::Present(2));
    assert_eq!((seen[0].generation, seen[0].noncurrent), (2, false));
    assert_eq!((seen[1].generation, seen[1].noncurrent), (1, true));
    assert_eq!(
        seen[1].key_version.as_deref(),
        Some(&*format!("{KEY}/cryptoKeyVersions/1"))
    );
    assert!(stub.asked()[0].path.contains("versions=true"));
    let left = kms(&stub)
        .estate()
        .objects(&bucket(), &mut |_| ControlFlow::Break(()))
        .await;
    assert_eq!(
        left,
        Observed::Unknown("objects of gs://b: it was left after 1 of them".into())
    );
}

#[tokio::test]
async fn what_is_asked_says_what_is_wanted() {
    let stub = Stub::new(|_, asked| right(asked));
    let estate = kms(&stub).estate();
    estate.deny_policies(&Place::Project("p".into())).await;
    estate.policy(&Place::Project("p".into())).await;
    estate.policy(&Place::Key(key())).await;
    assert!(matches!(estate.failed_uses("p", since()).await, Observed::Present(uses) if uses[0].code == 9));
    let asked = stub.asked();
    assert_eq!(
        asked[0].path,
        "/v2/policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fp/denypolicies?pageSize=1000"
    );
    assert_eq!(asked[2].body, r#"{"options":{"requestedPolicyVersion":3}}"#);
    assert!(asked[3].path.ends_with("?options.requestedPolicyVersion=3"));
    assert!(
        asked[5].body.contains(r"cloudaudit.googleapis.com%2Fdata_access"),
        "{}",
        asked[5].body
    );
    assert!(asked[5].body.contains("timestamp>=") && asked[5].body.contains("status.code>0"));
}

#[tokio::test]
async fn uses_that_one_may_not_see_are_unknown_and_not_none() {
    let stub = Stub::new(|_, asked| match asked.path.contains(":testIamPermissions") {
        true => json("{}"),
        false => json(r#"{"entries":[]}"#),
    });
    match kms(&stub).estate().failed_uses("p", since()).await {
        Observed::Unknown(why) => assert!(why.contains("roles/logging.privateLogViewer"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_partial_inventory_says_so() {
    let summary = r#"{"resourceCount":"3","warnings":[{"warningCode":"ORG_LESS_PROJECT_PARTIAL_DATA"}]}"#;
    let stub = Stub::new(move |_, asked| match asked.path.contains("Summary") {
        true => json(summary),
        false => right(asked),
    });
    let seen = kms(&stub)
        .estate()
        .protected(&key(), None)
        .await
        .present()
        .unwrap();
    assert!(seen.warnings[0].starts_with("ORG_LESS_PROJECT"), "{seen:?}");
    assert_eq!(seen.warnings[1], "3 are counted and 1 were found");
    assert!(
        stub.asked()[1]
            .path
            .starts_with("/v1/projects/p/protectedResources:search")
    );
}

#[tokio::test]
async fn organisation_policies_come_to_what_their_rules_say() {
    for (rules, expected) in [
        (r#"[{"allowAll":true}]"#, "Values(All)"),
        (r#"[{"denyAll":true}]"#, "Values(None)"),
        (
            r#"[{"values":{"allowedValues":["in:30d"]}}]"#,
            r#"Values(Only(["in:30d"]))"#,
        ),
        (
            r#"[{"values":{"deniedValues":["in:1d"]}}]"#,
            r#"Values(AllBut(["in:1d"]))"#,
        ),
        (r#"[{"enforce":false}]"#, "Enforced(false)"),
        (r#"[{"enforce":true,"condition":{"expression":"x"}}]"#, "Open("),
        (r#"[{"enforce":true},{"enforce":false}]"#, "Open("),
        ("[]", "Open("),
        ("[{}]", "Open("),
    ] {
        let stub = Stub::new(move |_, _| json(format!(r#"{{"spec":{{"rules":{rules}}}}}"#)));
        let seen = kms(&stub).estate().constraint("p", "x").await.present().unwrap();
        assert!(format!("{seen:?}").starts_with(expected), "{rules}: {seen:?}");
    }
}

#[tokio::test]
async fn it_looks_as_the_account_for_reading_and_at_the_cost_of_the_project_that_pays() {
    let stub = Stub::new(|_, asked| right(asked));
    let settings = Settings {
        impersonate: Impersonate {
            read: Some("reader@p.iam.gserviceaccount.com".into()),
            ..Impersonate::default()
        },
        quota_project: Some("payer".into()),
        ..settings(&stub)
    };
    let estate = kms_with(settings, CredentialSource::ApplicationDefault).estate();
    assert!(estate.liens("p").await.present().is_some());
    let asked = &stub.asked()[0];
    assert_eq!(
        asked.authorization.as_deref(),
        Some("Bearer reader@p.iam.gserviceaccount.com")
    );
    assert_eq!(asked.quota_project.as_deref(), Some("payer"));
}

#[tokio::test]
async fn a_token_that_is_refused_is_made_anew_once() {
    let stub = Stub::new(|before, asked| match before {
        0 => refusal(401, "UNAUTHENTICATED", "expired", ""),
        _ => right(asked),
    });
    let command = CredentialSource::Command(["echo", "user:ann@example.com"].map(Into::into).to_vec());
    let estate = kms_with(settings(&stub), command.clone()).estate();
    assert!(estate.liens("p").await.present().is_some());
    let stub = Stub::new(|_, _| refusal(401, "UNAUTHENTICATED", "no", ""));
    let estate = kms_with(settings(&stub), command).estate();
    assert!(
        matches!(estate.liens("p").await, Observed::Unknown(why) if why.contains("did not take the credentials"))
    );
    assert_eq!(stub.asked().len(), 2);
}
