//! The engines against each other, and against damage.
