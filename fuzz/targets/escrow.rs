//! Any text: bundles and reports of escrow drills never panic, and what they accept has one spelling.

#![no_main]

use keyward_core::escrow::{Bundle, Report};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(bundle) = Bundle::parse(text, "bundle") {
        assert_eq!(bundle.encode().expect("it was read"), text);
        let _ = bundle.wraps().count();
    }
    if let Ok(report) = Report::parse(text, "report") {
        assert_eq!(report.encode().expect("it was read"), text);
        let _ = report.statement();
    }
});
