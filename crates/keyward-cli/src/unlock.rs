//! What may be used to open a file: keys of the manifest or of `--allow`, age identities, and the context to demand.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use keyward::keyring::{Attempt, OpenedBy, Opener, Permitted};
use keyward::project::{self, Project};
use keyward::registry::Crypters;
use keyward_age::AgeIdentity;
use keyward_core::context::{EncryptionContext, shown};
use keyward_core::envelope::{Header, Wrap};
use keyward_core::error::{Error, Result};
use keyward_core::location::Location;
use keyward_core::name::KeyPattern;
use keyward_core::recipient::Identity;

use crate::endpoints::For;
use crate::files::Input;
use crate::identities;
use crate::session::Session;
use crate::ui::{hints, uneasy};

/// Flags that say what may be used to open a file.
#[derive(Args)]
pub(crate) struct Unlock {
    /// Age identity file; repeatable. Without it: SOPS_AGE_KEY_FILE, then ~/.config/sops/age/keys.txt
    #[arg(long, value_name = "FILE", env = "KEYWARD_IDENTITY", hide_env_values = true)]
    identity: Vec<PathBuf>,

    /// Key that may be asked beside those of the manifest, or all under a name: gcp-kms://projects/P/*; repeatable
    #[arg(
        long,
        value_name = "KEY",
        env = "KEYWARD_ALLOW",
        hide_env_values = true,
        value_delimiter = ','
    )]
    allow: Vec<String>,

    /// Pair that must be bound to the content, instead of what the manifest expects under this name; repeatable
    #[arg(long = "context", value_name = "NAME=VALUE")]
    context: Vec<String>,

    /// Location to ask first; repeatable
    #[arg(
        long,
        value_name = "LOCATION",
        env = "KEYWARD_NEAR",
        hide_env_values = true,
        value_delimiter = ','
    )]
    near: Vec<String>,

    /// Demand the context of this keyring alone, for what was sealed with `--keyring`
    #[arg(long, value_name = "NAME")]
    keyring: Option<String>,
}

/// What may be used, decided for one input.
pub(crate) struct Means {
    pub(crate) crypters: Crypters,
    pub(crate) permitted: Permitted,
    pub(crate) identities: Vec<Arc<AgeIdentity>>,
    pub(crate) expected: EncryptionContext,
    /// What the command line demanded of it.
    demanded: EncryptionContext,
    /// The manifest's keys alone.
    declared: Permitted,
    ports: Vec<Arc<dyn Identity>>,
    /// Whether identities were named, and no keyring whose context to demand.
    by_identity: bool,
}

impl Unlock {
    /// Decides for `input`.
    ///
    /// # Errors
    /// The manifest, if it is needed, or an identity file cannot be read; `--env` names another environment than the file's.
    pub(crate) fn means(&self, session: &Session, input: &Input) -> Result<Means> {
        let found = match input.path() {
            Some(path) => session.project_of(path),
            None => session.project(),
        };
        let project = if self.needs_no_manifest(session) {
            session.if_readable(found)
        } else {
            found.map_err(hints::means_instead)?
        };
        let (mut permitted, mut expected) = match project {
            Some(project) => self.declared(session, project, input)?,
            None => (Permitted::none(), EncryptionContext::new()),
        };
        let mut demanded = EncryptionContext::new();
        for pair in &self.context {
            expected.insert_pair(pair)?;
            demanded.insert_pair(pair)?;
        }
        let declared = permitted.clone();
        permitted = permitted
            .patterns(parsed::<KeyPattern>(&self.allow)?)
            .near(parsed_with(&self.near, Location::parse)?);
        let identities = self.identities(session, &permitted)?;
        let crypters = session.providers()?.crypters();
        Ok(Means {
            crypters,
            ports: identities
                .iter()
                .map(|identity| identity.clone() as Arc<dyn Identity>)
                .collect(),
            permitted,
            identities,
            expected,
            demanded,
            declared,
            by_identity: !self.identity.is_empty() && self.keyring.is_none(),
        })
    }

    /// Whether the command line itself says what may be used, so that a manifest which cannot be read does not stand in
    /// the way.
    fn needs_no_manifest(&self, session: &Session) -> bool {
        let says_with_what = !self.identity.is_empty() || !self.allow.is_empty();
        says_with_what && self.keyring.is_none() && session.globals.env.is_none()
    }

    /// All keys of the manifest, those of the file's own keyring first; and the context of its rule, or of the keyring
    /// that was named.
    fn declared(
        &self,
        session: &Session,
        project: &Project,
        input: &Input,
    ) -> Result<(Permitted, EncryptionContext)> {
        let applied = input.path().and_then(|path| project.rule_for(path).ok());
        let (own, expected) = match (&self.keyring, applied) {
            (Some(name), _) => {
                let keyring = project.manifest.keyring(name)?;
                (Some(keyring), project::context(keyring, None)?)
            }
            (None, Some(applied)) => (Some(applied.keyring), applied.context),
            (None, None) => (None, EncryptionContext::new()),
        };
        // A variable left over from other work must not stand in the way of opening.
        if let (Some(_), Some(keyring)) = (&session.globals.env, own) {
            hints::in_environment(session.environment(project)?, keyring)?;
        }
        let keyrings = own.into_iter().chain(project.manifest.keyrings());
        let keys = keyrings.flat_map(|keyring| keyring.keys().to_vec());
        Ok((Permitted::none().keys(keys), expected))
    }

    /// Where keys may be asked, age identities are used only when they were named: whoever may write a file could
    /// else put one in its place that only says that it came from here.
    fn identities(&self, session: &Session, permitted: &Permitted) -> Result<Vec<Arc<AgeIdentity>>> {
        if !self.identity.is_empty() {
            identities::named(&self.identity)
        } else if permitted.is_none() {
            identities::found(session)
        } else {
            Ok(Vec::new())
        }
    }
}

fn parsed<T: FromStr<Err = Error>>(words: &[String]) -> Result<Vec<T>> {
    parsed_with(words, str::parse)
}

fn parsed_with<T>(words: &[String], parse: impl Fn(&str) -> Result<T>) -> Result<Vec<T>> {
    words.iter().map(|word| parse(word)).collect()
}

impl Means {
    /// Demands the context before anything else is tried, and answers what was demanded of this envelope.
    ///
    /// # Errors
    /// A refusal when a pair is missing or differs.
    pub(crate) fn must_hold(&self, session: &Session, header: &Header) -> Result<EncryptionContext> {
        let keys: Vec<_> = header.wraps().iter().filter_map(Wrap::key_ref).collect();
        let asked = keys.iter().filter(|key| self.permitted.permits(key));
        session.reaches(asked, For::Opening)?;
        let by_rule = self.is_by_rule(header);
        let demanded = if by_rule || !self.by_identity {
            self.expected.clone()
        } else {
            self.agreement(header.context())?
        };
        let context = header.context();
        match context.must_contain(&demanded) {
            Ok(()) => Ok(demanded),
            Err(error) if !by_rule && !self.by_identity && !self.declared.is_none() => {
                Err(hints::sealed_without_rule(error))
            }
            Err(error) if by_rule && self.expected.get("rule").is_some() && context.get("rule").is_none() => {
                Err(hints::sealed_by_name(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a key of the manifest wrapped it, as for everything that a rule or a keyring sealed.
    fn is_by_rule(&self, header: &Header) -> bool {
        let mut keys = header.wraps().iter().filter_map(Wrap::key_ref);
        keys.any(|key| self.declared.permits(&key))
    }

    /// What is demanded of an envelope that no rule sealed: the pairs of the command line, and that it does not say
    /// otherwise than the manifest.
    fn agreement(&self, context: &EncryptionContext) -> Result<EncryptionContext> {
        let mut demanded = self.demanded.clone();
        for (name, value) in self
            .expected
            .iter()
            .filter(|(name, _)| context.get(name).is_some())
        {
            demanded.insert(name, value)?;
        }
        Ok(demanded)
    }

    /// The same for a plain age file, which carries no context.
    ///
    /// # Errors
    /// A refusal when a pair was demanded on the command line. What only the manifest expects is said to be unchecked.
    pub(crate) fn must_do_without_context(&self, session: &Session) -> Result<()> {
        if !self.demanded.is_empty() {
            return Err(
                Error::refused("a plain age file carries no context, and a pair of it is demanded")
                    .hint("leave out `--context` to open it all the same"),
            );
        }
        if !self.expected.is_empty() {
            let names: Vec<_> = self.expected.iter().map(|(name, _)| name).collect();
            session.ui.warn(format_args!(
                "a plain age file carries no context; not checked: {}",
                names.join(", ")
            ));
        }
        Ok(())
    }

    /// The opener of an envelope of which `demanded` was demanded.
    pub(crate) fn opener<'a>(&'a self, demanded: &'a EncryptionContext) -> Opener<'a> {
        Opener::new(&self.crypters, &self.permitted, &self.ports, demanded)
    }

    /// Says what a person should know about how an envelope was opened: in a degraded way, by an identity although
    /// there are keys, and without a look at some of its context.
    pub(crate) fn say(
        &self,
        session: &Session,
        by: &OpenedBy,
        passed_over: &[Attempt],
        context: &EncryptionContext,
    ) {
        let names = session.names();
        let by_name = names.short(&by.to_string());
        for Attempt { resource, error } in passed_over {
            session
                .ui
                .warn(format_args!("{}: {error}", names.short(resource)));
        }
        if !passed_over.is_empty() {
            session.ui.warn(format_args!(
                "{}: opened by {by_name} instead",
                uneasy("degraded")
            ));
        } else if matches!(by, OpenedBy::Age { .. }) && !self.permitted.is_none() {
            session.ui.say(format_args!("opened by {by_name}, not by a key"));
        }
        let absent = self.expected.unchecked_by(context).map(|(name, _)| name);
        let absent: Vec<_> = absent.collect();
        if !absent.is_empty() {
            session.ui.say(format_args!(
                "not sealed by a rule of the manifest, so it has none of these to check: {}",
                absent.join(", ")
            ));
        }
        let unchecked: Vec<_> = context
            .unchecked_by(&self.expected)
            .map(|(name, value)| shown(name, value))
            .collect();
        if !unchecked.is_empty() {
            session.ui.say(format_args!(
                "context not checked: {} (demand a pair with --context NAME=VALUE)",
                unchecked.join(" ")
            ));
        }
    }
}
