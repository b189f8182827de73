//! The commented manifests.

use keyward_core::location::Location;
use keyward_core::manifest::scalar;
use keyward_core::name::AgeRecipient;

/// What goes into one. All of it was checked before.
pub(super) struct Values<'a> {
    pub(super) project: &'a str,
    pub(super) endpoint: Option<&'a str>,
    pub(super) locations: &'a [Location],
    pub(super) ring: &'a str,
    pub(super) key: &'a str,
    pub(super) escrow: &'a [AgeRecipient],
}

/// Google's regional endpoints: each serves the keys of its own location only.
const REGIONAL: &str = "https://cloudkms.{location}.rep.googleapis.com";

/// For the KMS inside keyward.
pub(super) fn embedded(values: &Values<'_>) -> String {
    let place = format!(
        "    provider: embedded        # the KMS inside keyward, for development: files under .keyward/\n{}    ring: {}\n    \
         key: {}\n",
        locations(values),
        scalar(values.ring),
        scalar(values.key)
    );
    [HEAD, &place, &tail(values)].concat()
}

/// For Google Cloud KMS.
pub(super) fn gcp(values: &Values<'_>) -> String {
    let endpoint = match values.endpoint {
        Some(endpoint) => format!("endpoint: {}", scalar(endpoint)),
        None => format!("# endpoint: {}", scalar(REGIONAL)),
    };
    let first = values.locations.first().map_or("global", Location::as_str);
    let project = values.project;
    let place = format!(
        r#"    provider: gcp             # Google Cloud KMS
    project: {quoted}
{locations}    # Where Cloud KMS is reached, if not at its usual address. A regional endpoint serves no other location's keys, which
    # guards against a wrong location; {{location}} stands for the location of the key.
    {endpoint}
    # The same for one location alone:
    # endpoints: {{{first}: "https://cloudkms.{first}.rep.googleapis.com"}}
    # Service accounts to act as, each with no more rights than its purpose needs: to look, to seal and open, to bring
    # versions back, to create and change. Without one it is whoever runs keyward.
    # impersonate: {{read: verifier@{account}.iam.gserviceaccount.com, admin: keys@{account}.iam.gserviceaccount.com}}
    # Calls a minute that look, that change, and that seal or open, and calls at a time; these are the usual ones.
    # quota: {{reads: 300, writes: 60, crypto: 60000, in_flight: 16}}
    # quota_project: billed   # whose quota it is, if not that of the credentials
    ring: {ring}
    key: {key}
    protection: software      # or hsm; it cannot be changed later
"#,
        quoted = scalar(project),
        locations = locations(values),
        account = account_domain(project),
        ring = scalar(values.ring),
        key = scalar(values.key),
    );
    [HEAD, &place, &tail(values)].concat()
}

/// `example.com:p` has service accounts in `p.example.com`.
fn account_domain(project: &str) -> String {
    match project.split_once(':') {
        Some((domain, project)) => format!("{project}.{domain}"),
        None => project.to_owned(),
    }
}

fn locations(values: &Values<'_>) -> String {
    format!(
        "    locations: [{}]    # nearest first\n    within: any               # or an area, such as europe: then no \
         location outside of it is accepted\n",
        list(values.locations)
    )
}

fn tail(values: &Values<'_>) -> String {
    let (schedules, escrow) = (SCHEDULES, list(values.escrow));
    format!(
        "{schedules}    escrow: [{escrow}]          # age recipients whose identity is kept offline; `keyward escrow new` \
         makes one\n{RULES}"
    )
}

fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}

const HEAD: &str = r#"# What should exist: environments, keyrings, and which keyring seals which file.
# `keyward explain FILE` shows what applies to a file and why. `keyward verify` proves that all of it is there.
version: 1

environments:
  demo: {protected: false}    # a protected one is typed as `--env NAME` before anything is changed in it

keyrings:
  app:                        # one key in each location; any one of them opens
    env: demo
"#;

const SCHEDULES: &str = r#"    rotation: 90d             # so often a new version takes over; the old ones keep opening
    destroy_after: 30d        # so long a version that was ordered to be destroyed can still be restored
"#;

const RULES: &str = r#"
rules:                        # which keyring seals a file: first match wins, paths are relative to this file
  - {path: "secrets/**", keyring: app}
  - {path: "**", keyring: app}
"#;

#[cfg(test)]
mod tests {
    use keyward_core::location::Location;
    use keyward_core::manifest::Manifest;

    use super::*;

    /// Every line of a manifest for Cloud KMS that shows a field, with its sign of a comment taken away.
    fn all_fields(text: &str) -> String {
        let field = |line: &str| {
            let shown = line.strip_prefix("    # ").filter(|shown| {
                let word = shown.split(':').next().unwrap_or_default();
                word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            });
            shown.map_or_else(|| line.to_owned(), |shown| format!("    {shown}"))
        };
        text.lines().map(|line| field(line) + "\n").collect()
    }

    #[test]
    fn every_field_that_is_shown_is_one() {
        let locations = ["europe-west1", "us"].map(|name| Location::parse(name).unwrap());
        for (project, endpoint) in [
            ("p-1", None),
            ("123", Some("http://127.0.0.1:9010")),
            ("example.com:p", None),
        ] {
            let text = gcp(&Values {
                project,
                endpoint,
                locations: &locations,
                ring: "KEY",
                key: "0x1F",
                escrow: &[],
            });
            let manifest = Manifest::parse(&text, "m").unwrap();
            let app = manifest.keyring("app").unwrap();
            assert_eq!((app.project.as_str(), app.key.as_str()), (project, "0x1F"));
            assert_eq!(app.access.endpoint.as_deref(), endpoint);
            let manifest = Manifest::parse(&all_fields(&text), "m").unwrap();
            let app = manifest.keyring("app").unwrap();
            let fields = [
                "endpoint",
                "endpoints",
                "impersonate",
                "quota",
                "quota_project",
                "protection",
            ];
            for field in fields {
                assert!(app.line_of(field).is_some(), "{field}");
            }
        }
    }
}
