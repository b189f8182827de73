//! Generates the credential of a site: what its client keeps, and what its server loads.
//!
//! `cargo run -p keyward --example generate_credential`

#![allow(clippy::print_stdout, reason = "an example tells what it does")]

use std::error::Error;
use std::fs;

use keyward::credential::{Place, create};
use keyward_core::clock::Timestamp;
use keyward_core::credential::{CLIENT_FILE, Kind, Permissions, Request, SERVER_FILE, allowed};
use rand::rngs::StdRng;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let place = Place {
        out: folder.path(),
        seal: None,
    };
    let request = Request {
        kind: Kind::Token,
        permissions: Permissions {
            allowed_ips: allowed(&["192.0.2.0/24"])?,
            ..Permissions::default()
        },
        ..Request::new("Reading room, north wing", "library-north".parse()?)
    };

    let created = create(
        &request,
        &place,
        Timestamp::now(),
        &mut rand::make_rng::<StdRng>(),
    )?;

    println!("client {} of {}", created.client_id, created.folder.display());
    for file in [CLIENT_FILE, SERVER_FILE] {
        println!("{file}: {} bytes", fs::metadata(created.folder.join(file))?.len());
    }
    // A site gets one credential: the folder of the first is never overwritten.
    assert!(
        create(
            &request,
            &place,
            Timestamp::now(),
            &mut rand::make_rng::<StdRng>()
        )
        .is_err()
    );
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
