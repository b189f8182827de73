//! Reads: what is absence, what is not, and lists that do not end well.

use std::time::{Duration, Instant};

use keyward_core::kms::{EncryptWith, KmsCrypt, KmsRead, KmsRescue, Observed};

use super::stub::{Reply, Stub, json, refusal};
use super::{KEY, crypto_key, key, kms, kms_with, settings, version};
use crate::access::CredentialSource;

fn why<T: std::fmt::Debug>(seen: Observed<T>) -> String {
    match seen {
        Observed::Unknown(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_not_found_is_absence() {
    let answers: [(u16, &str, &str); 9] = [
        (404, "NOT_FOUND", "Method not found."),
        (404, "NOT_FOUND", "Project 'p' not found."),
        (404, "NOT_FOUND", "Not Found"),
        (
            403,
            "PERMISSION_DENIED",
            "Permission denied on resource (or it may not exist).",
        ),
        (404, "NOT_FOUND", "Project p not found or permission denied."),
        (
            404,
            "NOT_FOUND",
            "The request concerns location 'us' but was sent to location 'eu'.",
        ),
        (501, "UNIMPLEMENTED", "no"),
        (404, "", "not Google"),
        (400, "FAILED_PRECONDITION", "no"),
    ];
    for (status, code, message) in answers {
        let stub = Stub::new(move |_, _| refusal(status, code, message, ""));
        why(kms(&stub).get_key(&key()).await);
    }
    let stub = Stub::new(|_, _| Reply::Json(404, "<html>no such page</html>".to_owned()));
    why(kms(&stub).get_key(&key()).await);
    let stub = Stub::new(|_, _| refusal(404, "NOT_FOUND", &format!("CryptoKey {KEY} not found."), ""));
    assert_eq!(kms(&stub).get_key(&key()).await, Observed::Absent);
    assert_eq!(kms(&stub).list_versions(&key()).await, Observed::Absent);
}

#[tokio::test]
async fn a_denial_says_which_permission_is_missing() {
    for (held, words) in [
        ("", "does not hold"),
        (r#""cloudkms.cryptoKeys.get""#, "something else denies it"),
    ] {
        let stub = Stub::new(move |_, asked| match asked.path.contains(":testIamPermissions") {
            true => json(format!(r#"{{"permissions":[{held}]}}"#)),
            false => refusal(
                403,
                "PERMISSION_DENIED",
                "Permission denied (or it may not exist).",
                "",
            ),
        });
        let why = why(kms(&stub).get_key(&key()).await);
        assert!(
            why.contains("cloudkms.cryptoKeys.get") && why.contains(words),
            "{why}"
        );
    }
}

#[tokio::test]
async fn a_denial_names_the_key_once_and_the_role_that_would_do() {
    let stub = Stub::new(|_, asked| match asked.path.contains(":testIamPermissions") {
        true => json("{}"),
        false => {
            let message = format!("Permission denied on resource '{KEY}' (or it may not exist).");
            refusal(403, "PERMISSION_DENIED", &message, "")
        }
    });
    let kms = kms(&stub);
    let denied = [
        why(kms.get_key(&key()).await),
        why(kms.list_versions(&key()).await),
    ];
    for why in denied {
        assert!(
            why.ends_with("grant roles/cloudkms.viewer on the key ring"),
            "{why}"
        );
        assert!(why.matches(KEY).count() == 1 && !why.contains(".;"), "{why}");
    }
    let error = kms
        .encrypt(EncryptWith::Key(&key()), b"secret", b"")
        .await
        .unwrap_err();
    let hint = error.hint.unwrap();
    assert!(
        hint.contains("roles/cloudkms.cryptoKeyEncrypterDecrypter") && !hint.contains(KEY),
        "{hint}"
    );
    for error in [
        kms.enable(&key().version(1)).await.unwrap_err(),
        kms.restore(&key().version(1)).await.unwrap_err(),
    ] {
        let hint = error.hint.unwrap();
        assert!(hint.contains("a custom role") && !hint.contains(KEY), "{hint}");
    }
}

#[tokio::test]
async fn a_disabled_api_is_said_with_its_cure() {
    let info = r#"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED","domain":"googleapis.com"}"#;
    let stub = Stub::new(move |_, _| {
        refusal(
            403,
            "PERMISSION_DENIED",
            "Cloud KMS has not been used in project 1",
            info,
        )
    });
    let why = why(kms(&stub).get_key(&key()).await);
    assert!(
        why.contains("gcloud services enable cloudkms.googleapis.com --project p"),
        "{why}"
    );
    assert_eq!(stub.asked().len(), 1, "the cause is known: nothing else is asked");
}

#[tokio::test]
async fn an_answer_about_another_key_is_unknown() {
    let stub = Stub::new(|_, _| json(crypto_key(&KEY.replace("/k", "/x"), "")));
    assert!(
        why(kms(&stub).get_key(&key()).await).contains("about"),
        "about another"
    );
    assert_eq!(stub.asked().len(), 3);
    for broken in ["{}", "[]", "null", "", r#"{"name":7}"#] {
        let stub = Stub::new(move |_, _| json(broken));
        why(kms(&stub).get_key(&key()).await);
    }
}

#[tokio::test]
async fn every_page_is_read_and_sorted() {
    let page = |versions: &[u64], next: &str| {
        let versions: Vec<_> = versions.iter().map(|n| version(*n, "ENABLED", "")).collect();
        json(format!(
            r#"{{"cryptoKeyVersions":[{}],"nextPageToken":"{next}"}}"#,
            versions.join(",")
        ))
    };
    let stub = Stub::new(move |_, asked| match asked.path.split("pageToken=").nth(1) {
        Some(token) if token.starts_with("b") => page(&[2], "c"),
        Some(token) if token.starts_with("c") => page(&[2, 1], ""),
        _ => page(&[10], "b"),
    });
    let versions = kms(&stub).list_versions(&key()).await.present().unwrap();
    let numbers: Vec<u64> = versions.iter().map(|version| version.name.number()).collect();
    assert_eq!(numbers, [1, 2, 10]);
}

#[tokio::test]
async fn a_list_that_fails_half_way_is_unknown() {
    let first = |next: &str| {
        json(format!(
            r#"{{"cryptoKeys":[{}],"nextPageToken":"{next}"}}"#,
            crypto_key(KEY, "")
        ))
    };
    let ring = key().ring().clone();
    let stub = Stub::new(move |before, _| match before {
        0 => first("b"),
        _ => refusal(403, "PERMISSION_DENIED", "no", ""),
    });
    why(kms(&stub).list_keys(&ring).await);
    let stub = Stub::new(move |_, _| first("again"));
    assert!(why(kms(&stub).list_keys(&ring).await).contains("circle"));
    let foreign = KEY.replace("/r/", "/elsewhere/");
    let stub = Stub::new(move |_, _| json(format!(r#"{{"cryptoKeys":[{}]}}"#, crypto_key(&foreign, ""))));
    assert!(why(kms(&stub).list_keys(&ring).await).contains("elsewhere"));
}

#[tokio::test]
async fn a_list_without_end_ends_in_time() {
    let stub = Stub::new(|before, _| {
        std::thread::sleep(Duration::from_millis(10));
        json(format!(r#"{{"nextPageToken":"page-{before}"}}"#))
    });
    let mut settings = settings(&stub);
    settings.deadline = Duration::from_millis(100);
    settings.quota.reads_per_minute = 1_000_000;
    let start = Instant::now();
    let kms = kms_with(settings, CredentialSource::Anonymous);
    assert!(why(kms.list_keys(key().ring()).await).contains("does not end in time"));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(
        stub.asked().len() > 10,
        "a page does not wait for the list's whole time"
    );
}

#[tokio::test]
async fn transient_failures_of_a_read_are_repeated() {
    let stub = Stub::new(|before, _| match before {
        0 => refusal(500, "INTERNAL", "oops", ""),
        1 => Reply::Dropped,
        _ => json(version(1, "ENABLED", "")),
    });
    assert!(
        kms(&stub)
            .get_version(&key().version(1))
            .await
            .present()
            .is_some()
    );
}

#[tokio::test]
async fn locations_are_all_of_them_or_unknown() {
    let page = |names: &[&str], next: &str| {
        let locations: Vec<_> = names
            .iter()
            .map(|name| format!(r#"{{"name":"projects/7/locations/{name}","locationId":"{name}"}}"#))
            .collect();
        json(format!(
            r#"{{"locations":[{}],"nextPageToken":"{next}"}}"#,
            locations.join(",")
        ))
    };
    let stub = Stub::new(move |before, _| match before {
        0 => page(&["us", "europe-west1"], "b"),
        _ => page(&["global"], ""),
    });
    let locations = kms(&stub).list_locations("p").await.present().unwrap();
    let names: Vec<_> = locations.iter().map(|location| location.as_str()).collect();
    assert_eq!(names, ["europe-west1", "global", "us"]);
    assert!(
        stub.asked()[0].path.starts_with("/v1/projects/p/locations"),
        "{:?}",
        stub.asked()[0].path
    );
    let stub = Stub::new(move |before, _| match before {
        0 => page(&["us"], "b"),
        _ => refusal(403, "PERMISSION_DENIED", "no", ""),
    });
    why(kms(&stub).list_locations("p").await);
    let stub = Stub::new(|_, _| {
        json(r#"{"locations":[{"name":"projects/7/locations/us","locationId":"eu"}]}"#.to_owned())
    });
    why(kms(&stub).list_locations("p").await);
}

#[tokio::test]
async fn a_policy_on_reasons_for_access_is_told_also_when_it_is_empty() {
    for (more, reasons) in [
        ("", None),
        (r#","keyAccessJustificationsPolicy":{}"#, Some(Vec::new())),
        (
            r#","keyAccessJustificationsPolicy":{"allowedAccessReasons":["CUSTOMER_INITIATED_ACCESS"]}"#,
            Some(vec!["CUSTOMER_INITIATED_ACCESS".to_owned()]),
        ),
    ] {
        let stub = Stub::new(move |_, _| json(crypto_key(KEY, more)));
        assert_eq!(
            kms(&stub).get_key(&key()).await.present().unwrap().access_reasons,
            reasons
        );
    }
}
