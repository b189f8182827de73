//! Organisation policies that slow a destruction down, for every project at once.

use std::time::Duration;

use serde_json::json;

use super::{Format, Measure, hcl, shell};

/// The windows that the constraint can demand, in days.
const DAYS: [u64; 6] = [7, 15, 30, 60, 90, 120];
const MINIMUM: &str = "cloudkms.minimumDestroyScheduledDuration";
const DISABLE_FIRST: &str = "cloudkms.disableBeforeDestroy";

pub(super) fn measure(organization: Option<&str>, window: Duration, format: Format) -> Measure {
    Measure {
        title: "organisation policies",
        why: "disableBeforeDestroy makes two steps of every destruction, of which the first shows at once what still needs \
              the version, and can be taken back. minimumDestroyScheduledDuration keeps new keys from having a short window.",
        not: "destruction by somebody who takes both steps; keys that exist keep the window that they were made with.",
        body: match organization {
            Some(organization) => body(organization, window, format),
            None => "# They belong to an organisation: name it with `--organization NUMBER`.\n".to_owned(),
        },
    }
}

fn body(organization: &str, window: Duration, format: Format) -> String {
    let days = window.as_secs() / 86_400;
    let least = DAYS.into_iter().rev().find(|demanded| *demanded <= days);
    let short = format!(
        "# No minimum: the manifest asks for a window of {days} days, and the least that can be demanded is {}.\n",
        DAYS[0]
    );
    let minimum = least.map(|days| format!("in:{days}d"));
    let minimum = match (&minimum, format) {
        (None, _) => short,
        (Some(value), Format::Terraform) => terraform(
            organization,
            MINIMUM,
            &format!(
                "values {{\n        allowed_values = [{}]\n      }}",
                hcl::text(value)
            ),
        ),
        (Some(value), Format::Gcloud) => gcloud(
            organization,
            MINIMUM,
            &json!({"values": {"allowedValues": [value]}}),
        ),
    };
    let disable_first = match format {
        Format::Terraform => terraform(organization, DISABLE_FIRST, "enforce = \"TRUE\""),
        Format::Gcloud => gcloud(organization, DISABLE_FIRST, &json!({"enforce": true})),
    };
    format!("{disable_first}{minimum}")
}

fn terraform(organization: &str, constraint: &str, rule: &str) -> String {
    format!(
        "resource \"google_org_policy_policy\" \"keyward_{}\" {{\n  \
           name   = {}\n  \
           parent = {}\n\n  \
           spec {{\n    \
             rules {{\n      \
               {rule}\n    \
             }}\n  \
           }}\n\
         }}\n",
        constraint.replace('.', "_"),
        hcl::text(&format!("organizations/{organization}/policies/{constraint}")),
        hcl::text(&format!("organizations/{organization}")),
    )
}

fn gcloud(organization: &str, constraint: &str, rule: &serde_json::Value) -> String {
    let policy = json!({
        "name": format!("organizations/{organization}/policies/{constraint}"),
        "spec": {"rules": [rule]},
    });
    let file = format!("{constraint}.json");
    format!(
        "{}gcloud org-policies set-policy \"$work/{file}\"\n",
        shell::file(&file, &policy)
    )
}
