//! Opening a plain age file.

use keyward_core::context::EncryptionContext;
use keyward_core::error::Result;

use super::report::Opened;
use super::target::Target;
use crate::files::{Input, Output};
use crate::identities;
use crate::session::Session;
use crate::ui::Progress;
use crate::unlock::Means;

/// A binary or armored age file.
pub(super) fn file(session: &Session, input: &mut Input, output: &Output, means: &Means) -> Result<Opened> {
    let progress = Progress::new(&session.ui, None);
    let target = Target::begin(output)?;
    let bytes = {
        let mut writer = target.counting(&progress);
        keyward_age::decrypt_age(
            input.reader(),
            &means.identities,
            &*identities::asking(),
            &mut *writer,
        )?
    };
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
