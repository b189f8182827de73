//! The envelope: a small header in front of a standard Cobblestone-256 body.

mod body;

pub use body::{
    BODY_HEAD_LEN, BodyOpener, BodySealer, CHUNK_LEN, Run, SALT_LEN, SEALED_CHUNK_LEN, TAG_LEN, plain_len,
    plain_slots, sealed_len, sealed_offset,
};
