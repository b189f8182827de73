//! Preconditions on generation and metageneration.

use super::ask::Ask;
use super::object::Object;
use super::refusal::Refusal;

/// What must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Conditions {
    generation: Option<i64>,
    generation_not: Option<i64>,
    metageneration: Option<i64>,
    metageneration_not: Option<i64>,
}

impl Conditions {
    /// Those on what the call is about.
    pub(crate) fn of(ask: &Ask) -> Result<Self, Refusal> {
        if ask.xml {
            return Self::of_headers(ask);
        }
        let number = |name| ask.query.number(name);
        Ok(Self {
            generation: number("ifGenerationMatch")?,
            generation_not: number("ifGenerationNotMatch")?,
            metageneration: number("ifMetagenerationMatch")?,
            metageneration_not: number("ifMetagenerationNotMatch")?,
        })
    }

    /// Those on the source of a copy.
    pub(crate) fn of_source(ask: &Ask) -> Result<Self, Refusal> {
        let number = |name| ask.query.number(name);
        Ok(Self {
            generation: number("ifSourceGenerationMatch")?,
            generation_not: number("ifSourceGenerationNotMatch")?,
            metageneration: number("ifSourceMetagenerationMatch")?,
            metageneration_not: number("ifSourceMetagenerationNotMatch")?,
        })
    }

    fn of_headers(ask: &Ask) -> Result<Self, Refusal> {
        let number = |name: &str| {
            let value = ask.header(name).map(str::parse);
            value
                .transpose()
                .map_err(|_| Refusal::invalid(format!("{name} is not a whole number")))
        };
        Ok(Self {
            generation: number("x-goog-if-generation-match")?,
            generation_not: number("x-goog-if-generation-not-match")?,
            metageneration: number("x-goog-if-metageneration-match")?,
            metageneration_not: number("x-goog-if-metageneration-not-match")?,
        })
    }

    /// Whether they hold for what is to be written over; nothing has generation 0.
    ///
    /// # Errors
    /// 412.
    pub(crate) fn check_write(&self, current: Option<&Object>) -> Result<(), Refusal> {
        let (generation, metageneration) = numbers(current);
        match self.fails(generation, metageneration) {
            Some(_) => Err(Refusal::condition()),
            None => Ok(()),
        }
    }

    /// Whether they hold for what is to be read.
    ///
    /// # Errors
    /// 412; 304 when it is what the caller has already.
    pub(crate) fn check_read(&self, object: &Object) -> Result<(), Refusal> {
        let (generation, metageneration) = numbers(Some(object));
        match self.fails(generation, metageneration) {
            Some(Failure::Match) => Err(Refusal::condition()),
            Some(Failure::NotMatch) => Err(Refusal::new(304, "notModified", "Not Modified")),
            None => Ok(()),
        }
    }

    /// Whether they hold for a bucket, which has a metageneration only.
    ///
    /// # Errors
    /// 412; 304 when it is what a reader has already.
    pub(crate) fn check_bucket(&self, metageneration: i64, reads: bool) -> Result<(), Refusal> {
        match self.fails(0, metageneration) {
            Some(Failure::NotMatch) if reads => Err(Refusal::new(304, "notModified", "Not Modified")),
            Some(_) => Err(Refusal::condition()),
            None => Ok(()),
        }
    }

    fn fails(&self, generation: i64, metageneration: i64) -> Option<Failure> {
        let differs = |wanted: Option<i64>, is| wanted.is_some_and(|wanted| wanted != is);
        let equals = |unwanted: Option<i64>, is| unwanted == Some(is);
        if differs(self.generation, generation) || differs(self.metageneration, metageneration) {
            Some(Failure::Match)
        } else if equals(self.generation_not, generation) || equals(self.metageneration_not, metageneration) {
            Some(Failure::NotMatch)
        } else {
            None
        }
    }
}

enum Failure {
    Match,
    NotMatch,
}

fn numbers(object: Option<&Object>) -> (i64, i64) {
    object.map_or((0, 0), |object| (object.generation, object.metageneration))
}
