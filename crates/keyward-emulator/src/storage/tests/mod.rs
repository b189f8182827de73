//! The storage as clients see it, through its router.

mod bench;
mod buckets;
mod faults;
mod keys;
mod listing;
mod objects;
mod rewriting;
mod story;
mod uploading;
mod xml;
