//! Any text: manifest and lock never panic, and what they accept says the same after writing and reading it again.

#![no_main]

use keyward_core::manifest::{Lock, Manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(manifest) = Manifest::parse(text, "keyward.yaml") {
        let written = manifest.encode();
        let again = Manifest::parse(&written, "keyward.yaml").expect("what was written is a manifest");
        assert_eq!(again, manifest);
        assert_eq!(again.encode(), written);
    }
    if let Ok(lock) = Lock::parse(text, "keyward.lock") {
        let written = lock.encode();
        let again = Lock::parse(&written, "keyward.lock").expect("what was written is a lock");
        assert_eq!(again, lock);
        assert_eq!(again.encode(), written);
    }
});
