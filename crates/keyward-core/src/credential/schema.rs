//! The versions of the document shape.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// A schema version: a shape and the label that says so. They cannot disagree here, as they once did in the wild.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Schema {
    /// The first shape, without permissions. The server reads that as "may write every preference".
    V0_1,
    /// With the four permission fields.
    #[default]
    V0_2,
    /// The shape of 0.2 with another label.
    V0_3,
}

impl Schema {
    /// The label in the documents.
    pub fn label(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1",
            Self::V0_2 => "0.2",
            Self::V0_3 => "0.3",
        }
    }

    /// Whether the shape has the permission fields.
    pub fn has_permissions(self) -> bool {
        self != Self::V0_1
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Schema {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::V0_1, Self::V0_2, Self::V0_3]
            .into_iter()
            .find(|schema| schema.label() == text)
            .ok_or_else(|| {
                Error::usage(format!(
                    "`{}` is not a schema: 0.1, 0.2 or 0.3",
                    text.escape_debug()
                ))
            })
    }
}
