//! Changes: a change whose answer was lost is looked for before it is made again.

use google_cloud_gax::Result as Answer;
use google_cloud_kms_v1::client::KeyManagementService;
use keyward_core::kms::{KmsCode, KmsError};

use crate::call::{Call, Failures};
use crate::fate::Failure;

/// What looking for a change showed.
pub(crate) enum Seen<T> {
    /// It was carried out.
    Done(T),
    /// It was not, and may be made again.
    NotDone,
    /// It cannot be told, or cannot be made any more.
    Unclear(KmsError),
}

impl Call<'_> {
    /// Makes a change once. `look` tells whether it was made, when its answer was lost.
    pub(crate) async fn change<M, T, F, L>(
        &self,
        send: impl Fn(&KeyManagementService) -> F,
        check: impl Fn(M) -> Result<T, String>,
        look: impl Fn() -> L,
    ) -> Result<T, KmsError>
    where
        F: Future<Output = Answer<M>>,
        L: Future<Output = Seen<T>>,
    {
        let mut failures = Failures::default();
        let mut was_lost = false;
        loop {
            let failure = match self.attempt(&send, &check).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            was_lost |= failure.fate.is_uncertain();
            if was_lost {
                match look().await {
                    Seen::Done(answer) => return Ok(answer),
                    Seen::Unclear(error) => return Err(error),
                    Seen::NotDone => {}
                }
            }
            if !self.pause(&failure, &mut failures).await {
                return Err(self.given_up(failure, was_lost).await);
            }
        }
    }

    /// What could not be done. After a lost answer only the last look says that it was not.
    async fn given_up(&self, failure: Failure, was_lost: bool) -> KmsError {
        let error = self.explain(failure).await;
        match was_lost {
            true => KmsError {
                message: format!("{} (an answer was lost; no change is seen so far)", error.message),
                ..error
            },
            false => error,
        }
    }

    /// An answer was lost, and what it was cannot be found out.
    pub(crate) fn unclear(&self, what: &str, why: &str) -> KmsError {
        let resource = &self.target.resource;
        let why = why.replace(&format!("{resource}: "), "");
        let message = format!("{resource}: the answer to {what} was lost, and {why}");
        KmsError::new(KmsCode::Unavailable, message)
    }
}
