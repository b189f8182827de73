//! Sealing one input into one output.

use std::io::Write;

use keyward::atomic_file::Access;
use keyward::body::Workers;
use keyward::envelope::{Sealed, seal_bytes, seal_file, seal_stream};
use keyward::keyring::Sealer;
use keyward::registry::Crypters;
use keyward_core::envelope::text;
use keyward_core::error::{Error, Result};
use keyward_core::limits;

use super::read_back::ReadBack;
use crate::files::{Input, Output};
use crate::recipients::Chosen;
use crate::session::Session;
use crate::ui::{Progress, Stdout};

/// What sealing works with.
pub(super) struct Work<'a> {
    pub(super) session: &'a Session,
    pub(super) chosen: &'a Chosen,
    pub(super) crypters: &'a Crypters,
    pub(super) min_locations: Option<usize>,
}

impl Work<'_> {
    /// Seals into the one-line text form.
    pub(super) fn text(&self, input: &mut Input, output: &Output) -> Result<Sealed> {
        let plain = input.read_whole(limits::TEXT_LEN)?;
        let (sealer, rng) = (self.sealer(), &mut self.session.rng());
        let sealing = seal_bytes(plain.expose(), self.chosen.context.clone(), &sealer, rng);
        let (envelope, sealed) = self.session.wait_for(sealing)?;
        let line = text::encode(&envelope) + "\n";
        if line.len() > limits::TEXT_LEN {
            let what = format!(
                "its text form has {} bytes, and {} are read",
                line.len(),
                limits::TEXT_LEN
            );
            return Err(Error::usage(what).hint("leave out `--text`: a .kw file may have any size"));
        }
        if output.replaces() {
            self.read_back()?.same_bytes(&envelope, &plain)?;
        }
        output.write_whole(line.as_bytes(), Access::Shared)?;
        Ok(sealed)
    }

    /// Seals into the binary form.
    pub(super) fn binary(&self, input: &mut Input, output: &Output) -> Result<Sealed> {
        let Some(new) = output.begin(Access::Shared)? else {
            return self.stream(input, &mut Stdout::for_binary()?);
        };
        let len = input.len();
        let sealed = match input {
            Input::File { file, .. } => {
                let progress = Progress::new(&self.session.ui, len);
                let report = |bytes| progress.add(bytes);
                let (sealer, rng) = (self.sealer(), &mut self.session.rng());
                let effort = (Workers::default(), &report as keyward::body::Progress<'_>);
                let context = self.chosen.context.clone();
                self.session
                    .wait_for(seal_file(file, new.file(), context, &sealer, rng, effort))?
            }
            Input::Stream { .. } => self.stream(input, &mut new.file())?,
        };
        if let (true, Input::File { file, .. }) = (output.replaces(), &*input) {
            self.read_back()?.same_file(&new, file)?;
        }
        new.commit()?;
        Ok(sealed)
    }

    fn stream(&self, input: &mut Input, target: &mut (dyn Write + Send)) -> Result<Sealed> {
        let progress = Progress::new(&self.session.ui, input.len());
        let report = |bytes| progress.add(bytes);
        let (sealer, rng) = (self.sealer(), &mut self.session.rng());
        let effort = (Workers::default(), &report as keyward::body::Progress<'_>);
        let context = self.chosen.context.clone();
        self.session
            .wait_for(seal_stream(input.reader(), target, context, &sealer, rng, effort))
    }

    fn sealer(&self) -> Sealer<'_> {
        Sealer {
            min_locations: self.min_locations,
            ..Sealer::new(self.crypters, &self.chosen.keyring)
        }
    }

    fn read_back(&self) -> Result<ReadBack<'_>> {
        ReadBack::new(self.session, self.chosen, self.crypters)
    }
}
