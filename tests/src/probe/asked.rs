//! The questions, and the keys that they are about.

use std::pin::Pin;

use google_cloud_gax::error::Error;
use google_cloud_kms_v1::model::crypto_key::CryptoKeyPurpose;
use google_cloud_kms_v1::model::crypto_key_version::{CryptoKeyVersionAlgorithm, CryptoKeyVersionState};
use google_cloud_kms_v1::model::{CryptoKey, CryptoKeyVersion, CryptoKeyVersionTemplate, ProtectionLevel};
use google_cloud_wkt::{Duration, FieldMask, Timestamp};
use keyward_core::key::KeySpec;
use keyward_core::name::CryptoKeyName;

use super::Scene;
use crate::google::Google;

/// What was said, or why nothing was.
type Asking<'a> = Pin<Box<dyn Future<Output = Result<String, Error>> + 'a>>;

/// One question.
pub(super) struct Question {
    pub(super) what: &'static str,
    pub(super) ask: for<'a> fn(&'a Scene) -> Asking<'a>,
}

/// A table of questions, in the order in which they are asked.
macro_rules! questions {
    ($($what:literal: |$scene:ident| $ask:expr;)*) => {
        pub(super) const QUESTIONS: &[Question] = &[$(Question {
            what: $what,
            ask: |$scene| Box::pin(async move { $ask }),
        }),*];
    };
}

/// `enabled`, `disabled` and `scheduled` have one version in that state; `bare` has none.
pub(super) async fn prepare(google: &Google, scene: &Scene) {
    google.create_ring(&scene.ring).await.unwrap();
    for id in ["enabled", "disabled", "scheduled", "bare"] {
        let spec = KeySpec {
            skip_initial_version: id == "bare",
            ..KeySpec::default()
        };
        google.create_key(&scene.key(id), &spec).await.unwrap();
    }
    google.disable(&scene.key("disabled").version(1)).await.unwrap();
    google
        .schedule_destruction(&scene.key("scheduled").version(1))
        .await
        .unwrap();
}

impl Scene {
    fn key(&self, id: &str) -> CryptoKeyName {
        self.ring.key(id).unwrap()
    }

    async fn set_state(&self, id: &str, state: CryptoKeyVersionState) -> Result<String, Error> {
        let version = CryptoKeyVersion::new().set_name(self.key(id).version(1).to_string());
        let call = self.client.update_crypto_key_version();
        let call = call.set_crypto_key_version(version.set_state(state));
        let answer = call
            .set_update_mask(FieldMask::default().set_paths(["state"]))
            .send()
            .await;
        answer.map(|version| format!("{:?}", version.state))
    }

    async fn restore(&self, id: &str) -> Result<String, Error> {
        let call = self.client.restore_crypto_key_version();
        let answer = call.set_name(self.key(id).version(1).to_string()).send().await;
        answer.map(|version| format!("{:?}", version.state))
    }

    async fn destroy(&self, id: &str) -> Result<String, Error> {
        let call = self.client.destroy_crypto_key_version();
        let answer = call.set_name(self.key(id).version(1).to_string()).send().await;
        answer.map(|version| format!("{:?}", version.state))
    }

    async fn set_primary(&self, id: &str, number: &str) -> Result<String, Error> {
        let call = self.client.update_crypto_key_primary_version();
        let call = call.set_name(self.key(id).to_string());
        let answer = call.set_crypto_key_version_id(number).send().await;
        answer.map(|key| key.primary.map(|primary| primary.name).unwrap_or_default())
    }

    async fn encrypt(&self, name: String) -> Result<String, Error> {
        let answer = self
            .client
            .encrypt()
            .set_name(name)
            .set_plaintext("x".as_bytes())
            .send()
            .await;
        answer.map(|answer| answer.name)
    }

    async fn create(&self, id: &str, key: CryptoKey) -> Result<String, Error> {
        let call = self.client.create_crypto_key().set_parent(self.ring.to_string());
        let answer = call.set_crypto_key_id(id).set_crypto_key(key).send().await;
        answer.map(|key| {
            format!(
                "{:?} {:?}",
                key.rotation_schedule,
                key.next_rotation_time.is_some()
            )
        })
    }

    async fn decrypt_with_other_aad(&self) -> Result<String, Error> {
        let name = self.key("enabled").to_string();
        let call = self
            .client
            .encrypt()
            .set_name(&name)
            .set_plaintext("x".as_bytes());
        let sealed = call
            .set_additional_authenticated_data("one".as_bytes())
            .send()
            .await?;
        let call = self
            .client
            .decrypt()
            .set_name(&name)
            .set_ciphertext(sealed.ciphertext);
        let answer = call
            .set_additional_authenticated_data("two".as_bytes())
            .send()
            .await;
        answer.map(|_| "it opened".to_owned())
    }

    async fn checksum(&self, checksum: i64) -> Result<String, Error> {
        let call = self.client.encrypt().set_name(self.key("enabled").to_string());
        let call = call.set_plaintext("x".as_bytes()).set_plaintext_crc32c(checksum);
        call.send().await.map(|answer| answer.name)
    }

    async fn encrypt_bytes(&self, length: usize) -> Result<String, Error> {
        let call = self.client.encrypt().set_name(self.key("enabled").to_string());
        let answer = call.set_plaintext(vec![7; length]).send().await;
        answer.map(|answer| answer.name)
    }

    async fn list(&self, size: i32, filter: &str, order: &str) -> Result<String, Error> {
        let call = self.client.list_crypto_keys().set_parent(self.ring.to_string());
        let answer = call
            .set_page_size(size)
            .set_filter(filter)
            .set_order_by(order)
            .send()
            .await;
        answer.map(|page| format!("{} keys, total {}", page.crypto_keys.len(), page.total_size))
    }

    async fn update_nothing(&self, paths: &[&str]) -> Result<String, Error> {
        let key = CryptoKey::new().set_name(self.key("enabled").to_string());
        let call = self.client.update_crypto_key().set_crypto_key(key);
        let mask = FieldMask::default().set_paths(paths.iter().copied());
        call.set_update_mask(mask).send().await.map(|key| key.name)
    }

    async fn random(&self, level: ProtectionLevel, length: i32) -> Result<String, Error> {
        let (project, location) = (self.ring.project(), self.ring.location());
        let call = self.client.generate_random_bytes();
        let call = call.set_location(format!("projects/{project}/locations/{location}"));
        let answer = call
            .set_protection_level(level)
            .set_length_bytes(length)
            .send()
            .await;
        answer.map(|answer| format!("{} bytes", answer.data.len()))
    }
}

fn symmetric() -> CryptoKey {
    CryptoKey::new().set_purpose(CryptoKeyPurpose::EncryptDecrypt)
}

fn far() -> Timestamp {
    Timestamp::clamp(4_000_000_000, 0)
}

fn past() -> Timestamp {
    Timestamp::clamp(1_000_000_000, 0)
}

fn hours(hours: i64) -> Duration {
    Duration::clamp(hours * 3600, 0)
}

fn mismatched() -> CryptoKey {
    let template = CryptoKeyVersionTemplate::new().set_algorithm(CryptoKeyVersionAlgorithm::HmacSha256);
    symmetric().set_version_template(template)
}

questions! {
    "restore what is enabled": |scene| scene.restore("enabled").await;
    "restore what is disabled": |scene| scene.restore("disabled").await;
    "enable what is scheduled": |scene| scene.set_state("scheduled", CryptoKeyVersionState::Enabled).await;
    "disable what is scheduled": |scene| scene.set_state("scheduled", CryptoKeyVersionState::Disabled).await;
    "set the state DESTROYED": |scene| scene.set_state("enabled", CryptoKeyVersionState::Destroyed).await;
    "destroy what is scheduled": |scene| scene.destroy("scheduled").await;
    "make a version primary that is scheduled": |scene| scene.set_primary("scheduled", "1").await;
    "make a version primary that is disabled": |scene| scene.set_primary("disabled", "1").await;
    "make a version primary that there is not": |scene| scene.set_primary("enabled", "99").await;
    "make a version primary that is no number": |scene| scene.set_primary("enabled", "x").await;
    "encrypt without a primary": |scene| scene.encrypt(scene.key("bare").to_string()).await;
    "encrypt with a primary that is disabled": |scene| scene.encrypt(scene.key("disabled").to_string()).await;
    "encrypt with a version that is scheduled": |scene| scene.encrypt(scene.key("scheduled").version(1).to_string()).await;
    "encrypt with a version that there is not": |scene| scene.encrypt(scene.key("enabled").version(99).to_string()).await;
    "encrypt with a name that is none": |scene| scene.encrypt(format!("{}/cryptoKeys", scene.ring)).await;
    "decrypt with other additional data": |scene| scene.decrypt_with_other_aad().await;
    "a checksum that does not fit": |scene| scene.checksum(1).await;
    "a checksum beyond 32 bits": |scene| scene.checksum(1 << 40).await;
    "a checksum below zero": |scene| scene.checksum(-1).await;
    "a plaintext of 64 KiB and a byte": |scene| scene.encrypt_bytes(64 * 1024 + 1).await;
    "no plaintext at all": |scene| scene.encrypt_bytes(0).await;
    "a next rotation alone": |scene| scene.create("once", symmetric().set_next_rotation_time(far())).await;
    "a rotation period alone": |scene| scene.create("period", symmetric().set_rotation_period(hours(48))).await;
    "a next rotation in the past": |scene|
        scene.create("past", symmetric().set_next_rotation_time(past()).set_rotation_period(hours(48))).await;
    "a rotation every hour": |scene|
        scene.create("hourly", symmetric().set_next_rotation_time(far()).set_rotation_period(hours(1))).await;
    "a destroy window of an hour": |scene|
        scene.create("hasty", symmetric().set_destroy_scheduled_duration(hours(1))).await;
    "a destroy window of 121 days": |scene|
        scene.create("slow", symmetric().set_destroy_scheduled_duration(hours(121 * 24))).await;
    "an algorithm of another purpose": |scene| scene.create("mismatched", mismatched()).await;
    "a key without a purpose": |scene| scene.create("purposeless", CryptoKey::new()).await;
    "a label in capitals": |scene| scene.create("labelled", symmetric().set_labels([("TEAM", "Blue")])).await;
    "an id with a dot": |scene| scene.create("with.dot", symmetric()).await;
    "an empty mask": |scene| scene.update_nothing(&[]).await;
    "a mask of a field that cannot change": |scene| scene.update_nothing(&["purpose"]).await;
    "a mask of a field that there is not": |scene| scene.update_nothing(&["colour"]).await;
    "a page of less than nothing": |scene| scene.list(-1, "", "").await;
    "a huge page": |scene| scene.list(1_000_000, "", "").await;
    "a filter on a field that there is not": |scene| scene.list(10, "colour=red", "").await;
    "a filter that is none": |scene| scene.list(10, "((", "").await;
    "an order by time": |scene| scene.list(10, "", "create_time").await;
    "random bytes of software": |scene| scene.random(ProtectionLevel::Software, 32).await;
    "random bytes without a level": |scene| scene.random(ProtectionLevel::Unspecified, 32).await;
    "four random bytes": |scene| scene.random(ProtectionLevel::Hsm, 4).await;
}
