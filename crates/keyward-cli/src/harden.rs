//! What is switched off before the first secret is read: core dumps, and other processes looking in.

use rustix::io::Result;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Forbids core dumps and, by the same flag, ptrace and reading `/proc/PID/mem` by processes of the same user.
///
/// Returns why not, if the kernel refused one of them: that is said, and stops neither the other nor a rescue.
pub(crate) fn this_process() -> Option<String> {
    let no_core = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let done: [Result<()>; 2] = [
        set_dumpable_behavior(DumpableBehavior::NotDumpable),
        setrlimit(Resource::Core, no_core),
    ];
    done.into_iter().find_map(Result::err).map(|why| why.to_string())
}
