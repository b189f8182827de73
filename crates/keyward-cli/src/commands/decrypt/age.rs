//! Opening a plain age file.

use keyward_core::context::EncryptionContext;
use keyward_core::error::Result;

use super::report::Opened;
use super::target::{Counting, Target};
use crate::files::{Input, Output};
use crate::identities;
use crate::session::Session;
use crate::ui::Progress;
use crate::unlock::Means;

/// A binary or armored age file.
pub(super) fn file(session: &Session, input: &mut Input, output: &Output, means: &Means) -> Result<Opened> {
    means.must_do_without_context(session)?;
    let progress = Progress::new(&session.ui, None);
    let target = Target::begin(output)?;
    let bytes = target.fill(|writer| {
        let mut counting = Counting {
            target: writer,
            progress: &progress,
        };
        let ask = identities::asking();
        keyward_age::decrypt_age(input.reader(), &means.identities, &*ask, &mut counting)
    })?;
    drop(progress);
    target.commit()?;
    let opened_by = "an age identity".to_owned();
    Ok(Opened {
        format: "age",
        bytes,
        opened_by,
        degraded: false,
        context: EncryptionContext::new(),
    })
}
