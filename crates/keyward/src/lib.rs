//! keyward as a library: whole operations, async, written against ports only.
