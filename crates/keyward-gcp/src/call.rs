//! One call of a port: where it goes, as whom, until when; its attempts, and the pauses between them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use google_cloud_gax::Result as Answer;
use google_cloud_gax::options::RequestOptionsBuilder;
use google_cloud_kms_v1::client::KeyManagementService;
use keyward_core::kms::{KmsCode, KmsError};
use tokio::time::{Instant, sleep, timeout};

use crate::access::Settings;
use crate::endpoint::Endpoint;
use crate::fate::{Failure, Fate};
use crate::kms::Shared;
use crate::lane::Lane;
use crate::port::Port;
use crate::target::Target;
use crate::translate::About;

/// A call, with everything that its attempts have in common.
pub(crate) struct Call<'a> {
    pub(crate) kms: &'a Shared,
    pub(crate) settings: &'a Settings,
    pub(crate) target: Target<'a>,
    endpoint: Endpoint,
    lane: Arc<Lane>,
    pub(crate) port: Port,
    /// The permission that it takes.
    pub(crate) needs: &'static str,
    /// When its time is up; set by the first attempt, after that had its turn.
    until: OnceLock<Instant>,
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
        let settings = kms.settings(&target);
        Ok(Self {
            endpoint: kms.endpoint(settings, target.location)?,
            lane: kms.lane(target.project, target.location, settings),
            kms,
            settings,
            target,
            port,
            needs,
            until: OnceLock::new(),
        })
    }

    /// A look at something else for the sake of this call. It has time of its own: what became of a change is found out also
    /// when the change took all the time there was.
    pub(crate) fn look(&self, target: Target<'a>, needs: &'static str) -> Call<'a> {
        Call {
            kms: self.kms,
            settings: self.settings,
            endpoint: self.endpoint.clone(),
            lane: self.lane.clone(),
            target,
            port: Port::Read,
            needs,
            until: OnceLock::new(),
        }
    }

    /// A question about why this call failed.
    pub(crate) fn afterwards(&self, port: Port, target: Target<'a>) -> Call<'a> {
        Call {
            port,
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
            if !self.pause(&failure, &mut failures).await {
                return Err(failure);
            }
        }
    }

    /// One attempt: its turn, its client, its answer. `check` turns the answer into what is asked for, or says why it cannot
    /// be true.
    pub(crate) async fn attempt<M, T, F: Future<Output = Answer<M>>>(
        &self,
        send: &impl Fn(&KeyManagementService) -> F,
        check: &impl Fn(M) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let turn = self.lane.turn(self.kind(), self.until.get().copied()).await;
        let _slot = turn.map_err(|_| self.no_turn())?;
        let until = *self.until.get_or_init(|| Instant::now() + self.settings.deadline);
        let time = until
            .saturating_duration_since(Instant::now())
            .min(self.settings.deadline / 2);
        let mut sent = false;
        let answer = timeout(time, async {
            let account = self.settings.impersonate.of(self.port);
            let client = self.kms.clients.get(&self.endpoint, account).await;
            let client = client.map_err(|error| Failure::new(Fate::Refused, error))?;
            sent = true;
            send(&client).await.map_err(|error| self.about().failure(&error))
        });
        let answer = match answer.await {
            Ok(answer) => answer?,
            Err(_) => return Err(self.too_slow(sent, time)),
        };
        check(answer).map_err(|why| self.garbled(&why))
    }

    /// Waits before the next attempt; `false` when there is to be none.
    pub(crate) async fn pause(&self, failure: &Failure, failures: &mut Failures) -> bool {
        let count = failures.count(failure.fate);
        match failure.fate {
            Fate::Busy => self.lane.slow_down(self.kind()),
            Fate::Unauthenticated if !self.kms.clients.caller.renew(Instant::now()).await => return false,
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
        match self.until.get() {
            Some(until) => until.saturating_duration_since(Instant::now()),
            None => self.settings.deadline,
        }
    }

    fn about(&self) -> About<'_> {
        About {
            resource: &self.target.resource,
            project: self.target.project,
            location: self.target.location.as_str(),
            endpoint: &self.endpoint,
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

    fn too_slow(&self, sent: bool, time: Duration) -> Failure {
        let message = format!(
            "{}: no answer within {} ms",
            self.target.resource,
            time.as_millis()
        );
        let fate = if sent { Fate::Lost } else { Fate::NotSent };
        Failure::new(fate, KmsError::new(KmsCode::DeadlineExceeded, message))
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
