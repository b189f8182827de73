//! REST, as clients made from the discovery document and Google's own generated ones speak it.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod client;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use keyward_emulator::Emulator;
use serde_json::{Value, json};

const RINGS: &str = "/v1/projects/p/locations/global/keyRings";
const KEY: &str = "/v1/projects/p/locations/global/keyRings/r/cryptoKeys/k";

/// An emulator with ring `r` and key `k`.
struct Session(Emulator);

impl Session {
    async fn start() -> Self {
        let session = Self(Emulator::start().unwrap());
        session.done("POST", &format!("{RINGS}?keyRingId=r"), "{}").await;
        let key = r#"{"purpose": "ENCRYPT_DECRYPT", "labels": {"team": "a"}}"#;
        session
            .done("POST", &format!("{RINGS}/r/cryptoKeys?cryptoKeyId=k"), key)
            .await;
        session
    }

    async fn raw(
        &self,
        verb: &str,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> http::Response<Bytes> {
        let mut request = Request::builder()
            .method(verb)
            .uri(path)
            .header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        client::http1(self.0.address(), request).await.unwrap()
    }

    async fn done(&self, verb: &str, path: &str, body: &str) -> Value {
        let answer = self.raw(verb, path, body, &[]).await;
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{verb} {path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The status, and the message of the error.
    async fn fails(&self, verb: &str, path: &str, body: &str) -> (u16, String) {
        let answer = self.raw(verb, path, body, &[]).await;
        let json: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(json["error"]["code"], answer.status().as_u16(), "{json}");
        let message = json["error"]["message"].as_str().unwrap().to_owned();
        (answer.status().as_u16(), message)
    }

    async fn ciphertext(&self) -> String {
        let answer = self
            .done("POST", &format!("{KEY}:encrypt"), r#"{"plaintext": "aGVsbG8="}"#)
            .await;
        answer["ciphertext"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn bytes_and_numbers_come_in_every_spelling() {
    let session = Session::start().await;
    let sealed = session.ciphertext().await;
    let url_safe = sealed
        .replace('+', "-")
        .replace('/', "_")
        .trim_end_matches('=')
        .to_owned();
    for spelling in [&sealed, &url_safe] {
        let body = json!({ "ciphertext": spelling }).to_string();
        let opened = session.done("POST", &format!("{KEY}:decrypt"), &body).await;
        assert_eq!(opened["plaintext"], "aGVsbG8=");
        assert_eq!(opened["plaintextCrc32c"], "2591144780");
        assert_eq!(opened["protectionLevel"], "SOFTWARE");
    }
    for checksum in ["2591144780", "\"2591144780\"", "2591144780.0"] {
        let body = format!(r#"{{"plaintext": "aGVsbG8", "plaintext_crc32c": {checksum}}}"#);
        let sealed = session.done("POST", &format!("{KEY}:encrypt"), &body).await;
        assert_eq!(sealed["verifiedPlaintextCrc32c"], true, "{checksum}");
    }
    for wrong in [
        "-1",
        "4294967296",
        "1.5",
        "\"x\"",
        "9223372036854775808",
        "[]",
        "{}",
        "true",
    ] {
        let body = format!(r#"{{"plaintext": "aGVsbG8", "plaintextCrc32c": {wrong}}}"#);
        assert_eq!(
            session.fails("POST", &format!("{KEY}:encrypt"), &body).await.0,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn what_is_no_field_is_named() {
    let session = Session::start().await;
    let encrypt = format!("{KEY}:encrypt");
    for (body, message) in [
        (
            r#"{"nope": 1}"#,
            "Invalid JSON payload received. Unknown name \"nope\": Cannot find field.",
        ),
        (
            r#"{"plaintext": "@"}"#,
            "Invalid value at 'plaintext' (TYPE_BYTES), Base64 decoding failed.",
        ),
        (
            r#"{"plaintext": ["YQ=="]}"#,
            "Proto field is not repeating, cannot start list.",
        ),
        (r#"{"name": 1}"#, "Invalid value at 'name' (TYPE_STRING), 1"),
        (
            r#"{"name": "projects/q"}"#,
            "another value for the field \"name\"",
        ),
        (
            r#"{"plaintextCrc32c": 1, "plaintext_crc32c": 1}"#,
            "Field 'plaintext_crc32c' is already set.",
        ),
        ("[]", "Root element must be a message."),
        ("{", "Unexpected end of input"),
        ("{'a': 1}", "Unexpected token"),
        ("\u{feff}{}", "Unexpected token"),
    ] {
        let (status, said) = session.fails("POST", &encrypt, body).await;
        assert_eq!(status, 400, "{body}");
        assert!(said.contains(message), "{body}: {said}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(session.fails("POST", &encrypt, &deep).await.0, 400);
    let (_, said) = session.fails("PATCH", KEY, r#"{"purpose": "NOPE"}"#).await;
    let purpose = "type.googleapis.com/google.cloud.kms.v1.CryptoKey.CryptoKeyPurpose";
    assert_eq!(
        said,
        format!("Invalid value at 'crypto_key.purpose' ({purpose}), \"NOPE\"")
    );
    let (_, said) = session
        .fails("PATCH", KEY, r#"{"versionTemplate": {"x": 1}}"#)
        .await;
    assert!(
        said.ends_with("Unknown name \"x\" at 'crypto_key.version_template': Cannot find field."),
        "{said}"
    );
}

#[tokio::test]
async fn a_secret_is_not_repeated() {
    let session = Session::start().await;
    let secret = "c2VjcmV0IHNlY3JldA$";
    for body in [
        format!(r#"{{"plaintext": "{secret}"}}"#),
        format!(r#"{{"plaintext": "{secret}"#),
    ] {
        let (_, said) = session.fails("POST", &format!("{KEY}:encrypt"), &body).await;
        assert!(!said.contains("c2Vj"), "{said}");
    }
}

#[tokio::test]
async fn a_query_gives_fields() {
    let session = Session::start().await;
    for id in ["a", "b", "c"] {
        session
            .done("POST", &format!("{RINGS}?key_ring_id={id}"), "")
            .await;
    }
    let page = session
        .done(
            "GET",
            &format!("{RINGS}?pageSize=2&orderBy=name%20desc&key=k&alt=json"),
            "",
        )
        .await;
    assert_eq!(
        page["keyRings"][0]["name"],
        "projects/p/locations/global/keyRings/r"
    );
    let token = page["nextPageToken"].as_str().unwrap();
    let token: String =
        percent_encoding::utf8_percent_encode(token, percent_encoding::NON_ALPHANUMERIC).collect();
    let rest = session
        .done(
            "GET",
            &format!("{RINGS}?page_size=2&orderBy=name+desc&pageToken={token}"),
            "",
        )
        .await;
    assert_eq!(rest["keyRings"].as_array().unwrap().len(), 2);
    let policy = format!("{KEY}:getIamPolicy?options.requestedPolicyVersion=3");
    assert!(session.done("GET", &policy, "").await["etag"].is_string());
    for (query, said) in [
        (
            "pageSiz=1",
            "Unknown name \"pageSiz\": Cannot bind query parameter. Field 'pageSiz' could not be found",
        ),
        ("pageSize=1&pageSize=2", "not repeating"),
        ("pageSize=x", "Invalid value at 'pageSize' (TYPE_INT32)"),
        ("pageSize=99999999999", "Invalid value at 'pageSize' (TYPE_INT32)"),
        ("alt=media", "Invalid value for the parameter \"alt\""),
        ("filter=%ff", "not UTF-8"),
        ("parent=projects/q/locations/global", "Unknown name \"parent\""),
    ] {
        let (status, message) = session.fails("GET", &format!("{RINGS}?{query}"), "").await;
        assert_eq!(status, 400, "{query}");
        assert!(message.contains(said), "{query}: {message}");
    }
}

#[tokio::test]
async fn a_long_query_comes_as_a_form() {
    let session = Session::start().await;
    let form = format!("pageSize=1&filter=name%3D{}", "x".repeat(3000));
    let long = session
        .raw("POST", RINGS, &form, &[("x-http-method-override", "GET")])
        .await;
    assert_eq!(long.body(), "{}\n");
    let short = session
        .raw("POST", RINGS, "pageSize=1", &[("x-http-method-override", "GET")])
        .await;
    assert!(String::from_utf8_lossy(short.body()).contains("keyRings/r"));
}

#[tokio::test]
async fn a_field_mask_has_two_spellings() {
    let session = Session::start().await;
    let body = r#"{"labels": {"team": "b"}, "rotationPeriod": "90000s", "nextRotationTime": "2100-01-01T00:00:00Z"}"#;
    for mask in [
        "labels%2CrotationPeriod,nextRotationTime",
        "labels,rotation_period,next_rotation_time",
    ] {
        let key = session
            .done("PATCH", &format!("{KEY}?updateMask={mask}"), body)
            .await;
        assert_eq!(key["rotationPeriod"], "90000s");
        assert_eq!(key["labels"], json!({"team": "b"}));
    }
    assert_eq!(
        session
            .fails("PATCH", &format!("{KEY}?updateMask=nope"), body)
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn an_answer_has_the_form_that_is_asked_for() {
    let session = Session::start().await;
    let text = async |query: &str| {
        let answer = session.raw("GET", &format!("{KEY}{query}"), "", &[]).await;
        assert_eq!(
            answer.headers()["content-type"],
            "application/json; charset=UTF-8"
        );
        String::from_utf8(answer.body().to_vec()).unwrap()
    };
    let pretty = text("").await;
    assert!(pretty.starts_with("{\n  \"name\": \"projects/p/"), "{pretty}");
    assert!(pretty.ends_with("}\n"));
    assert!(
        !pretty.contains("nextRotationTime") && !pretty.contains("importOnly"),
        "{pretty}"
    );
    let numbers = text("?%24alt=json%3Benum-encoding%3Dint&%24prettyPrint=false").await;
    assert!(
        numbers.contains("\"purpose\":1") && !numbers.contains('\n'),
        "{numbers}"
    );
}

#[tokio::test]
async fn old_clients_get_reasons() {
    let session = Session::start().await;
    let missing = format!("{RINGS}/nope");
    for (query, header, reasons) in [
        ("?$.xgafv=1", "", true),
        ("", "gl-go/1.25 gdcl/0.250", true),
        ("", "gl-rust/1", false),
    ] {
        let answer = session
            .raw(
                "GET",
                &format!("{missing}{query}"),
                "",
                &[("x-goog-api-client", header)],
            )
            .await;
        let json: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(json["error"]["status"], "NOT_FOUND");
        assert_eq!(
            json["error"]["errors"][0]["reason"] == "notFound",
            reasons,
            "{json}"
        );
    }
}

#[tokio::test]
async fn a_path_is_never_taken_for_another() {
    let session = Session::start().await;
    for (verb, path, status) in [
        ("GET", "/v1/projects/p/locations/global/keyrings", 404),
        ("GET", "/v1/projects/p/locations//keyRings", 404),
        ("GET", "/v1/projects/p/locations/global/keyRings/r/", 404),
        ("GET", "/v1/projects/p/locations/global/keyRings%2Fr", 404),
        ("GET", "/v1/projects/p/locations/global/keyRings/x/../r", 404),
        (
            "GET",
            "/v1/projects/p/locations/global/keyRings/r%2FcryptoKeys%2Fk",
            400,
        ),
        ("GET", "/v1/projects/p/locations/global/keyRings/%2572", 400),
        ("GET", "/v1/projects/p/locations/global/keyRings/R", 404),
        ("GET", "/v1/projects/p/locations/global/keyRings/%00", 400),
        ("GET", "/v1/projects/p/locations/global/keyRings/%ff", 404),
        ("PUT", "/v1/projects/p/locations/global/keyRings/r", 404),
        ("DELETE", "/v1/projects/p/locations/global/keyRings/r", 404),
        ("GET", "/v2/projects/p/locations/global/keyRings/r", 404),
        (
            "POST",
            "/v1/projects/p/locations/global/keyRings/r/cryptoKeys/k:Encrypt",
            404,
        ),
    ] {
        assert_eq!(session.fails(verb, path, "").await.0, status, "{verb} {path}");
    }
    let ring = session
        .done("GET", "/v1/projects/p/locations/global/keyRings/%72", "")
        .await;
    assert_eq!(ring["name"], "projects/p/locations/global/keyRings/r");
}

#[tokio::test]
async fn what_is_too_long_is_refused() {
    let session = Session::start().await;
    let body = format!(r#"{{"plaintext": "{}"}}"#, "A".repeat(4 << 20));
    let (status, said) = session.fails("POST", &format!("{KEY}:encrypt"), &body).await;
    assert_eq!(
        (status, said.as_str()),
        (400, "Request payload size exceeds the limit: 4194304 bytes.")
    );
}

#[tokio::test]
async fn details_of_an_error_are_read_by_their_type() {
    let session = Session::start().await;
    let version = format!("{KEY}/cryptoKeyVersions/1");
    session
        .done(
            "PATCH",
            &format!("{version}?updateMask=state"),
            r#"{"state": "DISABLED"}"#,
        )
        .await;
    let answer = session.raw("POST", &format!("{KEY}:encrypt"), "{}", &[]).await;
    let json: Value = serde_json::from_slice(answer.body()).unwrap();
    let detail = &json["error"]["details"][0];
    assert_eq!(
        detail["@type"],
        "type.googleapis.com/google.rpc.PreconditionFailure"
    );
    assert_eq!(detail["violations"][0]["type"], "KEY_DISABLED");
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let unserved = session.fails("POST", &format!("{version}:macSign"), "{}").await;
    assert_eq!(
        unserved,
        (501, "MacSign is not served by this emulator.".to_owned())
    );
}

#[tokio::test]
async fn the_caller_comes_with_the_call() {
    let session = Session::start().await;
    session.0.trouble().enforce_iam(true).unwrap();
    let ann = [("authorization", "Bearer user:ann@example.com")];
    let answer = session.raw("GET", KEY, "", &ann).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let token = session
        .raw(
            "GET",
            &format!("{KEY}?access_token=user:ann@example.com"),
            "",
            &[],
        )
        .await;
    assert_eq!(token.status(), StatusCode::FORBIDDEN);
    assert_eq!(session.raw("GET", KEY, "", &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_name_that_comes_twice_is_refused() {
    let session = Session::start().await;
    let twice = r#"{"plaintext": "YQ==", "plaintext": "Yg=="}"#;
    let (status, message) = session.fails("POST", &format!("{KEY}:encrypt"), twice).await;
    assert_eq!(status, 400);
    assert!(message.contains("twice in one object"), "{message}");
}

#[tokio::test]
async fn a_web_page_is_not_answered() {
    let session = Session::start().await;
    let path = "/emulator/v1/clock:move";
    for origin in ["https://example.com", "null", "http://localhost:1"] {
        let headers = [("origin", origin)];
        let answer = session.raw("POST", path, r#"{"by": "60s"}"#, &headers).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin}");
    }
    let own = session
        .raw("GET", "/", "", &[("origin", "http://localhost")])
        .await;
    assert_eq!(own.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_there_beside_google_is_listed() {
    let session = Session::start().await;
    for path in ["/emulator", "/emulator/v1"] {
        let answer = session.raw("GET", path, "", &[]).await;
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{text}");
        assert!(text.contains("POST   /emulator/v1/clock:move\n"), "{text}");
    }
}

#[tokio::test]
async fn who_forgot_the_version_is_told() {
    let session = Session::start().await;
    let forgotten = RINGS.strip_prefix("/v1").unwrap();
    let (status, message) = session.fails("GET", forgotten, "").await;
    assert_eq!(status, 404);
    assert!(message.contains(&format!("as in {RINGS}")), "{message}");
}
