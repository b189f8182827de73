//! The embedded KMS: the key machine of `keyward-core`, persisted, one `SQLite` file per location.
