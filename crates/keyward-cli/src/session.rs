//! What every verb works with: the user interface, the global flags, time, randomness, the manifest, providers, and a
//! runtime on demand. Everything is looked at when it is asked for, and not before.

use std::cell::OnceCell;
use std::env;
use std::ffi::OsString;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyward::project::{Project, Search};
use keyward_core::clock::{Clock, Timestamp};
use keyward_core::error::{Error, Result};
use keyward_core::manifest::{AuditMode, Environment, Manifest};
use keyward_core::name::KeyRef;
use keyward_core::secret::SecretBytes;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use crate::args::Globals;
use crate::endpoints::{self, For};
use crate::names::Names;
use crate::providers::{NewRootKey, Providers};
use crate::sops_age_key::Taken;
use crate::state::StateFolder;
use crate::trail::Trail;
use crate::ui::{Ui, hints};
use crate::waiter::Waiter;

/// One run of one verb.
pub(crate) struct Session {
    pub(crate) ui: Ui,
    pub(crate) globals: Globals,
    pub(crate) clock: Arc<dyn Clock>,
    /// What `SOPS_AGE_KEY` held.
    pub(crate) sops_age_key: Option<SecretBytes>,
    /// `KEYWARD_ENV`.
    env_variable: Option<OsString>,
    /// The manifest file, once it was found; it may be one that cannot be read.
    manifest_file: OnceCell<PathBuf>,
    project: OnceCell<Option<Project>>,
    /// Set once it was said which key files are open to others.
    exposed_keys: OnceCell<()>,
    /// Set once it was said that an endpoint is not used.
    unused_endpoint: OnceCell<()>,
    /// Set once it was said which addresses on this machine get data keys.
    local_endpoints: OnceCell<()>,
    /// Whether another verb runs this one, and has said where Cloud KMS is.
    is_inside: bool,
    waiter: Waiter,
}

/// The system's randomness.
pub(crate) type Rng = UnwrapErr<SysRng>;

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Session {
    /// A session, in the environment that the variable `KEYWARD_ENV` names, if any. It looks at nothing yet.
    pub(crate) fn new(
        ui: Ui,
        globals: Globals,
        sops_age_key: Option<Taken>,
        env_variable: Option<OsString>,
    ) -> Self {
        if let Some(taken) = &sops_age_key {
            ui.warn(hints::sops_age_key(taken.is_out));
        }
        let sops_age_key = sops_age_key.map(|taken| taken.value);
        Self {
            ui,
            globals,
            clock: Arc::new(SystemClock),
            sops_age_key,
            env_variable,
            manifest_file: OnceCell::new(),
            project: OnceCell::new(),
            exposed_keys: OnceCell::new(),
            unused_endpoint: OnceCell::new(),
            local_endpoints: OnceCell::new(),
            is_inside: false,
            waiter: Waiter::default(),
        }
    }

    /// A session for a verb that another one runs, with flags of its own and none from variables.
    pub(crate) fn inside(&self, globals: Globals) -> Self {
        let ui = if self.ui.is_json() {
            self.ui.silent()
        } else {
            Ui::new(&globals)
        };
        let clock = self.clock.clone();
        Self {
            ui,
            globals,
            clock,
            sops_age_key: None,
            env_variable: None,
            manifest_file: OnceCell::new(),
            project: OnceCell::new(),
            exposed_keys: OnceCell::new(),
            unused_endpoint: OnceCell::new(),
            local_endpoints: OnceCell::new(),
            is_inside: true,
            waiter: Waiter::default(),
        }
    }

    /// The system's random generator.
    pub(crate) fn rng(&self) -> Rng {
        UnwrapErr(SysRng)
    }

    /// The project of `file`, and of this session from now on: `--manifest`, else the manifest above the file, else
    /// the one above the working folder.
    ///
    /// # Errors
    /// A manifest that cannot be read. None at all is no error.
    pub(crate) fn project_of(&self, file: &Path) -> Result<Option<&Project>> {
        self.find_project(Some(file))
    }

    /// The project of the working folder.
    ///
    /// # Errors
    /// A manifest that cannot be read. None at all is no error.
    pub(crate) fn project(&self) -> Result<Option<&Project>> {
        self.find_project(None)
    }

    /// The same, for verbs that cannot do without.
    ///
    /// # Errors
    /// Also a usage error when there is none.
    pub(crate) fn needed_project(&self) -> Result<&Project> {
        let none = || hints::needs_manifest(Error::usage("no keyward.yaml here or above"));
        self.project()?.ok_or_else(none)
    }

    /// The project, for what goes on without one: a manifest that cannot be read is left out of account, and that is
    /// said.
    pub(crate) fn if_readable<'p>(&self, found: Result<Option<&'p Project>>) -> Option<&'p Project> {
        found.unwrap_or_else(|why| {
            self.ui
                .warn(format_args!("the manifest is left out of account: {why}"));
            None
        })
    }

    fn find_project(&self, file: Option<&Path>) -> Result<Option<&Project>> {
        if self.project.get().is_none() {
            let home = env::var_os("HOME").map(PathBuf::from);
            let manifest = self.globals.manifest.as_deref();
            let search = Search {
                manifest,
                file,
                folder: Path::new("."),
                home: home.as_deref(),
            };
            let found = search.run()?;
            if let Some(file) = &found {
                let _ = self.manifest_file.set(file.clone());
            }
            let project = found.map(|file| Project::open(&file)).transpose()?;
            let _ = self.project.set(project);
        }
        Ok(self.project.get().and_then(Option::as_ref))
    }

    /// Short names for what the manifest in use has.
    pub(crate) fn names(&self) -> Names {
        Names::of(self.project.get().and_then(Option::as_ref))
    }

    /// The environment that a change to keys is made in: `--env`, else `KEYWARD_ENV` unless it is protected, else the
    /// only one.
    ///
    /// # Errors
    /// A usage error when none is named and there are several, or a protected one was not typed.
    pub(crate) fn environment<'p>(&self, project: &'p Project) -> Result<&'p Environment> {
        match (&self.globals.env, &self.env_variable) {
            (None, Some(variable)) => {
                let variable = variable
                    .to_str()
                    .ok_or_else(|| Error::usage("it is not text").on("KEYWARD_ENV"))?;
                project.manifest.environment_from_variable(variable)
            }
            (typed, _) => project.manifest.environment(typed.as_deref()),
        }
    }

    /// The environment that was asked for; `None` is all of them.
    ///
    /// # Errors
    /// A usage error when there is none of that name.
    pub(crate) fn requested_environment<'p>(&self, project: &'p Project) -> Result<Option<&'p Environment>> {
        let asked = self.globals.env.is_some() || self.env_variable.is_some();
        asked.then(|| self.environment(project)).transpose()
    }

    /// The state folder.
    ///
    /// # Errors
    /// A usage error when there is no place for one.
    pub(crate) fn state(&self) -> Result<StateFolder> {
        StateFolder::choose(&self.globals, self.manifest_file.get().map(PathBuf::as_path))
    }

    /// Everything that keys can be reached through. Without a place for state that is the cloud alone.
    ///
    /// # Errors
    /// A usage error when a flag cannot be used.
    pub(crate) fn providers(&self) -> Result<Providers> {
        self.providers_making(NewRootKey::default())
    }

    /// The same, with a say in how a new root key is protected.
    ///
    /// # Errors
    /// As [`Self::providers`].
    pub(crate) fn providers_making(&self, root_key: NewRootKey) -> Result<Providers> {
        let state = self.state().ok();
        self.exposed_keys.get_or_init(|| {
            for file in state.iter().flat_map(StateFolder::open_to_others) {
                self.ui.warn(hints::open_to_others(&file));
            }
        });
        Providers::new(self, state.as_ref(), root_key)
    }

    /// Says, before `keys` are asked for, what a person should know about the addresses at which they are.
    ///
    /// # Errors
    /// A usage error for an `--endpoint` that would have no effect, unless the keys are to open or to bring back.
    pub(crate) fn reaches<'k>(&self, keys: impl IntoIterator<Item = &'k KeyRef>, what: For) -> Result<()> {
        let Some(manifest) = self.known_manifest().filter(|_| !self.is_inside) else {
            return Ok(());
        };
        let keys: Vec<_> = keys.into_iter().collect();
        if let Some(other) = endpoints::difference(manifest, &self.globals, &keys) {
            if let Some(refusal) = other.refusal().filter(|_| what.refuses()) {
                return Err(refusal);
            }
            self.unused_endpoint.get_or_init(|| self.ui.warn(other.warning()));
        }
        let local = endpoints::local(manifest, &self.globals, &keys);
        if what.moves_data_keys() && !local.is_empty() {
            self.local_endpoints
                .get_or_init(|| self.ui.warn(endpoints::local_warning(&local)));
        }
        Ok(())
    }

    /// The audit trail of `action` on `resources`.
    pub(crate) fn trail(&self, action: &'static str, resources: Vec<String>) -> Trail<'_> {
        Trail::new(self, action, resources, self.audit(), self.state())
    }

    /// The same for a rescue, which makes no state folder: one that is not there is not the one that is needed.
    pub(crate) fn rescue_trail(&self, action: &'static str, resources: Vec<String>) -> Trail<'_> {
        let state = self.state().and_then(StateFolder::existing);
        Trail::new(self, action, resources, self.audit(), state)
    }

    /// The manifest in use, as far as it was looked for.
    pub(crate) fn known_manifest(&self) -> Option<&Manifest> {
        let project = self.project.get().and_then(Option::as_ref);
        project.map(|project| &project.manifest)
    }

    fn audit(&self) -> AuditMode {
        self.known_manifest()
            .map_or(AuditMode::default(), Manifest::audit)
    }

    /// Runs `work` to its end on this thread.
    ///
    /// # Errors
    /// As [`Waiter::wait_for`].
    pub(crate) fn wait_for<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.waiter.wait_for(work)
    }

    /// What waits, for those who do so on other threads.
    pub(crate) fn waiter(&self) -> Waiter {
        self.waiter.clone()
    }
}
