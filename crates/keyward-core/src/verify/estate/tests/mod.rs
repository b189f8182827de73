//! Whole judgements over what was seen around keys.
