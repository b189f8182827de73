//! Which call a request is, over the JSON API and over the XML API.

use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::ask::{Ask, Operation, brings, changes, looks};
use super::query::Query;
use super::refusal::Refusal;
use super::{agent, bucket, download, list, object, rewrite, unserved, upload, xml};

/// What the path of an upload begins with; the second is what older clients use.
const UPLOAD: [&str; 2] = ["/upload/storage/v1", "/resumable/upload/storage/v1"];
const DOWNLOAD: &str = "/download/storage/v1";
const JSON: &str = "/storage/v1";

/// How a request came.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Json,
    Upload,
    Download,
}

/// Whether a path belongs to the storage: one of the JSON API, or one that names a bucket as the XML API does. The names
/// of gRPC services and the versions of other APIs are no buckets' names.
pub(crate) fn takes(path: &str) -> bool {
    json(path).is_some() || bucket::is_name(first_segment(path))
}

/// Whether the path is one of the XML API.
pub(crate) fn is_xml(path: &str) -> bool {
    json(path).is_none()
}

/// The call, and everything it asks but the body.
///
/// # Errors
/// 404 for a path that is nothing, 501 for a call that is not served, 400 for names that are not UTF-8.
pub(crate) fn find(parts: &Parts, scheme: &str) -> Result<(Operation, Ask), Refusal> {
    let mut ask = Ask {
        verb: parts.method.clone(),
        query: Query::parse(parts.uri.query().unwrap_or_default())?,
        headers: parts.headers.clone(),
        base: base(parts, scheme),
        ..Ask::default()
    };
    let path = parts.uri.path();
    let operation = match json(path) {
        Some((way, rest)) => find_json(way, rest, &mut ask)?,
        None => find_xml(path, &mut ask)?,
    };
    Ok((operation, ask))
}

/// The way, and the path behind its prefix.
fn json(path: &str) -> Option<(Way, &str)> {
    let behind = |prefix| {
        path.strip_prefix(prefix)
            .filter(|rest: &&str| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some(rest) = UPLOAD.iter().find_map(|prefix| behind(*prefix)) {
        return Some((Way::Upload, rest));
    }
    if let Some(rest) = behind(DOWNLOAD) {
        return Some((Way::Download, rest));
    }
    if let Some(rest) = behind(JSON) {
        return Some((Way::Json, rest));
    }
    (first_segment(path) == "b").then_some((Way::Json, path))
}

fn first_segment(path: &str) -> &str {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('/').next().unwrap_or_default()
}

fn find_json(way: Way, path: &str, ask: &mut Ask) -> Result<Operation, Refusal> {
    let segments = path
        .split('/')
        .skip(1)
        .map(decoded)
        .collect::<Result<Vec<_>, _>>()?;
    let segments: Vec<&str> = segments.iter().map(|segment| &**segment).collect();
    match &*segments {
        ["b"] => {}
        ["projects", project, "serviceAccount"] => (*project).clone_into(&mut ask.project),
        ["b", bucket] | ["b", bucket, "o"] => (*bucket).clone_into(&mut ask.bucket),
        ["b", bucket, "o", object] => {
            (*bucket).clone_into(&mut ask.bucket);
            (*object).clone_into(&mut ask.object);
        }
        [
            "b",
            bucket,
            "o",
            object,
            "rewriteTo" | "copyTo",
            "b",
            other,
            "o",
            name,
        ] => {
            (*bucket).clone_into(&mut ask.bucket);
            (*object).clone_into(&mut ask.object);
            ask.destination = ((*other).to_owned(), (*name).to_owned());
        }
        _ => {}
    }
    if ask.project.is_empty() {
        ask.project = ask.query.get("project").unwrap_or_default().to_owned();
    }
    let verb = ask.verb.as_str();
    match (way, verb, &*segments) {
        (Way::Upload, "POST" | "PUT" | "DELETE", ["b", _, "o"]) => Ok(upload_of(ask)),
        (Way::Upload, ..) => Err(unserved::no_method()),
        (_, "GET", ["b", _, "o", _]) if way == Way::Download || ask.query.get("alt") == Some("media") => {
            Ok(looks("storage.objects.get", download::answer))
        }
        (Way::Download, ..) => Err(unserved::no_method()),
        (Way::Json, ..) => plain(verb, &segments),
    }
}

fn upload_of(ask: &Ask) -> Operation {
    match ask.verb.as_str() {
        "POST" if !ask.query.has("upload_id") => brings("storage.objects.insert", upload::answer),
        "POST" | "PUT" => brings("storage.objects.insert", upload::go_on),
        _ => changes("storage.objects.insert", upload::cancel),
    }
}

fn plain(verb: &str, segments: &[&str]) -> Result<Operation, Refusal> {
    Ok(match (verb, segments) {
        ("GET", ["projects", _, "serviceAccount"]) => {
            looks("storage.projects.serviceAccount.get", agent::answer)
        }
        ("GET", ["b"]) => looks("storage.buckets.list", bucket::list),
        ("POST", ["b"]) => changes("storage.buckets.insert", bucket::insert),
        ("GET", ["b", _]) => looks("storage.buckets.get", bucket::get),
        ("PATCH", ["b", _]) => changes("storage.buckets.patch", bucket::patch),
        ("PUT", ["b", _]) => changes("storage.buckets.update", bucket::update),
        ("DELETE", ["b", _]) => changes("storage.buckets.delete", bucket::delete),
        ("GET", ["b", _, "o"]) => looks("storage.objects.list", list::answer),
        ("GET", ["b", _, "o", _]) => looks("storage.objects.get", object::get),
        ("PATCH", ["b", _, "o", _]) => changes("storage.objects.patch", object::patch),
        ("PUT", ["b", _, "o", _]) => changes("storage.objects.update", object::update),
        ("DELETE", ["b", _, "o", _]) => changes("storage.objects.delete", object::delete),
        ("POST", ["b", _, "o", _, "rewriteTo", "b", _, "o", _]) => {
            changes("storage.objects.rewrite", rewrite::answer)
        }
        ("POST", ["b", _, "o", _, "copyTo", "b", _, "o", _]) => {
            changes("storage.objects.copy", rewrite::copy)
        }
        _ => return Err(unserved::refuse(verb, segments)),
    })
}

fn find_xml(path: &str, ask: &mut Ask) -> Result<Operation, Refusal> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, object) = path.split_once('/').unwrap_or((path, ""));
    (ask.bucket, ask.object, ask.xml) = (decoded(bucket)?, decoded(object)?, true);
    match (ask.verb.as_str(), object.is_empty()) {
        ("GET", true) if !ask.bucket.is_empty() => Ok(looks("storage.objects.list", xml::list)),
        ("GET" | "HEAD", false) => Ok(looks("storage.objects.get", download::answer)),
        ("PUT", false) if ask.headers.contains_key("x-goog-copy-source") => {
            Ok(changes("storage.objects.copy", rewrite::copy_over_xml))
        }
        ("PUT", false) => Ok(brings("storage.objects.insert", upload::over_xml)),
        ("DELETE", false) => Ok(changes("storage.objects.delete", object::delete)),
        _ => Err(unserved::no_method()),
    }
}

fn decoded(segment: &str) -> Result<String, Refusal> {
    match percent_decode_str(segment).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Refusal::invalid("The path is not UTF-8.")),
    }
}

/// How the caller reached the emulator.
fn base(parts: &Parts, scheme: &str) -> String {
    let named = parts.uri.authority().map(http::uri::Authority::as_str);
    let header = || parts.headers.get("host").and_then(|host| host.to_str().ok());
    let scheme = parts.uri.scheme_str().unwrap_or(scheme);
    format!("{scheme}://{}", named.or_else(header).unwrap_or("127.0.0.1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_other_apis_are_left_alone() {
        for path in [
            "/v1/projects/p/locations",
            "/google.cloud.kms.v1.KeyManagementService/Encrypt",
            "/",
            "/$discovery/rest",
            "/storage/v10/b",
        ] {
            assert_eq!(takes(path), path == "/storage/v10/b", "{path}");
        }
        for path in [
            "/b",
            "/b/x",
            "/storage/v1/b?x",
            "/upload/storage/v1/b/x/o",
            "/logs/2026/a.log",
        ] {
            assert!(takes(path), "{path}");
        }
    }

    #[test]
    fn a_verb_decides() {
        assert_eq!(
            plain("PATCH", &["b", "x"]).unwrap().method.name,
            "storage.buckets.patch"
        );
        assert_eq!(
            plain("POST", &["b", "x", "o", "y", "compose"])
                .err()
                .unwrap()
                .status,
            501
        );
    }
}
