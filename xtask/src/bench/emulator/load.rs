//! Calls to a server of Cloud KMS, over one gRPC connection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::try_join_all;
use http::uri::PathAndQuery;
use keyward_core::error::{Error, Result};
use keyward_emulator::interface::google::cloud::kms::v1::crypto_key::CryptoKeyPurpose;
use keyward_emulator::interface::google::cloud::kms::v1::{
    CreateCryptoKeyRequest, CreateCryptoKeyVersionRequest, CreateKeyRingRequest, CryptoKey, CryptoKeyVersion,
    EncryptRequest, EncryptResponse, KeyRing, ListCryptoKeyVersionsRequest, ListCryptoKeyVersionsResponse,
};
use prost::Message;
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use super::process::Server;

const LOCATION: &str = "projects/bench/locations/global";
const RING: &str = "projects/bench/locations/global/keyRings/bench";

/// A client with one connection.
pub(super) struct Load {
    runtime: Runtime,
    client: Grpc<Channel>,
}

impl Load {
    /// Connects.
    pub(super) fn on(server: &Server) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::unavailable("no runtime").because(error))?;
        let endpoint = Endpoint::from_shared(server.endpoint().to_owned())
            .map_err(|error| Error::bug("an endpoint that is none").because(error))?;
        let channel = runtime
            .block_on(endpoint.tcp_nodelay(true).connect())
            .map_err(|error| Error::unavailable("no connection").because(error))?;
        Ok(Self {
            runtime,
            client: Grpc::new(channel),
        })
    }

    /// A ring, and the key `key-0` in it.
    pub(super) fn create_ring_and_key(&self) -> Result<()> {
        self.runtime.block_on(async {
            let ring = CreateKeyRingRequest {
                parent: LOCATION.to_owned(),
                key_ring_id: "bench".to_owned(),
                key_ring: None,
            };
            let _: KeyRing = self.call("CreateKeyRing", ring).await?;
            self.create_key(0).await
        })
    }

    /// A key by its number.
    pub(super) async fn create_key(&self, number: usize) -> Result<()> {
        let key = CryptoKey {
            purpose: CryptoKeyPurpose::EncryptDecrypt.into(),
            ..CryptoKey::default()
        };
        let request = CreateCryptoKeyRequest {
            parent: RING.to_owned(),
            crypto_key_id: format!("key-{number}"),
            crypto_key: Some(key),
            ..CreateCryptoKeyRequest::default()
        };
        self.call::<_, CryptoKey>("CreateCryptoKey", request)
            .await
            .map(drop)
    }

    /// Encrypts 32 bytes so many times.
    pub(super) fn encrypt(&self, calls: usize, in_flight: usize) -> Result<()> {
        let plaintext = [7; 32];
        let request = EncryptRequest {
            name: format!("{RING}/cryptoKeys/key-0"),
            plaintext: plaintext.to_vec().into(),
            additional_authenticated_data: vec![1; 79].into(),
            plaintext_crc32c: Some(i64::from(crc32c::crc32c(&plaintext))),
            additional_authenticated_data_crc32c: Some(i64::from(crc32c::crc32c(&[1; 79]))),
        };
        self.many(calls, in_flight, |_| async {
            let answer: EncryptResponse = self.call("Encrypt", request.clone()).await?;
            let whole = !answer.ciphertext.is_empty();
            whole.then_some(()).ok_or_else(|| Error::bug("nothing came back"))
        })
    }

    /// So many more versions of a key.
    pub(super) fn create_versions(&self, key: usize, versions: usize, in_flight: usize) -> Result<()> {
        self.many(versions, in_flight, |_| self.create_version(key))
    }

    async fn create_version(&self, key: usize) -> Result<()> {
        let request = CreateCryptoKeyVersionRequest {
            parent: format!("{RING}/cryptoKeys/key-{key}"),
            crypto_key_version: None,
        };
        self.call::<_, CryptoKeyVersion>("CreateCryptoKeyVersion", request)
            .await
            .map(drop)
    }

    /// Keys `1..keys`.
    pub(super) fn create_keys(&self, keys: usize) -> Result<()> {
        self.runtime
            .block_on(try_join_all((1..keys).map(|number| self.create_key(number))))
            .map(drop)
    }

    /// Lists all versions of all `keys` keys, while another call after the other makes a version of `key-0`. Answers
    /// how many were listed, how long that took, and how long the slowest of those calls took.
    pub(super) fn list_beside_a_writer(&self, keys: usize) -> Result<(usize, Duration, Duration)> {
        self.runtime.block_on(async {
            let start = Instant::now();
            let lists = try_join_all((1..keys).map(|key| self.list(key)));
            tokio::pin!(lists);
            let mut slowest = Duration::ZERO;
            loop {
                let begun = Instant::now();
                let write = self.create_version(0);
                tokio::pin!(write);
                tokio::select! {
                    listed = &mut lists => {
                        let listed: usize = listed?.into_iter().sum();
                        let took = start.elapsed();
                        write.await?;
                        return Ok((listed, took, slowest.max(begun.elapsed())));
                    }
                    written = &mut write => written?,
                }
                slowest = slowest.max(begun.elapsed());
            }
        })
    }

    async fn list(&self, key: usize) -> Result<usize> {
        let (mut listed, mut page_token) = (0, String::new());
        loop {
            let request = ListCryptoKeyVersionsRequest {
                parent: format!("{RING}/cryptoKeys/key-{key}"),
                page_size: 1000,
                page_token,
                ..ListCryptoKeyVersionsRequest::default()
            };
            let page: ListCryptoKeyVersionsResponse = self.call("ListCryptoKeyVersions", request).await?;
            listed += page.crypto_key_versions.len();
            if page.next_page_token.is_empty() {
                return Ok(listed);
            }
            page_token = page.next_page_token;
        }
    }

    /// Makes `calls` calls, at most `in_flight` at once.
    fn many<F: Future<Output = Result<()>>>(
        &self,
        calls: usize,
        in_flight: usize,
        call: impl Fn(usize) -> F,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        let lane = || async {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= calls {
                    return Ok(());
                }
                call(number).await?;
            }
        };
        let lanes = try_join_all((0..in_flight).map(|_| lane()));
        self.runtime.block_on(lanes).map(drop)
    }

    async fn call<Q, A>(&self, method: &str, request: Q) -> Result<A>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let path: PathAndQuery = format!("/google.cloud.kms.v1.KeyManagementService/{method}")
            .parse()
            .map_err(|error| Error::bug("a path that is none").because(error))?;
        let mut client = self.client.clone();
        client
            .ready()
            .await
            .map_err(|error| Error::unavailable("the connection is gone").because(error))?;
        let codec = ProstCodec::<Q, A>::default();
        let answered = client.unary(Request::new(request), path, codec).await;
        answered
            .map(tonic::Response::into_inner)
            .map_err(|status| refused(method, &status))
    }
}

fn refused(method: &str, status: &Status) -> Error {
    Error::unavailable(format!("{method}: {}: {}", status.code(), status.message()))
}
