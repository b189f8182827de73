//! What is no answer is unknown, with what it takes.

use super::*;

fn why(name: &str, seen: Observed<String>) -> String {
    match seen {
        Observed::Unknown(why) => why,
        other => panic!("{name}: {other:?}"),
    }
}

#[tokio::test]
async fn a_denial_names_the_permission_and_a_role() {
    let stub = Stub::new(|_, _| {
        refusal(
            403,
            "PERMISSION_DENIED",
            "The caller does not have permission",
            "",
        )
    });
    let estate = kms(&stub).estate();
    for (name, call) in calls() {
        let why = why(name, call(&estate).await);
        assert!(
            why.contains("the caller needs ") && why.contains(", as in roles/"),
            "{name}: {why}"
        );
    }
}

#[tokio::test]
async fn a_service_that_is_off_is_named_with_the_command() {
    let info = r#"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED"}"#;
    let stub = Stub::new(move |_, _| refusal(403, "PERMISSION_DENIED", "API disabled", info));
    let estate = kms(&stub).estate();
    for (name, call) in calls() {
        let why = why(name, call(&estate).await);
        assert!(
            why.contains("gcloud services enable ") && why.contains(".googleapis.com"),
            "{name}: {why}"
        );
    }
    let why = why("constraint", shown(estate.constraint("p", "x").await));
    assert!(
        why.contains("gcloud services enable orgpolicy.googleapis.com --project p"),
        "{why}"
    );
}

#[tokio::test]
async fn a_failing_service_is_asked_again_and_then_unknown() {
    for (name, call) in calls() {
        let stub = Stub::new(|_, _| Reply::Json(503, "<html>busy</html>".to_owned()));
        let why = why(name, call(&kms(&stub).estate()).await);
        assert!(why.contains("HTTP 503"), "{name}: {why}");
        assert_eq!(stub.asked().len(), 4, "{name}");
        let stub = Stub::new(|before, asked| match before {
            0 => Reply::Dropped,
            1 => Reply::Json(500, String::new()),
            _ => right(asked),
        });
        let seen = call(&kms(&stub).estate()).await;
        assert!(matches!(seen, Observed::Present(_)), "{name}: {seen:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_unknown() {
    let deep = "[".repeat(100_000);
    let bodies = ["", "{", "[]", "null", "7", r#""x""#, "\u{fffd}", &*deep];
    for (name, call) in calls() {
        for body in bodies {
            let body = body.to_owned();
            let stub = Stub::new(move |_, _| json(body.clone()));
            why(name, call(&kms(&stub).estate()).await);
        }
    }
}

#[tokio::test]
async fn wrong_fields_are_unknown() {
    let wrong = r#"{"bindings":7,"includedPermissions":{},"policies":7,"name":7,"parent":[],"billingEnabled":"x","liens":{},
        "state":7,"spec":7,"items":"x","buckets":[7],"resourceCount":7,"retiredResources":[[]],"alertPolicies":true,
        "metrics":[{"name":7}],"entries":[{"timestamp":"yesterday","protoPayload":{}}],"location":7}"#;
    let stub = Stub::new(move |_, _| json(wrong));
    let estate = kms(&stub).estate();
    for (name, call) in calls() {
        why(name, call(&estate).await);
    }
}

#[tokio::test]
async fn an_answer_about_something_else_is_unknown() {
    let other = r#"{"name":"roles/other","projectId":"q","billingEnabled":true,"state":"ACTIVE","parent":"projects/../x"}"#;
    let stub = Stub::new(move |_, _| json(other));
    let estate = kms(&stub).estate();
    for name in ["role", "project", "billing", "bucket", "ancestors", "service"] {
        let (_, call) = calls().into_iter().find(|(own, _)| *own == name).unwrap();
        why(name, call(&estate).await);
    }
}

#[tokio::test]
async fn folders_without_end_are_unknown() {
    let stub = Stub::new(|_, _| json(r#"{"parent":"folders/5"}"#));
    let why = why(
        "ancestors",
        shown(kms(&stub).estate().ancestors(&project()).await),
    );
    assert!(why.contains("no end"), "{why}");
    assert!(stub.asked().len() < 20);
}

#[tokio::test]
async fn a_role_whose_name_would_lead_elsewhere_is_not_asked_about() {
    let stub = Stub::new(|_, asked| right(asked));
    let estate = kms(&stub).estate();
    for name in [
        "roles/../../v1/x",
        "roles/a/b",
        "x",
        "roles/",
        "projects/p/roles/..",
        "roles/a?b",
    ] {
        why(name, shown(estate.role(name).await));
    }
    assert!(stub.asked().is_empty());
}

/// Calls that read lists.
const LISTS: [&str; 11] = [
    "deny policies",
    "liens",
    "buckets",
    "objects",
    "log buckets",
    "protected",
    "retired",
    "alerts and channels",
    "log metrics",
    "admin events",
    "role",
];

#[tokio::test]
async fn a_list_cut_short_is_unknown() {
    for (name, call) in calls().into_iter().filter(|(name, _)| LISTS[..10].contains(name)) {
        // A page that promises another one, which does not come.
        let stub = Stub::new(|_, asked| {
            let more = asked.path.contains("pageToken=") || asked.body.contains("pageToken");
            match (more, asked.path.contains("Summary")) {
                (_, true) => right(asked),
                (true, _) => refusal(403, "PERMISSION_DENIED", "no", ""),
                (false, _) => json(r#"{"nextPageToken":"more"}"#),
            }
        });
        why(name, call(&kms(&stub).estate()).await);
        assert!(stub.asked().len() >= 2, "{name}");
        // Pages that lead back to each other.
        let stub = Stub::new(|before, asked| match asked.path.contains("Summary") {
            true => right(asked),
            false => json(format!(r#"{{"nextPageToken":"{}"}}"#, ["a", "b"][before % 2])),
        });
        let why = why(name, call(&kms(&stub).estate()).await);
        assert!(why.contains("circle"), "{name}: {why}");
        // A part that could not be reached.
        let stub = Stub::new(|_, asked| match asked.path.contains("Summary") {
            true => right(asked),
            false => json(r#"{"unreachable":["EU"]}"#),
        });
        self::why(name, call(&kms(&stub).estate()).await);
    }
}

#[tokio::test]
async fn an_answer_without_measure_is_not_kept() {
    let huge = format!(r#"{{"items":[],"x":"{}"}}"#, "x".repeat(17 * 1024 * 1024));
    let stub = Stub::new(move |_, _| json(huge.clone()));
    let estate = kms(&stub).estate();
    for name in ["buckets", "objects"] {
        let (_, call) = calls().into_iter().find(|(own, _)| *own == name).unwrap();
        let why = why(name, call(&estate).await);
        assert!(why.contains("longer than 16 MiB"), "{why}");
    }
}

#[tokio::test]
async fn what_an_emulator_does_not_serve_is_named() {
    let stub = Stub::new(|_, _| refusal(404, "NOT_FOUND", "Not Found", ""));
    let estate = kms(&stub).estate();
    for (name, call) in calls() {
        let why = why(name, call(&estate).await);
        assert!(
            why.contains(".googleapis.com is not served at http://127.0.0.1:"),
            "{name}: {why}"
        );
    }
    assert_eq!(stub.asked().len(), calls().len(), "nothing is asked twice");
}

#[tokio::test]
async fn only_a_bucket_that_is_said_not_to_exist_is_absent() {
    let missing = r#"{"error":{"code":404,"message":"The specified bucket does not exist.","errors":[{"reason":"notFound"}]}}"#;
    let stub = Stub::new(move |_, _| Reply::Json(404, missing.to_owned()));
    assert_eq!(kms(&stub).estate().bucket("b").await, Observed::Absent);
    why("buckets", shown(kms(&stub).estate().buckets("p").await));
}

#[tokio::test]
async fn a_redirection_is_not_followed_and_a_token_is_not_shown() {
    let stub = Stub::new(|_, _| Reply::Json(302, r#"{"error":{"message":"go to ya29.secret"}}"#.to_owned()));
    let why = why("project", shown(kms(&stub).estate().project("p").await));
    assert!(why.contains("HTTP 302") && !why.contains("secret"), "{why}");
    assert_eq!(stub.asked().len(), 1);
}
