//! Patterns over the names of what may be lost.

/// A name, or part of one: `*` stands for anything, also with slashes, `?` for one character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<char>);

impl Pattern {
    /// The pattern that `text` is. Any text is one.
    pub fn new(text: &str) -> Self {
        Self(text.chars().collect())
    }

    /// Whether `name` is meant: the whole name, or a full name without its provider.
    pub(super) fn matches(&self, name: &str) -> bool {
        let bare = name.split_once("://projects/").map(|_| name.split_once("://"));
        self.is(name) || bare.flatten().is_some_and(|(_, bare)| self.is(bare))
    }

    /// Whether everything that it can match begins with `prefix`.
    pub(super) fn begins_with(&self, prefix: &str) -> bool {
        let own = self.0.iter().take(prefix.chars().count());
        own.copied().eq(prefix.chars())
    }

    /// One look back to the last star is enough, so that no pattern takes longer than the product of the lengths.
    fn is(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut at, mut place) = (0, 0);
        let mut star = None;
        while let Some(c) = name.get(at) {
            match self.0.get(place) {
                Some('*') => {
                    star = Some((place, at));
                    place += 1;
                }
                Some(own) if *own == '?' || own == c => {
                    place += 1;
                    at += 1;
                }
                _ => match &mut star {
                    Some((back, from)) => {
                        *from += 1;
                        (place, at) = (*back + 1, *from);
                    }
                    None => return false,
                },
            }
        }
        self.0.iter().skip(place).all(|own| *own == '*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_a_question_mark_for_one() {
        let key = "gcp-kms://projects/p/locations/global/keyRings/r/cryptoKeys/k";
        for pattern in [
            key,
            "*",
            "*/locations/global/*",
            "projects/p/*",
            "gcp-kms://*",
            "*/k",
            "*?/k",
            "projects/?/locations/*s/k",
        ] {
            assert!(Pattern::new(pattern).matches(key), "{pattern}");
        }
        for pattern in [
            "",
            "?",
            "*/locations/us/*",
            "projects/p",
            "p/*",
            "*/kk",
            "locations/global",
        ] {
            assert!(!Pattern::new(pattern).matches(key), "{pattern}");
        }
        assert!(Pattern::new("state:gs://b/*").matches("state:gs://b/x/y"));
        assert!(!Pattern::new("gs://*").matches("state:gs://b/x"));
    }

    #[test]
    fn no_pattern_takes_for_ever() {
        let pattern = Pattern::new(&"*a".repeat(100));
        assert!(!pattern.matches(&"a".repeat(99).repeat(50).replace("aaaaa", "aaaab")));
    }
}
