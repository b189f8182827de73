//! One call of a port: where it goes, as whom, until when; its attempts, and the pauses between them.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use google_cloud_gax::Result as Answer;
use google_cloud_gax::options::RequestOptionsBuilder;
use google_cloud_kms_v1::client::KeyManagementService;
use http::Extensions;
use keyward_core::kms::{KmsCode, KmsError};
use tokio::time::{Instant, sleep, timeout};

use crate::access::Settings;
use crate::clients::Client;
use crate::fate::{Failure, Fate};
use crate::kms::Shared;
use crate::port::Port;
use crate::target::Target;
use crate::translate::About;
use crate::way::Way;

/// How long an access token may take. It is less than a location has, so that what is said is that there was no token.
const TOKEN_PATIENCE: Duration = Duration::from_secs(8);

/// A call, with everything that its attempts have in common.
pub(crate) struct Call<'a> {
    pub(crate) kms: &'a Shared,
    pub(crate) settings: &'a Settings,
    pub(crate) target: Target<'a>,
    way: Arc<Way>,
    pub(crate) port: Port,
    /// As whom to ask when the account of `port` may not.
    instead: Option<Instead>,
    /// The permission that it takes.
    pub(crate) needs: &'static str,
    /// When its time is up; set by the first attempt, after that had its turn and its token.
    until: Mutex<Option<Instant>>,
}

/// Another port's account for a look. Who may change a key sees what became of it, also where who looks may not.
struct Instead {
    port: Port,
    is_needed: AtomicBool,
}

/// How often a call has failed, in all and each way.
#[derive(Default)]
pub(crate) struct Failures(Vec<Fate>);

impl<'a> Call<'a> {
    pub(crate) fn new(
        kms: &'a Shared,
        port: Port,
        target: Target<'a>,
        needs: &'static str,
    ) -> Result<Self, KmsError> {
        let settings = kms.settings(&target)?;
        Ok(Self {
            way: kms.way(&target, port, settings)?,
            kms,
            settings,
            target,
            port,
            instead: None,
            needs,
            until: Mutex::default(),
        })
    }

    /// A look at something else for the sake of this call. It has time of its own: what became of a change is found out also
    /// when the change took all the time there was.
    pub(crate) fn look(&self, target: Target<'a>, needs: &'static str) -> Call<'a> {
        Call {
            kms: self.kms,
            settings: self.settings,
            way: self.way.clone(),
            target,
            port: Port::Read,
            instead: Some(Instead {
                port: self.port,
                is_needed: AtomicBool::new(false),
            }),
            needs,
            until: Mutex::default(),
        }
    }

    /// A question about why this call failed.
    pub(crate) fn afterwards(&self, port: Port, target: Target<'a>) -> Call<'a> {
        Call {
            port,
            instead: None,
            ..self.look(target, "")
        }
    }

    /// Gives a request what every request of this call has.
    pub(crate) fn dress<B: RequestOptionsBuilder>(&self, request: B) -> B {
        match &self.settings.quota_project {
            Some(project) => request.with_quota_project(project),
            None => request,
        }
    }

    /// Attempts until one succeeds: for what may be carried out twice.
    pub(crate) async fn repeat<M, T, F: Future<Output = Answer<M>>>(
        &self,
        send: impl Fn(&KeyManagementService) -> F,
        check: impl Fn(M) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let mut failures = Failures::default();
        loop {
            let failure = match self.attempt(&send, &check).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let is_denied = failure.error.code == KmsCode::PermissionDenied;
            if is_denied && self.asks_as_another() {
                continue;
            }
            if !self.pause(&failure, &mut failures).await {
                return Err(failure);
            }
        }
    }

    /// Whether there is another account to ask as from now on.
    fn asks_as_another(&self) -> bool {
        let accounts = &self.settings.impersonate;
        self.instead.as_ref().is_some_and(|instead| {
            accounts.of(instead.port) != accounts.of(self.port)
                && !instead.is_needed.swap(true, Ordering::Relaxed)
        })
    }

    /// The account to ask as.
    fn account(&self) -> Option<&str> {
        let is_needed = |instead: &&Instead| instead.is_needed.load(Ordering::Relaxed);
        let instead = self.instead.as_ref().filter(is_needed);
        let port = instead.map_or(self.port, |instead| instead.port);
        self.settings.impersonate.of(port)
    }

    /// How much of its time it took.
    pub(crate) fn spent(&self) -> Duration {
        self.settings.deadline.saturating_sub(self.time_left())
    }

    /// One attempt: its turn, its client, its answer. `check` turns the answer into what is asked for, or says why it cannot
    /// be true.
    pub(crate) async fn attempt<M, T, F: Future<Output = Answer<M>>>(
        &self,
        send: &impl Fn(&KeyManagementService) -> F,
        check: &impl Fn(M) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let turn = self.way.lane.turn(self.kind(), self.until()).await;
        let _slot = turn.map_err(|_| self.no_turn())?;
        let before = Instant::now();
        let client = self.ready().await?;
        let now = Instant::now();
        let until = self.ready_at(now, now - before);
        let time = until
            .saturating_duration_since(now)
            .min(self.settings.deadline / 2);
        let answer = match timeout(time, send(&client)).await {
            Ok(answer) => answer.map_err(|error| self.about().failure(&error)),
            Err(_) => Err(self.too_slow(time)),
        };
        let answer = answer.map_err(|failure| Failure {
            sent: Some(now),
            ..failure
        })?;
        check(answer).map_err(|why| self.garbled(&why))
    }

    /// The client, with a token at hand. What a token takes is no part of the call: nothing is sent yet, so that nothing is lost.
    async fn ready(&self) -> Result<KeyManagementService, Failure> {
        let readying = async {
            let client = self.client().await;
            let client = client.map_err(|error| Failure::new(Fate::Refused, error))?;
            match client.credentials.headers(Extensions::new()).await {
                Ok(_) => Ok(client.service),
                Err(error) => Err(self.about().no_credentials(&error, error.is_transient())),
            }
        };
        let mut readying = pin!(readying);
        // Nearly always it is at hand, and no timer has to be set.
        if let Some(ready) = readying.as_mut().now_or_never() {
            return ready;
        }
        let in_time = timeout(TOKEN_PATIENCE, readying).await;
        in_time.unwrap_or_else(|_| Err(self.about().no_token(TOKEN_PATIENCE)))
    }

    async fn client(&self) -> Result<Client, KmsError> {
        let account = self.account();
        let make = async || self.kms.clients.get(&self.way.endpoint, account).await;
        match account == self.settings.impersonate.of(self.way.port) {
            true => self.way.client.get_or_try_init(make).await.cloned(),
            false => make().await,
        }
    }

    /// Waits before the next attempt; `false` when there is to be none.
    pub(crate) async fn pause(&self, failure: &Failure, failures: &mut Failures) -> bool {
        let count = failures.count(failure.fate);
        match failure.fate {
            Fate::Busy => self.way.lane.slow_down(self.kind()),
            Fate::Unauthenticated => {
                let sent = failure.sent.unwrap_or_else(Instant::now);
                if !self.kms.clients.caller.renew(sent).await {
                    return false;
                }
            }
            _ => {}
        }
        if count >= failure.fate.attempts() {
            return false;
        }
        let wait = self
            .kms
            .wait(failures.all())
            .max(failure.wait.unwrap_or_default());
        if wait >= self.time_left() {
            return false;
        }
        sleep(wait).await;
        true
    }

    /// How much time there is.
    pub(crate) fn time_left(&self) -> Duration {
        match self.until() {
            Some(until) => until.saturating_duration_since(Instant::now()),
            None => self.settings.deadline,
        }
    }

    fn until(&self) -> Option<Instant> {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When its time is up, now that there is a token, which took `extra`.
    fn ready_at(&self, now: Instant, extra: Duration) -> Instant {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let end = until.map_or(now + self.settings.deadline, |until| until + extra);
        *until.insert(end)
    }

    fn about(&self) -> About<'_> {
        About {
            resource: &self.target.resource,
            project: self.target.project,
            location: self.target.location.as_str(),
            endpoint: &self.way.endpoint,
            is_configured: self.kms.clients.caller.is_configured(),
        }
    }

    fn kind(&self) -> crate::port::Kind {
        self.port.kind()
    }

    /// An answer that cannot be true.
    pub(crate) fn garbled(&self, why: &str) -> Failure {
        let message = format!("the answer about {} is not usable: {why}", self.target.resource);
        let error = KmsError::new(KmsCode::Internal, message);
        // What does not fit its checksum was changed. Another answer than expected may be one that comes late.
        let error = match why.contains("checksum") || why.contains("arrived whole") {
            true => error.hint(
                "something between this machine and Cloud KMS changes answers; try from another network",
            ),
            false => error,
        };
        Failure::new(Fate::Garbled, error)
    }

    fn too_slow(&self, time: Duration) -> Failure {
        let message = format!(
            "{}: no answer within {} ms",
            self.target.resource,
            time.as_millis()
        );
        Failure::new(Fate::Lost, KmsError::new(KmsCode::DeadlineExceeded, message))
    }

    fn no_turn(&self) -> Failure {
        let message = format!(
            "{}: its turn under the quota comes too late",
            self.target.resource
        );
        let error = KmsError::new(KmsCode::ResourceExhausted, message)
            .hint("raise the Cloud KMS quota and `quota:` in the manifest, or ask for less at once");
        Failure::new(Fate::Refused, error)
    }
}

impl Failures {
    /// Counts one more failure: how many of its kind there were.
    fn count(&mut self, fate: Fate) -> u32 {
        self.0.push(fate);
        let same = self.0.iter().filter(|before| **before == fate);
        u32::try_from(same.count()).unwrap_or(u32::MAX)
    }

    fn all(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}
