//! An answer as JSON: code, sentence and details, without what differs from run to run.

use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::StatusDetails;
use serde_json::{Value, json};

use super::Scene;

/// What was answered, in words that can be compared.
pub(super) fn of(answer: Result<String, Error>, scene: &Scene) -> Value {
    let error = match answer {
        Ok(said) => return json!({"code": "OK", "said": plain(&said, scene)}),
        Err(error) => error,
    };
    let Some(status) = error.status() else {
        return json!({"code": "none", "message": plain(&error.to_string(), scene)});
    };
    let details: Vec<Value> = status.details.iter().map(|one| detail(one, scene)).collect();
    json!({
        "code": status.code.name(),
        "http": error.http_status_code(),
        "message": plain(&status.message, scene),
        "details": details,
    })
}

fn detail(detail: &StatusDetails, scene: &Scene) -> Value {
    match detail {
        StatusDetails::PreconditionFailure(failure) => {
            let violations = failure.violations.iter();
            let violations = violations.map(|one| {
                json!({"type": one.r#type, "subject": plain(&one.subject, scene), "description": one.description})
            });
            json!({"PreconditionFailure": violations.collect::<Vec<_>>()})
        }
        StatusDetails::BadRequest(bad) => {
            let fields = bad.field_violations.iter();
            let fields =
                fields.map(|one| json!({"field": one.field, "description": plain(&one.description, scene)}));
            json!({"BadRequest": fields.collect::<Vec<_>>()})
        }
        StatusDetails::ErrorInfo(info) => {
            json!({"ErrorInfo": {"reason": info.reason, "domain": info.domain}})
        }
        other => json!(plain(&format!("{other:?}"), scene)),
    }
}

fn plain(text: &str, scene: &Scene) -> String {
    let text = text.replace(&scene.ring.to_string(), "RING");
    text.replace(scene.ring.project(), "PROJECT")
}
