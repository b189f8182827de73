//! Whole credentials, compared byte for byte with documents as the old generator writes them.

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;

use super::permissions::allowed;
use super::*;
use crate::error::ErrorKind;

fn now() -> Timestamp {
    "2019-04-05T12:34:56.789999Z".parse().unwrap()
}

fn request() -> Request {
    Request::new(
        "Bücherei \"Nord\" \u{2028}\u{1}",
        "Library.example.org".parse().unwrap(),
    )
}

fn made(request: &Request) -> (Credential, Value, Value) {
    let credential = generate(request, now(), &mut StdRng::seed_from_u64(1)).unwrap();
    let client = serde_json::from_slice(credential.client_half.expose()).unwrap();
    let server = serde_json::from_slice(credential.server_half.expose()).unwrap();
    (credential, client, server)
}

/// `golden` with its placeholders replaced by the random values that `server` holds.
fn filled(golden: &str, server: &Value) -> String {
    let text = |pointer: &str| {
        server
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap()
            .to_owned()
    };
    golden
        .replace("00000000-0000-4000-8000-00000000000a", &text("/docs/0/_id"))
        .replace("00000000-0000-4000-8000-00000000000b", &text("/docs/1/_id"))
        .replace(
            "00000000-0000-4000-8000-00000000000c",
            &text("/docs/0/oauth2ClientId"),
        )
        .replace(
            "00000000-0000-4000-8000-00000000000d",
            &text("/docs/0/oauth2ClientSecret"),
        )
}

fn assert_golden(request: &Request, server_golden: &str) {
    let (credential, _, server) = made(request);
    let client_golden = include_str!("golden/secret.txt");
    let shown = |half: &SecretBytes| String::from_utf8(half.expose().to_vec()).unwrap();
    assert_eq!(shown(&credential.client_half), filled(client_golden, &server));
    assert_eq!(shown(&credential.server_half), filled(server_golden, &server));
    assert_eq!(
        Recorded::read(credential.server_half.expose())
            .unwrap()
            .oauth_client_id(),
        credential.client_id
    );
}

#[test]
fn schema_0_1_is_byte_for_byte_the_old_document() {
    assert_golden(
        &Request {
            schema: Schema::V0_1,
            ..request()
        },
        include_str!("golden/schema-0.1.json"),
    );
}

#[test]
fn schema_0_2_is_byte_for_byte_the_old_document() {
    assert_golden(&request(), include_str!("golden/schema-0.2.json"));
}

#[test]
fn schema_0_3_is_byte_for_byte_the_old_document() {
    assert_golden(
        &Request {
            schema: Schema::V0_3,
            ..request()
        },
        include_str!("golden/schema-0.3.json"),
    );
}

#[test]
fn permissions_stand_where_an_editor_would_have_put_them() {
    let permissions = Permissions {
        allowed_ips: allowed(&["125.19.23.0/24", "2001:cdba::3257:9652", "62.230.58.1"]).unwrap(),
        allowed_prefs: allowed(&["none"]).unwrap(),
        create_key: true,
        create_safe: true,
    };
    assert_golden(
        &Request {
            permissions,
            ..request()
        },
        include_str!("golden/permissions.json"),
    );
}

#[test]
fn the_four_uuids_differ_and_are_version_4() {
    let (credential, _, server) = made(&request());
    let mut seen = std::collections::BTreeSet::new();
    for pointer in [
        "/docs/0/_id",
        "/docs/1/_id",
        "/docs/0/oauth2ClientId",
        "/docs/0/oauth2ClientSecret",
    ] {
        let text = server.pointer(pointer).and_then(Value::as_str).unwrap();
        assert_eq!((text.len(), &text[14..15]), (36, "4"));
        assert!("89ab".contains(&text[19..20]) && text == text.to_lowercase());
        assert!(seen.insert(text.to_owned()));
    }
    let again = generate(&request(), now(), &mut StdRng::seed_from_u64(2)).unwrap();
    assert_ne!(again.client_id, credential.client_id);
}

#[test]
fn schema_0_1_cannot_carry_permissions() {
    let permissions = Permissions {
        create_key: true,
        ..Permissions::default()
    };
    let refused = Request {
        schema: Schema::V0_1,
        permissions,
        ..request()
    };
    assert_eq!(refused.check().unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn a_name_is_neither_empty_nor_endless() {
    for name in [String::new(), "x".repeat(limits::CLIENT_NAME_LEN + 1)] {
        assert_eq!(
            Request { name, ..request() }.check().unwrap_err().kind(),
            ErrorKind::Usage
        );
    }
}

#[test]
fn a_token_takes_the_place_of_the_uuid_in_both_halves() {
    let (_, client, server) = made(&Request {
        kind: Kind::Token,
        ..request()
    });
    let secret = client
        .pointer("/clientCredentials/client_secret")
        .and_then(Value::as_str)
        .unwrap();
    assert!(secret.starts_with("kw_cs_") && secret.len() == 55);
    assert_eq!(server.pointer("/docs/0/oauth2ClientSecret").unwrap(), secret);
}

#[test]
fn a_key_pair_leaves_no_secret_with_the_server() {
    let (credential, client, server) = made(&Request {
        kind: Kind::PrivateKeyJwt,
        ..request()
    });
    let private = client.pointer("/clientCredentials/private_key_jwk").unwrap();
    let public = server.pointer("/docs/0/oauth2Jwks/keys/0").unwrap();
    let d = private["d"].as_str().unwrap();
    for member in ["kty", "crv", "x", "y", "kid", "use", "alg"] {
        assert_eq!(private[member], public[member], "{member}");
    }
    let server_text = std::str::from_utf8(credential.server_half.expose()).unwrap();
    assert!(!server_text.contains(d) && public.get("d").is_none() && !server_text.contains("PRIVATE KEY"));
    assert!(server.pointer("/docs/0/oauth2ClientSecret").is_none());
    let sign_key = client["signKey"].as_str().unwrap();
    assert!(
        sign_key.starts_with("kw_sk_"),
        "there is no client secret that users' keys could be derived from"
    );
}

#[test]
fn a_kept_sign_key_stands_last_in_the_client_half() {
    let old = SecretBytes::new(br#"{"clientCredentials":{"client_secret":"old secret"}}"#.to_vec());
    let (credential, client, _) = made(&Request {
        sign_key: SignKey::kept_from(&old).unwrap(),
        ..request()
    });
    assert_eq!(client["signKey"], "old secret");
    assert!(
        credential
            .client_half
            .expose()
            .ends_with(b"  },\n  \"signKey\": \"old secret\"\n}")
    );
}

#[test]
fn strength_is_stated() {
    assert_eq!(
        Kind::Uuid.strength().to_string(),
        "122 bits; RFC 6749 section 10.10 wants 128"
    );
    assert_eq!(Kind::Token.strength().to_string(), "256 bits");
    assert!(Kind::PrivateKeyJwt.strength().is_enough());
}

#[test]
fn a_cut_or_mismatched_server_half_is_seen() {
    let (credential, _, mut server) = made(&request());
    let is_damaged =
        |half: &[u8]| Recorded::read(half).is_err_and(|error| error.kind() == ErrorKind::Damaged);
    let whole = credential.server_half.expose();
    assert!(!is_damaged(whole) && is_damaged(&whole[..whole.len() - 1]));
    *server.pointer_mut("/docs/1/_id").unwrap() = "another".into();
    assert!(is_damaged(server.to_string().as_bytes()));
}

#[test]
fn a_client_half_is_of_one_client_at_one_site() {
    let (
        Credential {
            client_half,
            client_id,
            ..
        },
        ..,
    ) = made(&request());
    let of = |half: &[u8], client: &str, site: &str| is_client_half_of(half, client, &site.parse().unwrap());
    let half = client_half.expose();
    assert!(of(half, &client_id, "library.EXAMPLE.org"));
    assert!(!of(half, &client_id, "copy.example.org"));
    assert!(
        !of(half, "another", "library.example.org") && !of(&half[1..], &client_id, "library.example.org")
    );
}

#[test]
fn a_credential_that_is_not_as_asked_says_in_what() {
    for kind in Kind::ALL {
        let request = Request { kind, ..request() };
        let (credential, _, mut server) = made(&request);
        let differs = |server: &Value, request: &Request| {
            Recorded::read(server.to_string().as_bytes())
                .unwrap()
                .differs_from(request)
                .join(" ")
        };
        assert_eq!(differs(&server, &request), "");
        let asked = Request {
            name: "Another".to_owned(),
            schema: Schema::V0_3,
            kind: if kind == Kind::Token {
                Kind::Uuid
            } else {
                Kind::Token
            },
            permissions: Permissions {
                allowed_ips: allowed(&["::1"]).unwrap(),
                ..Permissions::default()
            },
            ..super::Request::new("", request.site.clone())
        };
        assert_eq!(differs(&server, &asked), "name schema allow_ip kind");
        *server.pointer_mut("/docs/0/allowedPrefsToWrite").unwrap() = "edited by hand".into();
        assert_eq!(differs(&server, &request), "allow_pref");
        assert_eq!(
            Recorded::read(credential.server_half.expose())
                .unwrap()
                .differs_from(&request),
            [""; 0]
        );
    }
    let old = Request {
        schema: Schema::V0_1,
        ..request()
    };
    let (credential, ..) = made(&old);
    assert!(
        Recorded::read(credential.server_half.expose())
            .unwrap()
            .differs_from(&old)
            .is_empty()
    );
}
