//! Single fields of requests and answers, from and to what the key machine knows.

pub(crate) mod checksum;
pub(crate) mod label;
pub(crate) mod mask;
pub(crate) mod name;
pub(crate) mod resource;
pub(crate) mod schedule;
pub(crate) mod time;
