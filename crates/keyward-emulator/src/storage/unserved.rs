//! Calls that Cloud Storage has and this emulator does not: refused by name.

use super::refusal::Refusal;

/// Path behind bucket, or object, or project, and what the calls there are named.
const OF_BUCKETS: [(&str, &str); 12] = [
    ("acl", "storage.bucketAccessControls"),
    ("anywhereCaches", "storage.anywhereCaches"),
    ("defaultObjectAcl", "storage.defaultObjectAccessControls"),
    ("folders", "storage.folders"),
    ("iam", "storage.buckets.getIamPolicy and setIamPolicy"),
    ("lockRetentionPolicy", "storage.buckets.lockRetentionPolicy"),
    ("managedFolders", "storage.managedFolders"),
    ("notificationConfigs", "storage.notifications"),
    ("operations", "storage.buckets.operations"),
    ("relocate", "storage.buckets.relocate"),
    ("restore", "storage.buckets.restore"),
    ("storageLayout", "storage.buckets.getStorageLayout"),
];

const OF_OBJECTS: [(&str, &str); 6] = [
    ("acl", "storage.objectAccessControls"),
    ("compose", "storage.objects.compose"),
    ("iam", "storage.objects.getIamPolicy and setIamPolicy"),
    ("moveTo", "storage.objects.move"),
    ("restore", "storage.objects.restore"),
    ("watch", "storage.objects.watchAll"),
];

/// The refusal of a path of the JSON API that is not served.
pub(crate) fn refuse(verb: &str, segments: &[&str]) -> Refusal {
    match segments {
        ["b", _, "o", "bulkRestore"] if verb == "POST" => not_served("storage.objects.bulkRestore"),
        ["b", _, "o", "watch"] if verb == "POST" => not_served("storage.objects.watchAll"),
        ["b", _, "o", _, "moveTo", ..] => not_served("storage.objects.move"),
        ["b", _, "o", _, call, ..] => named(&OF_OBJECTS, call),
        ["b"] if verb == "POST" => not_served("storage.buckets.insert"),
        ["b", _, "o"] if verb == "POST" => Refusal::new(
            400,
            "wrongUrlForUpload",
            "Upload requests must be uploaded to a /upload/* URI.",
        ),
        ["b", _, call, ..] => named(&OF_BUCKETS, call),
        ["projects", _, "hmacKeys", ..] => not_served("storage.projects.hmacKeys"),
        ["channels", "stop"] => not_served("storage.channels.stop"),
        _ => no_method(),
    }
}

/// What is said to a path that is no call.
pub(crate) fn no_method() -> Refusal {
    Refusal::new(404, "notFound", "Not Found")
}

fn named(names: &[(&str, &'static str)], call: &str) -> Refusal {
    let found = names.iter().find(|(path, _)| *path == call);
    found.map_or_else(no_method, |(_, name)| not_served(name))
}

fn not_served(name: &str) -> Refusal {
    Refusal::new(
        501,
        "notImplemented",
        format!("{name} is not served by this emulator."),
    )
    .code("NotImplemented")
}
