//! Grants on folders and organizations, and roles of the customer's own.

use serde_json::{Value, json};

use super::{change, expect, none};

const OPENS: &str = "roles/cloudkms.cryptoKeyDecrypter";
const DECRYPT: &str = "cloudkms.cryptoKeyVersions.useToDecrypt";
const ANN: &str = "user:ann@example.com";

fn one(kind: &str, actions: &[&str], before: Value, after: Value) -> Value {
    json!([change(kind, actions, before, after, json!({}))])
}

fn policy(members: Value) -> Value {
    let data = json!({"bindings": [{"role": OPENS, "members": members}]});
    json!({"folder": "folders/1", "policy_data": data.to_string()})
}

#[test]
fn a_grant_above_a_project_that_ends_is_undecided() {
    let words = &["which keys does not show"][..];
    let ann = || policy(json!([ANN]));
    for of in ["google_folder", "google_organization"] {
        let kind = |how: &str| format!("{of}_iam_{how}");
        let member = |role: &str| json!({"role": role, "member": ANN});
        expect(
            one(&kind("policy"), &["update"], ann(), policy(json!([]))),
            "U",
            words,
        );
        expect(
            one(&kind("member"), &["delete"], member(OPENS), none()),
            "U",
            words,
        );
        expect(
            one(
                &kind("member"),
                &["delete"],
                member("organizations/1/roles/own"),
                none(),
            ),
            "U",
            words,
        );
        expect(
            one(&kind("member"), &["delete"], member("roles/viewer"), none()),
            "P",
            &[],
        );
        expect(one(&kind("member"), &["create"], none(), member(OPENS)), "P", &[]);
        expect(one(&kind("member"), &["forget"], member(OPENS), none()), "P", &[]);
        expect(one(&kind("policy"), &["create"], none(), ann()), "U", words);
        expect(one(&kind("policy"), &["no-op"], ann(), ann()), "P", &[]);
    }
    let binding = |members: Value| json!({"folder": "folders/1", "role": OPENS, "members": members});
    let to = |members: Value| {
        one(
            "google_folder_iam_binding",
            &["update"],
            binding(json!([ANN])),
            binding(members),
        )
    };
    expect(to(json!(["user:bob@example.com"])), "U", words);
    expect(to(json!([ANN, "user:bob@example.com"])), "P", &[]);
}

#[test]
fn a_role_that_no_longer_decrypts_is_undecided() {
    let role = |permissions: Value, stage: &str| json!({"permissions": permissions, "stage": stage});
    let able = || role(json!(["a.b.c", DECRYPT]), "GA");
    for kind in [
        "google_project_iam_custom_role",
        "google_organization_iam_custom_role",
    ] {
        let words = &["which keys does not show"][..];
        expect(one(kind, &["delete"], able(), none()), "U", words);
        let to = |after: Value| one(kind, &["update"], able(), after);
        expect(to(role(json!(["a.b.c"]), "GA")), "U", words);
        expect(to(role(json!([DECRYPT]), "DISABLED")), "U", words);
        expect(to(role(json!([DECRYPT, "d.e.f"]), "BETA")), "P", &[]);
        let other = role(json!(["a.b.c"]), "GA");
        expect(one(kind, &["delete"], other, none()), "P", &[]);
        expect(one(kind, &["create"], none(), able()), "P", &[]);
        let unknown = change(
            kind,
            &["update"],
            able(),
            json!({"stage": "GA"}),
            json!({"permissions": true}),
        );
        expect(json!([unknown]), "U", words);
    }
}
