//! What grants take away without showing it: everybody unnamed, conditions, places that cannot be told, and duplicates.

use serde_json::{Value, json};

use super::{KEY, RING, change, expect, given, key, none};
use crate::manifest::Manifest;
use crate::verify::terraform::{Around, Files, judge_plan};

const AGENT: &str = "serviceAccount:service-7@gs-project-accounts.iam.gserviceaccount.com";
const ANN: &str = "user:ann@example.com";
const BOB: &str = "user:bob@example.com";
const BOTH: &str = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
const ONLY_ENCRYPTS: &str = "roles/cloudkms.cryptoKeyEncrypter";

fn member(member: &str) -> Value {
    json!({"crypto_key_id": KEY, "role": BOTH, "member": member})
}

fn binding(role: &str, members: Value) -> Value {
    json!({"crypto_key_id": KEY, "role": role, "members": members})
}

fn policy(bindings: Value) -> Value {
    json!({"crypto_key_id": KEY, "policy_data": json!({"bindings": bindings}).to_string()})
}

fn on_key(how: &str, actions: &[&str], before: Value, after: Value) -> Value {
    change(
        &format!("google_kms_crypto_key_iam_{how}"),
        actions,
        before,
        after,
        json!({}),
    )
}

fn stays(who: &str) -> Value {
    on_key("member", &["no-op"], member(who), member(who))
}

fn with(mut values: Value, name: &str, value: Value) -> Value {
    values[name] = value;
    values
}

#[test]
fn a_whole_policy_or_role_that_is_new_takes_from_people_whom_no_plan_shows() {
    let new = |how: &str, after: Value| on_key(how, &["create"], none(), after);
    let takes = &["everybody whom it does not name"][..];
    expect(json!([new("policy", policy(json!([])))]), "U", takes);
    let ann = policy(json!([{"role": BOTH, "members": [ANN]}]));
    expect(json!([new("policy", ann)]), "U", takes);
    expect(
        json!([new("binding", binding(BOTH, json!([BOB]))), stays(BOB)]),
        "U",
        takes,
    );
    let encrypters = binding(ONLY_ENCRYPTS, json!([ANN]));
    expect(json!([new("binding", encrypters)]), "P", &[]);
    expect(json!([new("member", member(ANN))]), "P", &[]);
    let elsewhere = with(
        binding(BOTH, json!([ANN])),
        "crypto_key_id",
        json!(KEY.replace("cryptoKeys/k", "cryptoKeys/other")),
    );
    let moves = on_key(
        "binding",
        &["delete", "create"],
        elsewhere,
        binding(BOTH, json!([ANN])),
    );
    expect(json!([moves]), "UF", takes);
    let project = json!({"project": "p-1", "role": "roles/owner", "members": [ANN]});
    let project = change(
        "google_project_iam_binding",
        &["create"],
        none(),
        project,
        json!({}),
    );
    expect(json!([project]), "U", takes);
}

#[test]
fn a_whole_policy_on_a_key_that_the_plan_makes_takes_from_nobody() {
    let makes = change(
        "google_kms_crypto_key",
        &["create"],
        none(),
        key(json!({"id": ""})),
        json!({}),
    );
    let named = on_key("policy", &["create"], none(), policy(json!([])));
    expect(json!([makes, named]), "P", &[]);
    let later = change(
        "google_kms_crypto_key_iam_policy",
        &["create"],
        none(),
        json!({"policy_data": "{}"}),
        json!({"crypto_key_id": true}),
    );
    expect(json!([makes, later]), "P", &[]);
    expect(json!([later]), "U", &["`crypto_key_id` is not known yet"]);
}

#[test]
fn a_declared_key_that_nobody_may_open_fails() {
    let manifest = Manifest::parse(
        "version: 1\nenvironments: {e: {}}\nkeyrings:\n  app: {env: e, provider: gcp, project: p-1, locations: [global], \
         ring: r, key: k}\n",
        "keyward.yaml",
    )
    .unwrap();
    let (uses, unread) = (std::collections::BTreeMap::new(), Files::default());
    let judge = |changes: Value| {
        let around = Around {
            file: "p",
            manifest: Some(&manifest),
            uses: &uses,
            unread: &unread,
        };
        judge_plan(&given(changes), around).checks.remove(0).verdict
    };
    let new = |bindings: Value| on_key("policy", &["create"], none(), policy(bindings));
    assert_eq!(judge(json!([new(json!([]))])).id(), "FAIL");
    let ann = json!([{"role": BOTH, "members": [ANN]}]);
    assert_eq!(judge(json!([new(ann)])).id(), "UNKNOWN");
}

#[test]
fn a_grant_under_a_condition_may_be_none() {
    let when = |who: &str, expression: &str| {
        with(
            member(who),
            "condition",
            json!([{"title": "t", "expression": expression}]),
        )
    };
    let to = |before: Value, after: Value| on_key("member", &["delete", "create"], before, after);
    let bob = stays(BOB);
    expect(
        json!([to(member(AGENT), when(AGENT, "false")), bob]),
        "U",
        &[AGENT, "may no longer decrypt"],
    );
    expect(
        json!([to(member(ANN), when(ANN, "false"))]),
        "U",
        &["does not show"],
    );
    expect(
        json!([to(when(ANN, "true"), when(ANN, "false"))]),
        "U",
        &["does not show"],
    );
    expect(
        json!([to(when(AGENT, "true"), when(AGENT, "false")), bob]),
        "U",
        &[AGENT],
    );
    expect(json!([to(when(ANN, "a"), when(BOB, "a"))]), "P", &[]);
    let unknown = change(
        "google_kms_crypto_key_iam_member",
        &["delete", "create"],
        member(ANN),
        member(ANN),
        json!({"condition": [{"expression": true}]}),
    );
    expect(json!([unknown]), "U", &["does not show"]);
}

#[test]
fn a_condition_inside_a_policy_counts_too() {
    let of = |condition: Value| policy(json!([{"role": BOTH, "members": [ANN], "condition": condition}]));
    let to = |after: Value| on_key("policy", &["update"], of(none()), after);
    expect(
        json!([to(of(json!({"title": "t", "expression": "false"})))]),
        "U",
        &["does not show"],
    );
    expect(json!([to(of(none()))]), "P", &[]);
    let whole = with(
        binding(BOTH, json!([BOB])),
        "condition",
        json!([{"expression": "e"}]),
    );
    let beside = on_key("binding", &["no-op"], whole.clone(), whole);
    let other = on_key("member", &["delete"], member("user:eve@example.com"), none());
    expect(json!([beside, stays(ANN), other]), "P", &[]);
}

#[test]
fn a_grant_on_something_that_has_no_full_name_is_undecided() {
    let short = |values: Value| with(values, "crypto_key_id", json!("global/r/k"));
    let words = &["no full name"][..];
    expect(
        json!([on_key("member", &["delete"], short(member(ANN)), none())]),
        "U",
        words,
    );
    expect(
        json!([on_key("policy", &["create"], none(), short(policy(json!([]))))]),
        "U",
        words,
    );
    let fine = short(member(ANN));
    expect(
        json!([on_key("member", &["no-op"], fine.clone(), fine.clone())]),
        "P",
        &[],
    );
    expect(
        json!([on_key("member", &["forget"], fine.clone(), none())]),
        "P",
        &[],
    );
    expect(
        json!([on_key("member", &["create"], none(), fine.clone())]),
        "P",
        &[],
    );
    let gone = on_key("member", &["delete"], member(ANN), none());
    let beside = on_key("member", &["no-op"], fine.clone(), fine);
    expect(
        json!([gone, beside]),
        "U",
        &["whether anybody else can does not show"],
    );
    let ring = |name: &str| {
        let values = json!({"key_ring_id": name, "role": BOTH, "member": ANN});
        change(
            "google_kms_key_ring_iam_member",
            &["delete"],
            values,
            none(),
            json!({}),
        )
    };
    expect(json!([ring("global/r")]), "U", words);
    expect(json!([ring("p-1/global/r")]), "F", &["the last"]);
    expect(json!([ring(RING)]), "F", &["the last"]);
}

#[test]
fn what_is_deleted_takes_the_same_grant_of_others_with_it() {
    let gone = |how: &str, values: Value| on_key(how, &["delete"], values, none());
    let last = &["the last who can decrypt"][..];
    expect(json!([gone("member", member(ANN)), stays(ANN)]), "F", last);
    let eve = json!(["user:eve@example.com"]);
    expect(
        json!([gone("binding", binding(BOTH, eve.clone())), stays(BOB)]),
        "F",
        last,
    );
    let all = policy(json!([{"role": BOTH, "members": eve.clone()}]));
    expect(json!([gone("policy", all), stays(BOB)]), "F", last);
    let other = binding("roles/cloudkms.cryptoKeyDecrypter", eve);
    expect(json!([gone("binding", other), stays(BOB)]), "P", &[]);
    expect(
        json!([
            gone("member", member(AGENT)),
            stays(BOB),
            on_key("binding", &["no-op"], binding(BOTH, json!([AGENT])), none())
        ]),
        "F",
        &[AGENT],
    );
}

#[test]
fn a_grant_that_is_made_while_the_same_one_goes_is_undecided() {
    let gone = on_key("member", &["delete"], member(ANN), none());
    let made = on_key("member", &["create"], none(), member(ANN));
    expect(json!([gone, made]), "U", &["does not show"]);
    let role = on_key("binding", &["delete"], binding(BOTH, json!([AGENT])), none());
    let agent = on_key("member", &["create"], none(), member(AGENT));
    expect(json!([role, agent, stays(BOB)]), "U", &[AGENT]);
    let moves = on_key("member", &["delete", "create"], member(ANN), member(BOB));
    expect(json!([moves]), "P", &[]);
}
