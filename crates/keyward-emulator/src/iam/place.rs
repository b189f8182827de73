//! Where policies stand: on projects, rings, keys and import jobs. What is below one is under it.

/// What carries a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Project,
    Ring,
    Key,
    ImportJob,
}

/// Longest name of what carries a policy, in bytes: a project of 30, a location and two ids of 63, and their collections.
const LONGEST: usize = 512;

impl Kind {
    /// The kind of a full name; nothing when it carries no policy.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let parts: Vec<_> = name.split('/').collect();
        if name.len() > LONGEST || parts.iter().any(|part| part.is_empty()) {
            return None;
        }
        match *parts {
            ["projects", _] => Some(Self::Project),
            ["projects", _, "locations", _, "keyRings", _] => Some(Self::Ring),
            ["projects", _, "locations", _, "keyRings", _, "cryptoKeys", _] => Some(Self::Key),
            ["projects", _, "locations", _, "keyRings", _, "importJobs", _] => Some(Self::ImportJob),
            _ => None,
        }
    }
}

/// The names of everything whose policy counts for `name`: its project, its ring, its key, as far as it has them.
/// Empty for what is no name in a project.
pub(crate) fn lineage(name: &str) -> impl Iterator<Item = &str> {
    let is_name = name
        .strip_prefix("projects/")
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    let ends = name.match_indices('/').map(|(end, _)| end).chain([name.len()]);
    // The second, sixth and eighth part: projects/P, …/keyRings/R, …/cryptoKeys/K.
    let starts = ends.enumerate().filter(|(index, _)| [1, 5, 7].contains(index));
    starts.filter(move |_| is_name).map(|(_, end)| &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_under_its_key_its_ring_and_its_project() {
        let name = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";
        let lineage: Vec<_> = lineage(name).collect();
        assert_eq!(
            lineage,
            [
                "projects/p",
                "projects/p/locations/l/keyRings/r",
                "projects/p/locations/l/keyRings/r/cryptoKeys/k"
            ]
        );
    }

    #[test]
    fn a_location_is_under_its_project_and_no_name_under_nothing() {
        assert_eq!(
            lineage("projects/p/locations/l").collect::<Vec<_>>(),
            ["projects/p"]
        );
        for no_name in ["", "p", "projects", "projects/", "projects//x", "folders/1"] {
            assert_eq!(lineage(no_name).count(), 0, "{no_name}");
        }
    }

    #[test]
    fn kinds_are_told_by_the_whole_name() {
        assert_eq!(Kind::of("projects/p"), Some(Kind::Project));
        assert_eq!(Kind::of("projects/p/locations/l/keyRings/r"), Some(Kind::Ring));
        assert_eq!(
            Kind::of("projects/p/locations/l/keyRings/r/cryptoKeys/k"),
            Some(Kind::Key)
        );
        for none in [
            "projects/p/locations/l",
            "projects/p/locations/l/keyRings/",
            "projects/p/locations/l/ekmConfig",
        ] {
            assert_eq!(Kind::of(none), None, "{none}");
        }
    }
}
