//! Somebody with Google's own client and every permission: what keyward cannot do, and a second view on what it did.

mod convert;

use std::sync::Once;

use google_cloud_auth::credentials::anonymous;
use google_cloud_gax::error::Error;
use google_cloud_gax::error::rpc::Code;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_kms_v1::client::KeyManagementService;
use google_cloud_kms_v1::model;
use google_cloud_wkt::FieldMask;
use keyward_core::key::{CryptoKey, KeyRing, KeySpec, KeyVersion, RotationSchedule};
use keyward_core::kms::{EncryptWith, Encrypted, KmsCode, KmsError};
use keyward_core::name::{CryptoKeyName, KeyRingName, KeyVersionName};

/// Google's client, which neither retries nor checks.
#[derive(Clone)]
pub struct Google {
    /// For calls that have no method here.
    pub client: KeyManagementService,
}

/// An answer, or why there is none.
pub type Answered<T> = Result<T, KmsError>;

impl Google {
    /// At an emulator, as nobody in particular.
    pub async fn at(endpoint: &str) -> Self {
        install_tls();
        let builder = KeyManagementService::builder()
            .with_endpoint(endpoint)
            .with_credentials(anonymous::Builder::new().build())
            .with_retry_policy(NeverRetry);
        Self {
            client: builder.build().await.expect("a client for the emulator"),
        }
    }

    /// At Google, with application-default credentials.
    pub async fn at_google() -> Self {
        install_tls();
        let builder = KeyManagementService::builder().with_retry_policy(NeverRetry);
        Self {
            client: builder.build().await.expect("application-default credentials"),
        }
    }

    /// Creates a ring.
    pub async fn create_ring(&self, name: &KeyRingName) -> Answered<KeyRing> {
        let parent = format!("projects/{}/locations/{}", name.project(), name.location());
        let call = self.client.create_key_ring().set_parent(parent);
        let call = call
            .set_key_ring_id(name.id())
            .set_key_ring(model::KeyRing::new());
        call.send().await.map(convert::ring).map_err(refusal)
    }

    /// Creates a key.
    pub async fn create_key(&self, name: &CryptoKeyName, spec: &KeySpec) -> Answered<CryptoKey> {
        let call = self.client.create_crypto_key();
        let call = call
            .set_parent(name.ring().to_string())
            .set_crypto_key_id(name.id());
        let call = call.set_skip_initial_version_creation(spec.skip_initial_version);
        let made = call.set_crypto_key(convert::spec(spec)).send().await;
        made.map(convert::key).map_err(refusal)
    }

    /// Creates a version.
    pub async fn create_version(&self, key: &CryptoKeyName) -> Answered<KeyVersion> {
        let call = self
            .client
            .create_crypto_key_version()
            .set_parent(key.to_string());
        let made = call
            .set_crypto_key_version(model::CryptoKeyVersion::new())
            .send()
            .await;
        made.map(convert::version).map_err(refusal)
    }

    /// Makes a version primary.
    pub async fn set_primary(&self, version: &KeyVersionName) -> Answered<CryptoKey> {
        let call = self.client.update_crypto_key_primary_version();
        let call = call
            .set_name(version.key().to_string())
            .set_crypto_key_version_id(version.number().to_string());
        call.send().await.map(convert::key).map_err(refusal)
    }

    /// Sets or removes the rotation schedule.
    pub async fn set_rotation(
        &self,
        key: &CryptoKeyName,
        rotation: Option<RotationSchedule>,
    ) -> Answered<CryptoKey> {
        let wanted = convert::rotation(model::CryptoKey::new().set_name(key.to_string()), rotation);
        let mask = FieldMask::default().set_paths(["rotation_period", "next_rotation_time"]);
        let call = self.client.update_crypto_key().set_crypto_key(wanted);
        let changed = call.set_update_mask(mask).send().await;
        changed.map(convert::key).map_err(refusal)
    }

    /// Enables a version.
    pub async fn enable(&self, version: &KeyVersionName) -> Answered<KeyVersion> {
        self.set_state(version, model::crypto_key_version::CryptoKeyVersionState::Enabled)
            .await
    }

    /// Disables a version.
    pub async fn disable(&self, version: &KeyVersionName) -> Answered<KeyVersion> {
        self.set_state(
            version,
            model::crypto_key_version::CryptoKeyVersionState::Disabled,
        )
        .await
    }

    async fn set_state(
        &self,
        version: &KeyVersionName,
        state: model::crypto_key_version::CryptoKeyVersionState,
    ) -> Answered<KeyVersion> {
        let wanted = model::CryptoKeyVersion::new().set_name(version.to_string());
        let call = self.client.update_crypto_key_version();
        let call = call.set_crypto_key_version(wanted.set_state(state));
        let changed = call
            .set_update_mask(FieldMask::default().set_paths(["state"]))
            .send()
            .await;
        changed.map(convert::version).map_err(refusal)
    }

    /// Schedules the destruction of a version: the call that keyward does not have.
    pub async fn schedule_destruction(&self, version: &KeyVersionName) -> Answered<KeyVersion> {
        let call = self
            .client
            .destroy_crypto_key_version()
            .set_name(version.to_string());
        call.send().await.map(convert::version).map_err(refusal)
    }

    /// Takes a version out of its destroy schedule.
    pub async fn restore(&self, version: &KeyVersionName) -> Answered<KeyVersion> {
        let call = self
            .client
            .restore_crypto_key_version()
            .set_name(version.to_string());
        call.send().await.map(convert::version).map_err(refusal)
    }

    /// Encrypts.
    pub async fn encrypt(&self, with: EncryptWith<'_>, plaintext: &[u8], aad: &[u8]) -> Answered<Encrypted> {
        let name = match with {
            EncryptWith::Key(key) => key.to_string(),
            EncryptWith::Version(version) => version.to_string(),
        };
        let call = self
            .client
            .encrypt()
            .set_name(name)
            .set_plaintext(plaintext.to_vec());
        let answer = call.set_additional_authenticated_data(aad.to_vec()).send().await;
        answer
            .map(|answer| Encrypted {
                ciphertext: answer.ciphertext.to_vec(),
                version: answer.name.parse().expect("the name of a version"),
            })
            .map_err(refusal)
    }

    /// Decrypts.
    pub async fn decrypt(&self, key: &CryptoKeyName, ciphertext: &[u8], aad: &[u8]) -> Answered<Vec<u8>> {
        let call = self.client.decrypt().set_name(key.to_string());
        let call = call.set_ciphertext(ciphertext.to_vec());
        let answer = call.set_additional_authenticated_data(aad.to_vec()).send().await;
        answer.map(|answer| answer.plaintext.to_vec()).map_err(refusal)
    }

    /// One ring.
    pub async fn ring(&self, name: &KeyRingName) -> Answered<KeyRing> {
        let seen = self.client.get_key_ring().set_name(name.to_string()).send().await;
        seen.map(convert::ring).map_err(refusal)
    }

    /// One key.
    pub async fn key(&self, name: &CryptoKeyName) -> Answered<CryptoKey> {
        let seen = self
            .client
            .get_crypto_key()
            .set_name(name.to_string())
            .send()
            .await;
        seen.map(convert::key).map_err(refusal)
    }

    /// The versions of a key, by number; at most a page of a thousand.
    pub async fn versions(&self, key: &CryptoKeyName) -> Answered<Vec<KeyVersion>> {
        let call = self.client.list_crypto_key_versions().set_parent(key.to_string());
        let page = call.set_page_size(1000).send().await.map_err(refusal)?;
        assert_eq!(page.next_page_token, "", "more versions than a test makes");
        Ok(page
            .crypto_key_versions
            .into_iter()
            .map(convert::version)
            .collect())
    }
}

impl Google {
    /// How many versions there are in all rings of a location that is small enough for one page each.
    pub async fn count_versions(&self, location: &str) -> usize {
        let (client, mut count) = (&self.client, 0);
        let rings = client.list_key_rings().set_parent(location).send().await.unwrap();
        for ring in rings.key_rings {
            let call = client.list_crypto_keys().set_parent(ring.name);
            for key in call.set_page_size(1000).send().await.unwrap().crypto_keys {
                count += self.versions(&key.name.parse().unwrap()).await.unwrap().len();
            }
        }
        count
    }
}

fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error says that there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// The code and the sentence of a call that was answered with a refusal; anything else is unavailable.
pub fn refusal(error: Error) -> KmsError {
    let Some(status) = error.status() else {
        return KmsError::new(KmsCode::Unavailable, error.to_string());
    };
    let code = match status.code {
        Code::InvalidArgument => KmsCode::InvalidArgument,
        Code::NotFound => KmsCode::NotFound,
        Code::AlreadyExists => KmsCode::AlreadyExists,
        Code::PermissionDenied => KmsCode::PermissionDenied,
        Code::FailedPrecondition => KmsCode::FailedPrecondition,
        Code::ResourceExhausted => KmsCode::ResourceExhausted,
        Code::DeadlineExceeded => KmsCode::DeadlineExceeded,
        Code::Unavailable => KmsCode::Unavailable,
        _ => KmsCode::Internal,
    };
    KmsError::new(code, status.message.clone())
}
