//! `keyward credential new`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Args;
use keyward::credential::{Created, Place, create};
use keyward_core::credential::{
    AllowedIp, AllowedPref, Kind, Permissions, Request, SERVER_FILE, SignKey, allowed,
};
use keyward_core::error::{Error, Result};
use keyward_core::limits;
use serde_json::{Value, json};

use super::seal::Sealing;
use crate::exit::Exit;
use crate::files::Input;
use crate::session::Session;
use crate::ui::{Answer, Page, faint, good};

/// Make the credential of one site
///
/// Makes the folder SITE-credentials, for its owner only: secret.txt for the site, couchDBData.json for the server. Both
/// are there afterwards, or neither; a folder that is there already is left as it is.
#[derive(Args)]
pub(super) struct New {
    /// Who it is for, in free text
    #[arg(
        long,
        value_name = "NAME",
        env = "GPII_CREDENTIALS_NAME",
        hide_env_values = true
    )]
    name: Option<OsString>,

    /// Host name of the site
    #[arg(
        long,
        value_name = "SITE",
        env = "GPII_CREDENTIALS_SITE",
        hide_env_values = true
    )]
    site: Option<OsString>,

    /// Shape of the documents: 0.1, 0.2 or 0.3
    #[arg(long, value_name = "VERSION", default_value = "0.2")]
    schema: String,

    /// Folder to make the site's folder in
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,

    /// Address, or block of addresses, that may ask for a token; repeatable; `none` denies all
    #[arg(long, value_name = "CIDR")]
    allow_ip: Vec<String>,

    /// Preference that may be written; repeatable; `none` denies all
    #[arg(long, value_name = "URI")]
    allow_pref: Vec<String>,

    /// Let it create users' keys; has an effect only together with --allow-create-safe
    #[arg(long)]
    allow_create_key: bool,

    /// Let it create preference safes
    #[arg(long)]
    allow_create_safe: bool,

    /// Key that users' keys are derived from: the one in the site's old secret.txt, or a new one
    #[arg(long, value_name = "keep:FILE|new")]
    sign_key: Option<String>,

    /// What proves the client: uuid or token, or private-key-jwt where the server can check signatures
    #[arg(long, value_name = "KIND", default_value = "uuid")]
    kind: String,

    /// Let the client half leave only as an envelope, for this keyring, recipient or key
    #[arg(long, value_name = "KEYRING|age1…")]
    seal_to: Option<String>,
}

impl New {
    pub(super) fn run(self: Box<Self>, session: &Session) -> Result<Exit> {
        let request = self.request()?;
        if request.permissions.create_key != request.permissions.create_safe {
            session.ui.warn("servers heed --allow-create-key and --allow-create-safe only together; one alone has no effect");
        }
        let sealing = Sealing::wanted(session, self.seal_to.as_deref(), &self.out)?;
        let seal = sealing.as_ref().map(Sealing::seal);
        let place = Place {
            out: &self.out,
            seal: seal.as_deref(),
        };
        let mut trail = session.trail("credential new", vec![request.site.to_string()]);
        trail.intend();
        let created = create(&request, &place, session.clock.now(), &mut session.rng());
        if let Ok(created) = &created {
            trail.also(&created.credential_id);
        }
        trail.ended(&created);
        session.ui.done(&Made {
            client: place.client_file(),
            created: created?,
            request: &request,
            sealed_for: self.seal_to.as_deref(),
            opened_with: sealing
                .as_ref()
                .and_then(|sealing| sealing.opened_with(&request.site)),
        })?;
        Ok(Exit::DONE)
    }

    fn request(&self) -> Result<Request> {
        let name = given(self.name.as_deref(), "--name", "GPII_CREDENTIALS_NAME")?;
        let site = given(self.site.as_deref(), "--site", "GPII_CREDENTIALS_SITE")?;
        Ok(Request {
            name: name.to_owned(),
            site: site.parse()?,
            schema: self.schema.parse()?,
            permissions: Permissions {
                allowed_ips: allowed::<AllowedIp>(&self.allow_ip)?,
                allowed_prefs: allowed::<AllowedPref>(&self.allow_pref)?,
                create_key: self.allow_create_key,
                create_safe: self.allow_create_safe,
            },
            kind: self.kind.parse()?,
            sign_key: self
                .sign_key
                .as_deref()
                .map(sign_key)
                .transpose()?
                .unwrap_or_default(),
        })
    }
}

/// An empty value is none, as for the generator whose variables these are.
fn given<'v>(value: Option<&'v OsStr>, flag: &str, variable: &str) -> Result<&'v str> {
    let value = value.filter(|value| !value.is_empty()).ok_or_else(|| {
        Error::usage(format!("`{flag}` is missing"))
            .hint(format!("give the flag, or set {variable}"))
            .hint("keyward credential new --name NAME --site SITE")
    })?;
    let not_text = || Error::usage("it is not UTF-8 text").on(format!("{flag} or {variable}"));
    value.to_str().ok_or_else(not_text)
}

fn sign_key(word: &str) -> Result<SignKey> {
    match (word, word.strip_prefix("keep:")) {
        ("new", _) => Ok(SignKey::New),
        (_, Some(file)) if !file.is_empty() => {
            let old = Input::open(Path::new(file))?.read_whole(limits::KEY_FILE_LEN)?;
            SignKey::kept_from(&old).map_err(|error| error.on(file))
        }
        _ => Err(Error::usage(
            "`--sign-key` is `new`, or `keep:` and the site's old secret.txt",
        )),
    }
}

struct Made<'a> {
    created: Created,
    request: &'a Request,
    client: &'static str,
    sealed_for: Option<&'a str>,
    opened_with: Option<String>,
}

impl Made<'_> {
    fn sign_key(&self) -> &'static str {
        match (&self.request.sign_key, self.request.kind) {
            (SignKey::Kept(_), _) => "kept",
            (SignKey::Absent, Kind::Uuid | Kind::Token) => "none",
            (SignKey::Absent | SignKey::New, _) => "new",
        }
    }
}

impl Made<'_> {
    /// What the sign key means to users. A new one, or a new secret without one, changes the keys of all of them.
    fn users_keys(&self) -> &'static str {
        match self.sign_key() {
            "kept" => "kept; users' keys stay what they are",
            "new" => "new; a site that had users before needs --sign-key keep:FILE",
            _ => {
                "none; users' keys will depend on the client secret:\n              \
                 to replace an old credential, give --sign-key keep:FILE"
            }
        }
    }
}

impl Answer for Made<'_> {
    fn json(&self) -> Value {
        let Self {
            created,
            request,
            client,
            sealed_for,
            ..
        } = self;
        json!({
            "site": request.site.as_str(),
            "folder": created.folder.display().to_string(),
            "client_half": client,
            "server_half": SERVER_FILE,
            "sealed_for": sealed_for,
            "client_id": created.client_id,
            "credential_id": created.credential_id,
            "schema": request.schema.label(),
            "kind": request.kind.id(),
            "bits": request.kind.strength().bits,
            "sign_key": self.sign_key(),
        })
    }

    fn text(&self, page: &mut Page) {
        let Self {
            created,
            request,
            client,
            ..
        } = self;
        page.line(format_args!(
            "{}: {} for {}",
            created.folder.display(),
            good("made"),
            request.site
        ));
        let for_whom = match self.sealed_for {
            Some(word) => format!("for the site, sealed for {word}"),
            None => "for the site, and for nobody else".to_owned(),
        };
        let what = match request.kind.server_holds_the_secret() {
            true => "for its server, with the client's secret in clear",
            false => "for its server, with the public key only",
        };
        page.line(format_args!("  {client:<16} {}", faint(for_whom)));
        page.line(format_args!("  {SERVER_FILE:<16} {}", faint(what)));
        page.field("client id", &created.client_id);
        page.field("credential", &created.credential_id);
        page.field("strength", request.kind.strength());
        page.field("sign key", self.users_keys());
        if let Some(command) = &self.opened_with {
            page.field("open with", command);
        }
    }
}
