//! Grants: the last who can decrypt, services that encrypt for their users, and what a plan does not show.

use serde_json::{Value, json};

use super::{KEY, RING, change, expect, key, none};

const AGENT: &str = "serviceAccount:service-7@gs-project-accounts.iam.gserviceaccount.com";
const BOTH: &str = "roles/cloudkms.cryptoKeyEncrypterDecrypter";

fn member(member: &str) -> Value {
    json!({"crypto_key_id": KEY, "role": BOTH, "member": member})
}

fn one(how: &str, actions: &[&str], before: Value, after: Value) -> Value {
    change(
        &format!("google_kms_crypto_key_iam_{how}"),
        actions,
        before,
        after,
        json!({}),
    )
}

#[test]
fn the_last_decrypter_stays() {
    let gone = one("member", &["delete"], member("user:ann@example.com"), none());
    let stays = one(
        "member",
        &["no-op"],
        member("user:bob@example.com"),
        member("user:bob@example.com"),
    );
    expect(
        json!([gone]),
        "F",
        &["the last who can decrypt", "user:ann@example.com"],
    );
    expect(json!([gone, stays]), "P", &[]);
    let forgotten = one("member", &["forget"], member("user:ann@example.com"), none());
    expect(json!([forgotten]), "P", &[]);
    let encrypter =
        json!({"crypto_key_id": KEY, "role": "roles/cloudkms.cryptoKeyEncrypter", "member": "user:x"});
    expect(json!([one("member", &["delete"], encrypter, none())]), "P", &[]);
}

#[test]
fn grants_above_a_key_count_for_it() {
    let of_project = json!({"project": "p-1", "role": BOTH, "member": "user:bob@example.com"});
    let project = |actions: &[&str], after: Value| {
        change(
            "google_project_iam_member",
            actions,
            of_project.clone(),
            after,
            json!({}),
        )
    };
    let gone = one("member", &["delete"], member("user:ann@example.com"), none());
    expect(json!([gone, project(&["no-op"], of_project.clone())]), "P", &[]);
    expect(
        json!([gone, project(&["delete"], none())]),
        "F",
        &["ann@example.com, user:bob"],
    );
    expect(json!([project(&["delete"], none())]), "F", &["the last"]);
    let ring = json!({"key_ring_id": RING, "role": BOTH, "members": ["user:ann@example.com"]});
    let ring = change(
        "google_kms_key_ring_iam_binding",
        &["delete"],
        ring,
        none(),
        json!({}),
    );
    expect(json!([ring]), "F", &["the last"]);
}

#[test]
fn a_service_agent_stays() {
    let stays = one(
        "member",
        &["no-op"],
        member("user:bob@example.com"),
        member("user:bob@example.com"),
    );
    let gone = one("member", &["delete"], member(AGENT), none());
    expect(
        json!([stays, gone]),
        "F",
        &["nothing that this service keeps under the key can be read", AGENT],
    );
    let logging = "serviceAccount:cmek-p7@gcp-sa-logging.iam.gserviceaccount.com";
    let binding = |members: Value| json!({"crypto_key_id": KEY, "role": BOTH, "members": members});
    let less = one(
        "binding",
        &["update"],
        binding(json!([AGENT, logging])),
        binding(json!([AGENT])),
    );
    expect(json!([less]), "F", &[logging]);
}

#[test]
fn a_policy_is_everything_there_is() {
    let policy = |members: Value| {
        let data = json!({"bindings": [{"role": BOTH, "members": members}]}).to_string();
        json!({"crypto_key_id": KEY, "policy_data": data})
    };
    let all = policy(json!(["user:ann@example.com"]));
    expect(
        json!([one("policy", &["update"], all.clone(), policy(json!([])))]),
        "F",
        &["the last"],
    );
    expect(
        json!([one("policy", &["delete"], all.clone(), none())]),
        "F",
        &["the last"],
    );
    let ann = one(
        "member",
        &["no-op"],
        member("user:ann@example.com"),
        member("user:ann@example.com"),
    );
    let new = one("policy", &["create"], none(), policy(json!([])));
    expect(json!([ann, new]), "F", &["the last"]);
    let odd = json!({"crypto_key_id": KEY, "policy_data": "not JSON"});
    expect(
        json!([one("policy", &["update"], all, odd)]),
        "U",
        &["does not show"],
    );
}

#[test]
fn what_does_not_show_is_undecided() {
    let unknown = |what: Value| {
        let kind = "google_kms_crypto_key_iam_member";
        json!([change(
            kind,
            &["delete", "create"],
            member("user:ann@example.com"),
            json!({"role": BOTH}),
            what
        )])
    };
    expect(
        unknown(json!({"member": true, "crypto_key_id": true})),
        "U",
        &["does not show"],
    );
    let own =
        json!({"crypto_key_id": KEY, "role": "projects/p-1/roles/opener", "member": "user:ann@example.com"});
    expect(
        json!([one("member", &["delete"], own.clone(), none())]),
        "U",
        &["does not show"],
    );
    let ann = one(
        "member",
        &["no-op"],
        member("user:ann@example.com"),
        member("user:ann@example.com"),
    );
    expect(json!([one("member", &["delete"], own, none()), ann]), "P", &[]);
}

#[test]
fn a_deleted_account_holds_nothing() {
    let account = "serviceAccount:app@p-1.iam.gserviceaccount.com";
    let stays = one("member", &["no-op"], member(account), member(account));
    let email = json!({"email": "app@p-1.iam.gserviceaccount.com"});
    let gone = change("google_service_account", &["delete"], email, none(), json!({}));
    expect(json!([stays]), "P", &[]);
    expect(json!([stays, gone]), "F", &["the last"]);
}

#[test]
fn grants_on_a_key_that_goes_are_not_told_besides() {
    let lost = change(
        "google_kms_crypto_key",
        &["delete"],
        key(json!({})),
        none(),
        json!({}),
    );
    let gone = one("member", &["delete"], member(AGENT), none());
    expect(json!([lost, gone]), "F", &["scheduled for destruction"]);
    let kept = key(json!({"deletion_policy": "ABANDON"}));
    let kept = change("google_kms_crypto_key", &["delete"], kept, none(), json!({}));
    expect(json!([kept, gone]), "FF", &["nothing is destroyed", AGENT]);
}
