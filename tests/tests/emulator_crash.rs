//! An emulator that keeps its data and is killed while several clients write loses nothing that it acknowledged, and
//! what is destroyed stays destroyed.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use futures_util::future::join_all;
use keyward_core::clock::Timestamp;
use keyward_core::key::{KeySpec, KeyVersion, VersionState};
use keyward_core::kms::KmsCode;
use keyward_core::name::{CryptoKeyName, KeyVersionName};
use keyward_tests::emulated::runtime;
use keyward_tests::fault::{Faults, How};
use keyward_tests::folder::in_memory;
use keyward_tests::google::Google;
use keyward_tests::naive::{Naive, Wish};
use keyward_tests::operation::{Ciphertexts, Key, Operation, start};
use keyward_tests::picture::{self, RINGS, View};
use keyward_tests::plain_http;
use keyward_tests::server::{self, Server};
use keyward_tests::session::{Sealed, Session, Sight};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_emulator-under-test");

/// The bucket that objects go to, and the key that they are under.
const BUCKET: &str = "archive";
const BUCKET_KEY: &str = "projects/local/locations/europe-west1/keyRings/archive/cryptoKeys/objects";

#[test]
fn killed_at_any_time() {
    let mut rng = StdRng::seed_from_u64(1);
    for round in 0..4 {
        let after = rng.random_range(1..400);
        survives(
            None,
            after,
            rng.random(),
            &format!("round {round}, after {after}"),
        );
    }
}

#[test]
fn killed_at_any_write() {
    let tools = in_memory();
    let faults = Faults::compile(tools.path());
    let mut rng = StdRng::seed_from_u64(2);
    for round in 0..4 {
        for how in [How::KillBefore, How::KillHalf, How::KillAfter] {
            let at = rng.random_range(1..4000);
            let what = format!("round {round}, {how:?} {at}");
            survives(Some((&faults, how, at)), u32::MAX, rng.random(), &what);
        }
    }
}

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    writers: Vec<Written>,
    /// How many members the policy of the ring has.
    members: u32,
    objects: u32,
    clock: Option<Timestamp>,
}

/// By one writer: what was answered, and what was not any more.
#[derive(Default)]
struct Written {
    done: Vec<Operation>,
    pending: Option<Operation>,
    sealed: Vec<Sealed>,
}

/// An emulator that is written to until it dies.
struct Life {
    server: Mutex<Server>,
    answered: AtomicU32,
    kill_after: u32,
}

/// Most answers that one client waits for.
const MOST: u32 = 300;

/// One life of an emulator, its death, and what is found afterwards.
fn survives(fault: Option<(&Faults, How, u32)>, kill_after: u32, seed: u64, what: &str) {
    let folder = in_memory();
    prepare(folder.path());
    let mut acknowledged = Acknowledged::default();
    // It may die before it answers anybody.
    if let Some(server) = Server::start(PROGRAM, folder.path(), fault) {
        acknowledged = live(server, kill_after, seed);
    }
    let run = runtime();
    let mut server = Server::start(PROGRAM, folder.path(), None).expect(what);
    let google = run.block_on(Google::at(&server.endpoint()));
    let sight = Sight {
        google: &google,
        runtime: &run,
    };
    find_all(&server, &sight, &acknowledged, what);
    let gone = destroy_what_is_scheduled(&server, &sight);
    // What came due is as durable as what was asked for.
    server.kill();
    let server = Server::start(PROGRAM, folder.path(), None).expect(what);
    let google = run.block_on(Google::at(&server.endpoint()));
    for version in gone {
        let key = version.key();
        let versions = run.block_on(google.versions(key)).unwrap();
        assert_eq!(
            state(&versions, version.number()),
            VersionState::Destroyed,
            "{what}: {version}"
        );
        let refused = run.block_on(google.restore(&version)).unwrap_err();
        assert_eq!(refused.code, KmsCode::FailedPrecondition, "{what}: {version}");
    }
}

/// A ring and a key for a bucket's objects.
fn prepare(folder: &Path) {
    let mut server = Server::start(PROGRAM, folder, None).unwrap();
    let run = runtime();
    let google = run.block_on(Google::at(&server.endpoint()));
    let key = bucket_key();
    run.block_on(google.create_ring(key.ring())).unwrap();
    run.block_on(google.create_key(&key, &KeySpec::default()))
        .unwrap();
    let bucket =
        json!({"name": BUCKET, "location": "EUROPE-WEST1", "encryption": {"defaultKmsKeyName": BUCKET_KEY}});
    server
        .json("POST", "/storage/v1/b?project=local", &bucket)
        .unwrap();
    server.kill();
}

/// Everybody writes until the emulator is dead.
fn live(server: Server, kill_after: u32, seed: u64) -> Acknowledged {
    let (endpoint, address) = (server.endpoint(), server.address());
    let life = &Life {
        server: Mutex::new(server),
        answered: AtomicU32::new(0),
        kill_after,
    };
    thread::scope(|scope| {
        let objects = scope.spawn(move || life.count(|number| upload(address, number)));
        let clock = scope.spawn(move || {
            let mut shown = None;
            life.count(|_| tick(address).inspect(|now| shown = Some(*now)));
            shown
        });
        let members = scope.spawn(move || life.count(|number| admit(address, number)));
        let writers = runtime().block_on(async {
            let google = Google::at(&endpoint).await;
            let write = |(index, ring)| write(life, google.clone(), ring, seed.wrapping_add(index));
            join_all((0..).zip(RINGS).map(write)).await
        });
        let (objects, clock, members) = (
            objects.join().unwrap(),
            clock.join().unwrap(),
            members.join().unwrap(),
        );
        life.server.lock().unwrap().kill();
        Acknowledged {
            writers,
            members,
            objects,
            clock,
        }
    })
}

impl Life {
    /// An answer has arrived. It may be the last.
    fn answer(&self) {
        if self.answered.fetch_add(1, Ordering::SeqCst) + 1 == self.kill_after {
            self.server.lock().unwrap().kill();
        }
    }

    /// Does something again and again. Answers how often it was done.
    fn count<T>(&self, mut act: impl FnMut(u32) -> std::io::Result<T>) -> u32 {
        for number in 0..MOST {
            if act(number).is_err() {
                return number;
            }
            self.answer();
        }
        MOST
    }
}

fn upload(at: SocketAddr, number: u32) -> std::io::Result<()> {
    let path = format!("/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name=object-{number}");
    let reply = plain_http::call(at, "POST", &path, "text/plain", &content(number))?;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    Ok(())
}

fn content(number: u32) -> Vec<u8> {
    format!("{number} ").repeat(100).into_bytes()
}

/// Moves the clock on, by less than an hour over a whole life.
fn tick(at: SocketAddr) -> std::io::Result<Timestamp> {
    let moved = server::json(at, "POST", "/emulator/v1/clock:move", &json!({"by": "1s"}))?;
    Ok(moved["now"].as_str().unwrap().parse().unwrap())
}

/// Adds one member after the other to the policy of the bucket's ring.
fn admit(at: SocketAddr, number: u32) -> std::io::Result<()> {
    let members: Vec<String> = (0..=number)
        .map(|member| format!("user:m{member}@example.com"))
        .collect();
    let binding = json!({"role": "roles/cloudkms.viewer", "members": members});
    let policy = json!({"policy": {"bindings": [binding]}});
    server::json(
        at,
        "POST",
        &format!("/v1/{}:setIamPolicy", bucket_key().ring()),
        &policy,
    )
    .map(drop)
}

fn bucket_key() -> CryptoKeyName {
    BUCKET_KEY.parse().unwrap()
}

/// Works on the keys of one ring.
async fn write(life: &Life, google: Google, ring: &'static str, seed: u64) -> Written {
    let (mut rng, mut session) = (StdRng::seed_from_u64(seed), Session::new(google));
    let mut written = Written::default();
    for turn in 0..MOST {
        let operation = match turn {
            0 => Operation::CreateRing(ring),
            _ => draw(&mut rng, ring),
        };
        match session.apply(&operation, start()).await {
            Err(error) if error.code == KmsCode::Unavailable => {
                written.pending = Some(operation);
                break;
            }
            // Refusals are part of the plan: the model knows which.
            _ => written.done.push(operation),
        }
        life.answer();
    }
    written.sealed = session.sealed;
    written
}

fn draw(rng: &mut StdRng, ring: &'static str) -> Operation {
    let key = Key(ring, if rng.random_range(0..3) == 0 { "two" } else { "one" });
    let number = rng.random_range(1..5);
    let wish = Wish {
        window: 24,
        rotation: None,
        bare: false,
    };
    match rng.random_range(0..10) {
        0 => Operation::CreateKey(key, wish),
        1 => Operation::CreateVersion(key),
        2 => Operation::SetPrimary(key, number),
        3 => Operation::Disable(key, number),
        4 => Operation::Enable(key, number),
        5 => Operation::ScheduleDestruction(key, number),
        6 => Operation::Restore(key, number),
        7 => Operation::EncryptWith(key, number),
        8 => Operation::SetRotation(key, Some((48, 30))),
        _ => Operation::Encrypt(key),
    }
}

/// Everything that was acknowledged is there, and of the rest all or nothing.
fn find_all(server: &Server, sight: &Sight<'_>, acknowledged: &Acknowledged, what: &str) {
    let seen = picture::draw(sight);
    for (ring, written) in RINGS.iter().zip(&acknowledged.writers) {
        let seen: Vec<&String> = seen.iter().filter(|line| line.starts_with(ring)).collect();
        let possible = [
            model(&written.done, None),
            model(&written.done, written.pending.as_ref()),
        ];
        assert!(
            possible.iter().any(|lines| lines.iter().eq(seen.iter().copied())),
            "{what}: {seen:#?}\n{possible:#?}"
        );
        for (index, sealed) in written.sealed.iter().enumerate() {
            find_sealed(sight, sealed, index, what);
        }
    }
    find_objects(server, acknowledged, what);
    find_policy(server, acknowledged.members, what);
    let clock = server.json("GET", "/emulator/v1/clock", &json!({})).unwrap();
    let now: Timestamp = clock["now"].as_str().unwrap().parse().unwrap();
    assert!(now >= acknowledged.clock.unwrap_or(start()), "{what}: {now}");
}

/// The picture that a naive model has.
fn model(done: &[Operation], pending: Option<&Operation>) -> Vec<String> {
    let (mut naive, mut made) = (Naive::default(), Ciphertexts::default());
    for operation in done.iter().chain(pending) {
        // It answers as the emulator did, refusals included.
        let _ = operation.on_naive(&mut naive, &mut made);
    }
    naive.picture()
}

/// What was encrypted decrypts, unless its version may not be used.
fn find_sealed(sight: &Sight<'_>, sealed: &Sealed, index: usize, what: &str) {
    let current = state(&sight.versions(sealed.key), sealed.number);
    let name = sealed.key.name();
    let opened = sight.google.decrypt(&name, &sealed.ciphertext, b"aad");
    match sight.runtime.block_on(opened) {
        Ok(opened) => assert_eq!(
            (opened, current),
            (index.to_string().into_bytes(), VersionState::Enabled),
            "{what}"
        ),
        Err(refused) => {
            assert_eq!(refused.code, KmsCode::FailedPrecondition, "{what}: {refused}");
            assert_ne!(current, VersionState::Enabled, "{what}");
        }
    }
}

fn state(versions: &[KeyVersion], number: u64) -> VersionState {
    let found = versions.iter().find(|version| version.name.number() == number);
    found.expect("a version").state
}

fn find_objects(server: &Server, acknowledged: &Acknowledged, what: &str) {
    for number in 0..=acknowledged.objects {
        let path = format!("/storage/v1/b/{BUCKET}/o/object-{number}?alt=media");
        let reply = plain_http::call(server.address(), "GET", &path, "text/plain", b"").unwrap();
        if number < acknowledged.objects || reply.status == 200 {
            assert_eq!(
                (reply.status, reply.body),
                (200, content(number)),
                "{what}: object {number}"
            );
        } else {
            assert_eq!(reply.status, 404, "{what}: the upload that was not answered");
        }
    }
}

fn find_policy(server: &Server, members: u32, what: &str) {
    let path = format!("/v1/{}:getIamPolicy", bucket_key().ring());
    let policy = server.json("GET", &path, &json!({})).unwrap();
    let found = policy["bindings"][0]["members"].as_array().map_or(0, Vec::len);
    let found = u32::try_from(found).unwrap();
    assert!(
        (members..=members + 1).contains(&found),
        "{what}: {found} of {members}"
    );
}

/// Lets two days pass. Answers which versions that destroyed.
fn destroy_what_is_scheduled(server: &Server, sight: &Sight<'_>) -> Vec<KeyVersionName> {
    let versions = || picture::KEYS.iter().flat_map(|key| sight.versions(*key));
    let scheduled: Vec<KeyVersionName> = versions()
        .filter(|version| version.state == VersionState::DestroyScheduled)
        .map(|version| version.name)
        .collect();
    server
        .json("POST", "/emulator/v1/clock:move", &json!({"by": "172800s"}))
        .unwrap();
    let destroyed: Vec<KeyVersionName> = versions()
        .filter(|version| version.state == VersionState::Destroyed)
        .map(|version| version.name)
        .collect();
    assert_eq!(destroyed, scheduled);
    destroyed
}
