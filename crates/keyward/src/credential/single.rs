//! One credential.

use std::path::{Path, PathBuf};

use keyward_core::clock::Timestamp;
use keyward_core::credential::{Request, generate};
use keyward_core::error::{Error, Result};
use rand_core::CryptoRng;

use super::folders::Folders;
use super::place::Place;
use super::staging::{Durable, Staging};

/// A credential that is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The site's folder.
    pub folder: PathBuf,
    /// The OAuth client id.
    pub client_id: String,
    /// The id of the credential document.
    pub credential_id: String,
}

/// Makes the credential that `request` describes in a new folder of `place`, both halves or neither.
///
/// # Errors
/// A usage error when the site has a folder already, however it is spelled (nothing in it is touched), when it cannot be made, or for what
/// [`Request::check`] finds; else what sealing or the disk met. In every case nothing is left behind.
pub fn create(
    request: &Request,
    place: &Place<'_>,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Created> {
    request.check()?;
    if let Some(folder) = Folders::list(place.out)?.of(&request.site)? {
        return Err(is_there(&folder));
    }
    let credential = generate(request, now, rng)?;
    let (client_id, credential_id) = (credential.client_id.clone(), credential.credential_id.clone());
    let halves = place.halves(&request.site, credential)?;
    let folder = place.folder(&request.site);
    let _out = place.prepare()?;
    let staging = Staging::begin(place.out, Durable::Each)?;
    staging.stage(&halves)?;
    staging.sync()?;
    if !staging.publish(&request.site)? {
        return Err(is_there(&folder));
    }
    staging.sync_published()?;
    Ok(Created {
        folder,
        client_id,
        credential_id,
    })
}

fn is_there(folder: &Path) -> Error {
    Error::usage("the site has a folder already, and nothing in it was touched")
        .on(folder.display())
        .hint("to make a new credential for the site, choose another folder with `--out`, or move this one away")
}
