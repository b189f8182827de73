//! What a change of state means for key material, which the machine itself never holds.

use crate::name::KeyVersionName;

/// An act that whoever persists the machine carries out together with the change of state, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The version is new: make its material.
    MakeMaterial(KeyVersionName),
    /// The version is destroyed: wipe its material, for good.
    WipeMaterial(KeyVersionName),
}
