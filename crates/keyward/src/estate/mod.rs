//! What is around keys in a cloud, looked at as a whole: for the checks that the manifest names, for survival, and for
//! the list of what needs which key.

mod look;
mod survey;

pub use look::{Look, look};
pub use survey::{CloudPlaces, survey_cloud};

#[cfg(test)]
mod tests;
