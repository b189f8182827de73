//! Absence: a "not found" counts only if it says which resource is missing, and that is the one that was asked for or what it
//! lies in.

use google_cloud_gax::error::rpc::{Status, StatusDetails};

/// Whether an answer says that `resource`, or the key or ring that it lies in, is not there. A gateway without a route, a
/// method that a service does not have, and a missing project say nothing about it.
pub(crate) fn is_of(resource: &str, status: &Status) -> bool {
    let infos = status.details.iter().filter_map(|detail| match detail {
        StatusDetails::ResourceInfo(info) => Some(info.resource_name.as_str()),
        _ => None,
    });
    let texts = infos.chain([status.message.as_str()]);
    texts.flat_map(names).any(|name| holds(name, resource))
}

/// The full names in a text.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"/-_.:".contains(c));
    words.filter_map(|word| {
        word.find("projects/")
            .map(|start| word[start..].trim_end_matches(['.', ':']))
    })
}

/// Whether `resource` is `name` or lies in it. Google may write a project's number for its id.
fn holds(name: &str, resource: &str) -> bool {
    let (Some((name_project, name)), Some((project, resource))) = (parts(name), parts(resource)) else {
        return false;
    };
    let is_number = name_project.bytes().all(|b| b.is_ascii_digit());
    let rest = resource.strip_prefix(name);
    (is_number || name_project == project)
        && name.contains("/keyRings/")
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The project of a full name, and what lies in it.
fn parts(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("projects/")?.split_once("/locations/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_resource_and_what_it_lies_in_are_missing() {
        let ring = "projects/p-1/locations/us/keyRings/r";
        let key = format!("{ring}/cryptoKeys/k");
        let is_absent = |text: &str| is_of(&key, &Status::default().set_message(text));
        for text in [
            format!("CryptoKey {key} not found."),
            format!("KeyRing {ring} not found."),
            format!("KeyRing '{ring}': not found"),
            format!("KeyRing {} not found.", ring.replace("p-1", "123456")),
            format!("//cloudkms.googleapis.com/{key} was not found"),
        ] {
            assert!(is_absent(&text), "{text}");
        }
        for text in [
            "Method not found.".to_owned(),
            "Project 'p-1' not found.".to_owned(),
            "projects/p-1/locations/us not found".to_owned(),
            format!("CryptoKey {key}2 not found."),
            format!("CryptoKeyVersion {key}/cryptoKeyVersions/1 not found."),
            format!("KeyRing {} not found.", ring.replace("p-1", "p-2")),
            format!("KeyRing {} not found.", ring.replace("us", "eu")),
            format!("KeyRing {} not found.", &ring[..ring.len() - 1]),
        ] {
            assert!(!is_absent(&text), "{text}");
        }
    }
}
