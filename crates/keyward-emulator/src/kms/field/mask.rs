//! Field masks: which fields an update names.

use prost_types::FieldMask;

use crate::kms::unverified;
use crate::refusal::Refusal;

/// The paths of a mask, each one of `allowed`, which a repeated path stands for once.
///
/// # Errors
/// `INVALID_ARGUMENT` for a mask that is missing or empty, and for a path that cannot be updated or does not exist;
/// `UNIMPLEMENTED` for one of `unserved`: Cloud KMS can update it, this emulator cannot.
pub(crate) fn paths<'a>(
    mask: Option<&FieldMask>,
    allowed: &[&'a str],
    unserved: &[&str],
) -> Result<Vec<&'a str>, Refusal> {
    let mask = mask.filter(|mask| !mask.paths.is_empty());
    let mut named = Vec::new();
    for path in &mask.ok_or_else(unverified::empty_mask)?.paths {
        let found = allowed.iter().find(|allowed| *allowed == path);
        match found {
            Some(path) if named.contains(path) => {}
            Some(path) => named.push(*path),
            None if unserved.contains(&path.as_str()) => return Err(Refusal::not_served(path)),
            None => return Err(unverified::mask_path(path, allowed)),
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn ask(paths: &[&str]) -> Result<Vec<&'static str>, Code> {
        let mask = FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        };
        super::paths(Some(&mask), &["labels", "rotation_period"], &["policy"]).map_err(|refusal| refusal.code)
    }

    #[test]
    fn allowed_paths_come_once() {
        assert_eq!(
            ask(&["labels", "rotation_period", "labels"]),
            Ok(vec!["labels", "rotation_period"])
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for bad in [
            "",
            "*",
            "Labels",
            "labels.",
            "labels.a",
            "rotationPeriod",
            "purpose",
        ] {
            assert_eq!(ask(&["labels", bad]), Err(Code::InvalidArgument), "{bad}");
        }
        assert_eq!(ask(&[]), Err(Code::InvalidArgument));
        assert_eq!(ask(&["policy"]), Err(Code::Unimplemented));
        assert!(super::paths(None, &["labels"], &[]).is_err());
    }
}
