//! Access tokens printed by a program.

use std::ffi::OsString;
use std::fmt;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use google_cloud_auth::credentials::{CacheableResource, CredentialsProvider, EntityTag};
use google_cloud_auth::errors::CredentialsError;
use http::{Extensions, HeaderMap, HeaderValue, header};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use zeroize::Zeroizing;

use crate::no_credentials::NoToken;
use crate::redact::redacted;

/// How long the program may take. It is less than a call may, so that what is said is that the program was slow.
const PATIENCE: Duration = Duration::from_secs(7);
/// How long to wait for what a program says while it ends.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// Longest token, in bytes. Google's are at most 2 KiB, its own documentation says, and may grow.
const TOKEN_LEN: usize = 16 * 1024;
/// How much of what the program complains is shown, in bytes.
const COMPLAINT_LEN: usize = 1024;
/// How long a token is used. Google's live for an hour, of which a program may have used up most.
const LIFETIME: Duration = Duration::from_secs(4 * 60);

/// A program that prints an access token. It is run when a token is needed, by one caller at a time.
pub(crate) struct TokenCommand {
    command: Vec<OsString>,
    patience: Duration,
    last: Mutex<Option<Outcome>>,
}

/// What the program came to when it was last run.
struct Outcome {
    header: Result<HeaderValue, NoToken>,
    at: Instant,
}

impl TokenCommand {
    pub(crate) fn new(command: Vec<OsString>) -> Self {
        Self {
            command,
            patience: PATIENCE,
            last: Mutex::new(None),
        }
    }

    /// Forgets a token that was there at `instant`, since a call that was sent then was refused with it.
    pub(crate) async fn forget_older_than(&self, instant: Instant) {
        let mut last = self.last.lock().await;
        if last.as_ref().is_some_and(|last| last.at <= instant) {
            *last = None;
        }
    }

    /// The header with its token. Who waited while the program ran gets what it came to, also when that is a failure: it is not
    /// run once for every call that waits.
    async fn header(&self) -> Result<HeaderValue, NoToken> {
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(last) = last.as_ref().filter(|last| last.is_good_for(asked)) {
            return last.header.clone();
        }
        let header = self.run().await;
        *last = Some(Outcome {
            header: header.clone(),
            at: Instant::now(),
        });
        header
    }

    async fn run(&self) -> Result<HeaderValue, NoToken> {
        match timeout(self.patience, run(&self.command)).await {
            Ok(Ok(token)) => bearer(&token).ok_or_else(|| self.failed("what it printed is no access token")),
            Ok(Err(why)) => Err(self.failed(&why)),
            Err(_) => Err(self.failed(&format!("it did not end within {} ms", self.patience.as_millis()))),
        }
    }

    /// Why there is no token. The program is named, its arguments are not: they may say too much.
    fn failed(&self, why: &str) -> NoToken {
        let program = self.command.first().map(|word| word.to_string_lossy());
        let program: String = program
            .iter()
            .flat_map(|word| word.chars())
            .flat_map(char::escape_debug)
            .collect();
        NoToken {
            why: format!("the access token command `{program}` gives none: {why}"),
            hint: "run the command of `--access-token-command` by hand: it has to print an access token and end with 0",
        }
    }
}

impl Outcome {
    /// Whether a call that asked at `asked` need not run the program again.
    fn is_good_for(&self, asked: Instant) -> bool {
        match self.header {
            Ok(_) => self.at.elapsed() < LIFETIME,
            Err(_) => self.at >= asked,
        }
    }
}

/// Only that it is one: no token, no argument.
impl fmt::Debug for TokenCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCommand")
    }
}

impl CredentialsProvider for TokenCommand {
    async fn headers(
        &self,
        _extensions: Extensions,
    ) -> Result<CacheableResource<HeaderMap>, CredentialsError> {
        Ok(authorization(
            self.header().await.map_err(CredentialsError::from)?,
        ))
    }

    async fn universe_domain(&self) -> Option<String> {
        None
    }
}

/// The one header that a bearer token travels in.
pub(crate) fn authorization(value: HeaderValue) -> CacheableResource<HeaderMap> {
    CacheableResource::New {
        entity_tag: EntityTag::new(),
        data: HeaderMap::from_iter([(header::AUTHORIZATION, value)]),
    }
}

/// The header for a token, wiped when its last copy goes; `None` when it cannot be one.
pub(crate) fn bearer(token: &[u8]) -> Option<HeaderValue> {
    let token = token.trim_ascii();
    if token.is_empty() || !token.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let text = Zeroizing::new([b"Bearer ", token].concat());
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Wiped(text))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Bytes that `Bytes` can own and that are wiped when it lets go of them.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

async fn run(command: &[OsString]) -> Result<Zeroizing<Vec<u8>>, String> {
    let [program, arguments @ ..] = command else {
        return Err("it is empty".to_owned());
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| format!("it does not start: {cause}"))?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let mut complaint = Vec::new();
    let (token, status) = {
        let listening = pin!(read_complaint(errors, &mut complaint));
        let running = pin!(async {
            let token = read_token(output).await?;
            let status = child.wait().await.map_err(|cause| cause.to_string())?;
            Ok::<_, String>((token, status))
        });
        match select(running, listening).await {
            // What it said last may still be on its way; who else holds its standard error is not waited for.
            Either::Left((ended, listening)) => {
                let _ = timeout(LAST_WORDS, listening).await;
                ended?
            }
            Either::Right(((), running)) => running.await?,
        }
    };
    match status.success() {
        true => Ok(token),
        false => Err(unsuccessful(status, &complaint)),
    }
}

async fn read_token(output: Option<impl AsyncRead + Unpin>) -> Result<Zeroizing<Vec<u8>>, String> {
    // Room enough from the start: a buffer that grows leaves copies behind.
    let mut token = Zeroizing::new(Vec::with_capacity(TOKEN_LEN + 64));
    if let Some(output) = output {
        let mut output = output.take(TOKEN_LEN as u64 + 1);
        let read = output.read_to_end(&mut token).await;
        read.map_err(|cause| format!("its output cannot be read: {cause}"))?;
    }
    match token.len() {
        0..=TOKEN_LEN => Ok(token),
        _ => Err(format!("it printed more than {TOKEN_LEN} bytes")),
    }
}

/// The start of what the program says on its standard error. The rest is read too, so that it does not wait for us.
async fn read_complaint(errors: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let mut buffer = [0; 512];
    if let Some(mut errors) = errors {
        while let Ok(count @ 1..) = errors.read(&mut buffer).await {
            let room = COMPLAINT_LEN.saturating_sub(kept.len());
            kept.extend_from_slice(&buffer[..count.min(room)]);
        }
    }
}

fn unsuccessful(status: ExitStatus, complaint: &[u8]) -> String {
    let text = redacted(&String::from_utf8_lossy(complaint));
    let said: String = text.trim().chars().flat_map(char::escape_debug).collect();
    match said.as_str() {
        "" => format!("it ended with {status}, and said nothing"),
        said => format!("it ended with {status} and said: {said}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> TokenCommand {
        TokenCommand::new(["sh", "-c", script].map(OsString::from).to_vec())
    }

    async fn token(command: &TokenCommand) -> Result<String, String> {
        let header = command.header().await.map_err(|error| error.to_string())?;
        assert!(header.is_sensitive());
        Ok(header.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn the_output_is_the_token() {
        assert_eq!(
            token(&shell("echo ya29.token")).await.unwrap(),
            "Bearer ya29.token"
        );
    }

    #[tokio::test]
    async fn a_failure_shows_what_was_said_but_never_what_was_printed() {
        let error = token(&shell("echo ya29.token; echo please log in >&2; exit 3"))
            .await
            .unwrap_err();
        assert!(error.contains("please log in") && error.contains('3'), "{error}");
        assert!(!error.contains("ya29"), "{error}");
        for printed in ["echo 'ya29 two words'", "true", "printf 'ya29.\\001'"] {
            let error = token(&shell(printed)).await.unwrap_err();
            assert!(
                error.contains("no access token") && !error.contains("ya29"),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn output_without_end_is_cut() {
        let error = token(&shell("yes ya29")).await.unwrap_err();
        assert!(error.contains("more than 16384 bytes"), "{error}");
    }

    #[tokio::test]
    async fn who_else_holds_its_errors_is_not_waited_for() {
        let start = Instant::now();
        let printed = token(&shell("sleep 9 >/dev/null & echo ya29.token")).await;
        assert_eq!(printed.unwrap(), "Bearer ya29.token");
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn a_missing_program_is_named_without_its_arguments() {
        let command = ["/nonexistent/program", "--password=geheim"].map(OsString::from);
        let error = token(&TokenCommand::new(command.to_vec())).await.unwrap_err();
        assert!(
            error.contains("/nonexistent/program") && !error.contains("geheim"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn it_has_its_time_and_says_so_itself() {
        let slow = TokenCommand {
            patience: Duration::from_millis(50),
            ..shell("sleep 9; echo ya29.token")
        };
        let start = Instant::now();
        let error = token(&slow).await.unwrap_err();
        assert!(
            error.contains("command `sh`") && error.contains("within 50 ms"),
            "{error}"
        );
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_token_in_what_it_complains_is_not_shown() {
        let error = token(&shell("set -x; echo ya29.geheim; exit 1"))
            .await
            .unwrap_err();
        assert!(error.contains("+ echo") && !error.contains("geheim"), "{error}");
    }

    #[tokio::test]
    async fn a_failure_is_shared_by_those_who_waited_for_it() {
        let folder = std::env::temp_dir().join(format!("keyward-token-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let runs = folder.join("runs");
        let script = format!("echo run >> '{}'; exit 1", runs.display());
        let command = shell(&script);
        let waiting = (0..16).map(|_| command.header());
        let failed = futures_util::future::join_all(waiting).await;
        assert!(failed.iter().all(Result::is_err));
        assert_eq!(std::fs::read_to_string(&runs).unwrap(), "run\n");
        assert!(command.header().await.is_err());
        assert_eq!(std::fs::read_to_string(&runs).unwrap(), "run\nrun\n");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn it_is_run_again_only_when_the_token_was_refused() {
        let command = shell("date +%s%N");
        let first = token(&command).await.unwrap();
        assert_eq!(token(&command).await.unwrap(), first);
        command
            .forget_older_than(Instant::now() - Duration::from_secs(3))
            .await;
        assert_eq!(token(&command).await.unwrap(), first);
        command.forget_older_than(Instant::now()).await;
        assert_ne!(token(&command).await.unwrap(), first);
    }
}
