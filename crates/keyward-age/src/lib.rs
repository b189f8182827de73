//! age recipients and identities behind the ports of `keyward-core`.
