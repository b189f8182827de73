//! Opening an envelope: a file, a stream, or the one-line text form.

use std::path::Path;

use keyward::body::{self, BodyReader, Workers};
use keyward::envelope::{EnvelopeFile, open_bytes, read_header};
use keyward::keyring::{Attempt, OpenedBy, Unlocked};
use keyward_core::context::EncryptionContext;
use keyward_core::envelope::{BodyOpener, Header, plain_len, text};
use keyward_core::error::Result;
use keyward_core::limits;
use zeroize::Zeroizing;

use super::report::Opened;
use super::target::Target;
use crate::files::{Input, Output};
use crate::session::Session;
use crate::ui::Progress;
use crate::unlock::Means;

/// Bytes of content written to stdout at a time.
const PIECE: usize = 256 * 1024;

/// A binary envelope in a regular file. Of a cut file nothing is released: its end is opened first.
pub(super) fn file(session: &Session, path: &Path, output: &Output, means: &Means) -> Result<Opened> {
    let envelope = EnvelopeFile::open(path)?;
    let demanded = means.must_hold(session, envelope.header())?;
    let unlocked = session.wait_for(envelope.unlock(&means.opener(&demanded)))?;
    let (opener, how) = How::split(unlocked, envelope.header());
    let progress = Progress::new(&session.ui, content_len(path, envelope.header()));
    let report = |bytes| progress.add(bytes);
    let target = Target::begin(output)?;
    let bytes = match &target {
        Target::File(new) => envelope.open_into(new.file(), &opener, Workers::default(), &report)?,
        Target::Stdout => to_stdout(&target, &envelope.reader(opener)?, &report)?,
    };
    drop(progress);
    target.commit()?;
    Ok(how.report(session, means, bytes))
}

/// A binary envelope that comes through a pipe.
pub(super) fn stream(session: &Session, input: &mut Input, output: &Output, means: &Means) -> Result<Opened> {
    let (header, head) = read_header(input.reader())?;
    let demanded = means.must_hold(session, &header)?;
    let unlocked = session.wait_for(means.opener(&demanded).unlock(&header, None, &head))?;
    let (opener, how) = How::split(unlocked, &header);
    let progress = Progress::new(&session.ui, None);
    let report = |bytes| progress.add(bytes);
    let target = Target::begin(output)?;
    let effort = Workers::default();
    let bytes = target.fill(|writer| body::open_stream(input.reader(), writer, &opener, effort, &report))?;
    drop(progress);
    target.commit()?;
    Ok(how.report(session, means, bytes))
}

/// The text form, which is small: nothing is released before all of it has authenticated.
pub(super) fn text(session: &Session, input: &mut Input, output: &Output, means: &Means) -> Result<Opened> {
    let line = input.read_text_form()?;
    let envelope = text::decode_file(line.expose(), limits::TEXT_LEN)?;
    let (header, _) = read_header(&mut &envelope[..])?;
    let demanded = means.must_hold(session, &header)?;
    let (content, unlocked) = session.wait_for(open_bytes(&envelope, &means.opener(&demanded)))?;
    let (_, how) = How::split(unlocked, &header);
    let target = Target::begin(output)?;
    target.fill(|writer| {
        writer
            .write_all(content.expose())
            .map_err(|why| target.failed(why))
    })?;
    target.commit()?;
    Ok(how.report(session, means, content.len() as u64))
}

/// What the file's length says about the content's, for progress.
fn content_len(path: &Path, header: &Header) -> Option<u64> {
    let sealed = path.metadata().ok()?.len();
    plain_len(sealed.checked_sub(header.len() as u64)?).ok()
}

fn to_stdout(target: &Target, reader: &BodyReader, report: &dyn Fn(u64)) -> Result<u64> {
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    target.fill(|writer| {
        let mut at = 0;
        loop {
            let got = reader.read_at(at, &mut piece)?;
            if got == 0 {
                return Ok(at);
            }
            writer
                .write_all(&piece[..got])
                .map_err(|why| target.failed(why))?;
            at += got as u64;
            report(got as u64);
        }
    })
}

/// How an envelope was opened, without its keys.
struct How {
    by: OpenedBy,
    passed_over: Vec<Attempt>,
    context: EncryptionContext,
}

impl How {
    /// The body's opener, and the rest without the data key.
    fn split(unlocked: Unlocked, header: &Header) -> (BodyOpener, Self) {
        let Unlocked {
            opener,
            opened_by,
            passed_over,
            ..
        } = unlocked;
        (
            opener,
            Self {
                by: opened_by,
                passed_over,
                context: header.context().clone(),
            },
        )
    }

    /// Says what there is to say, and reports.
    fn report(self, session: &Session, means: &Means, bytes: u64) -> Opened {
        means.say(session, &self.by, &self.passed_over, &self.context);
        Opened {
            format: "kw",
            bytes,
            opened_by: self.by.to_string(),
            degraded: !self.passed_over.is_empty(),
            context: self.context,
        }
    }
}
