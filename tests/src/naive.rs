//! A key machine that is as plain as possible: lists that are searched from the front, and a clock that strikes hours.
//!
//! It shares no code with the real machine. Nothing in it is computed ahead: every hour that passes is lived through.

use keyward_core::kms::KmsCode;

/// What the model answers: nothing, or the number of the version that was made or used.
pub type Answer = Result<Option<u64>, KmsCode>;

/// Rings and keys, and the hours since the beginning.
#[derive(Default)]
pub struct Naive {
    hour: u64,
    rings: Vec<&'static str>,
    keys: Vec<Key>,
}

struct Key {
    ring: &'static str,
    name: &'static str,
    window: u64,
    every: u64,
    next: Option<u64>,
    primary: Option<u64>,
    versions: Vec<Version>,
}

struct Version {
    state: &'static str,
    born: u64,
    dies: Option<u64>,
    died: Option<u64>,
}

/// How a key is made. Times are in hours, `first` is that from now.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// The destroy window.
    pub window: u64,
    /// Period and first rotation.
    pub rotation: Option<(u64, u64)>,
    /// Without version 1.
    pub bare: bool,
}

impl Naive {
    /// An hour strikes.
    pub fn tick(&mut self) {
        self.hour += 1;
        for key in &mut self.keys {
            for version in &mut key.versions {
                if version.dies == Some(self.hour) {
                    version.state = "DESTROYED";
                    version.dies = None;
                    version.died = Some(self.hour);
                }
            }
            if key.next == Some(self.hour) {
                key.versions.push(newborn(self.hour));
                key.primary = Some(key.versions.len() as u64);
                key.next = Some(self.hour + key.every);
            }
        }
    }

    /// Creates a ring.
    pub fn create_ring(&mut self, ring: &'static str) -> Answer {
        if self.rings.contains(&ring) {
            return Err(KmsCode::AlreadyExists);
        }
        self.rings.push(ring);
        Ok(None)
    }

    /// Creates a key.
    pub fn create_key(&mut self, ring: &'static str, name: &'static str, wish: Wish) -> Answer {
        if !self.rings.contains(&ring) {
            return Err(KmsCode::NotFound);
        }
        if self.find(ring, name).is_ok() {
            return Err(KmsCode::AlreadyExists);
        }
        if wish.rotation.is_some_and(|(_, first)| first == 0) {
            return Err(KmsCode::InvalidArgument);
        }
        let mut key = Key {
            ring,
            name,
            window: wish.window,
            every: 0,
            next: None,
            primary: None,
            versions: Vec::new(),
        };
        if let Some((every, first)) = wish.rotation {
            key.every = every;
            key.next = Some(self.hour + first);
        }
        if !wish.bare {
            key.versions.push(newborn(self.hour));
            key.primary = Some(1);
        }
        self.keys.push(key);
        Ok(None)
    }

    /// Creates a version.
    pub fn create_version(&mut self, ring: &str, name: &str) -> Answer {
        let hour = self.hour;
        let key = self.find(ring, name)?;
        key.versions.push(newborn(hour));
        Ok(Some(key.versions.len() as u64))
    }

    /// Makes a version primary.
    pub fn set_primary(&mut self, ring: &str, name: &str, number: u64) -> Answer {
        self.version(ring, name, number)?;
        self.find(ring, name)?.primary = Some(number);
        Ok(Some(number))
    }

    /// Changes the rotation: period, and hours to the first one.
    pub fn set_rotation(&mut self, ring: &str, name: &str, rotation: Option<(u64, u64)>) -> Answer {
        let hour = self.hour;
        let key = self.find(ring, name)?;
        match rotation {
            None => key.next = None,
            Some((_, 0)) => return Err(KmsCode::InvalidArgument),
            Some((every, first)) => {
                key.every = every;
                key.next = Some(hour + first);
            }
        }
        Ok(None)
    }

    /// Enables a version.
    pub fn enable(&mut self, ring: &str, name: &str, number: u64) -> Answer {
        let version = self.version(ring, name, number)?;
        if version.state == "ENABLED" || version.state == "DISABLED" {
            version.state = "ENABLED";
            return Ok(Some(number));
        }
        Err(KmsCode::FailedPrecondition)
    }

    /// Disables a version.
    pub fn disable(&mut self, ring: &str, name: &str, number: u64) -> Answer {
        let version = self.version(ring, name, number)?;
        if version.state == "ENABLED" || version.state == "DISABLED" {
            version.state = "DISABLED";
            return Ok(Some(number));
        }
        Err(KmsCode::FailedPrecondition)
    }

    /// Schedules the destruction of a version.
    pub fn schedule(&mut self, ring: &str, name: &str, number: u64) -> Answer {
        let hour = self.hour;
        let window = self.find(ring, name)?.window;
        let version = self.version(ring, name, number)?;
        if version.state == "ENABLED" || version.state == "DISABLED" {
            version.state = "DESTROY_SCHEDULED";
            version.dies = Some(hour + window);
            return Ok(Some(number));
        }
        Err(KmsCode::FailedPrecondition)
    }

    /// Restores a version.
    pub fn restore(&mut self, ring: &str, name: &str, number: u64) -> Answer {
        let version = self.version(ring, name, number)?;
        if version.state == "DESTROY_SCHEDULED" {
            version.state = "DISABLED";
            version.dies = None;
            return Ok(Some(number));
        }
        Err(KmsCode::FailedPrecondition)
    }

    /// Which version encrypts: the one with this number, or else the primary.
    pub fn encrypt(&mut self, ring: &str, name: &str, number: Option<u64>) -> Answer {
        let primary = self.find(ring, name)?.primary;
        let Some(number) = number.or(primary) else {
            return Err(KmsCode::FailedPrecondition);
        };
        if self.version(ring, name, number)?.state != "ENABLED" {
            return Err(KmsCode::FailedPrecondition);
        }
        Ok(Some(number))
    }

    /// Whether a ciphertext, made under version `number` of this key or else of another one, decrypts.
    pub fn decrypt(&mut self, ring: &str, name: &str, number: Option<u64>) -> Answer {
        self.find(ring, name)?;
        let Some(number) = number else {
            return Err(KmsCode::InvalidArgument);
        };
        match self.version(ring, name, number)?.state {
            "ENABLED" => Ok(Some(number)),
            _ => Err(KmsCode::FailedPrecondition),
        }
    }

    /// Everything there is, a line each; times in hours since the beginning.
    pub fn picture(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.rings.iter().map(|ring| ring.to_string()).collect();
        for key in &self.keys {
            let every = key.next.map(|_| key.every);
            lines.push(format!(
                "{}/{}: window {} every {every:?} next {:?} primary {:?}",
                key.ring, key.name, key.window, key.next, key.primary
            ));
            for (index, version) in key.versions.iter().enumerate() {
                lines.push(format!(
                    "{}/{}/{}: {} born {} dies {:?} died {:?}",
                    key.ring,
                    key.name,
                    index + 1,
                    version.state,
                    version.born,
                    version.dies,
                    version.died
                ));
            }
        }
        lines.sort();
        lines
    }

    fn find(&mut self, ring: &str, name: &str) -> Result<&mut Key, KmsCode> {
        for key in &mut self.keys {
            if key.ring == ring && key.name == name {
                return Ok(key);
            }
        }
        Err(KmsCode::NotFound)
    }

    fn version(&mut self, ring: &str, name: &str, number: u64) -> Result<&mut Version, KmsCode> {
        let key = self.find(ring, name)?;
        for (index, version) in key.versions.iter_mut().enumerate() {
            if index as u64 + 1 == number {
                return Ok(version);
            }
        }
        Err(KmsCode::NotFound)
    }
}

fn newborn(hour: u64) -> Version {
    Version {
        state: "ENABLED",
        born: hour,
        dies: None,
        died: None,
    }
}
