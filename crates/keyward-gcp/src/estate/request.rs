//! One question to one service.

use serde_json::Value;

/// A service of Google Cloud that knows something about what is around keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Billing,
    Iam,
    Inventory,
    Kms,
    Logging,
    Monitoring,
    OrgPolicy,
    ResourceManager,
    Enablement,
    Storage,
}

/// A question. It changes nothing: what is posted are filters and options only.
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    pub(super) service: Service,
    /// The project that it is about, which settles where it goes.
    pub(super) project: Option<&'a str>,
    /// The path by its segments; each is escaped.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    /// What is posted, where a call reads by POST.
    pub(super) body: Option<Value>,
    /// What it is about, as errors say it.
    pub(super) about: String,
    /// The permission that it takes, and a role that has it.
    pub(super) needs: (&'static str, &'static str),
}

impl Service {
    /// Google's host for it.
    pub(super) fn host(self) -> &'static str {
        match self {
            Self::Billing => "cloudbilling.googleapis.com",
            Self::Iam => "iam.googleapis.com",
            Self::Inventory => "kmsinventory.googleapis.com",
            Self::Kms => "cloudkms.googleapis.com",
            Self::Logging => "logging.googleapis.com",
            Self::Monitoring => "monitoring.googleapis.com",
            Self::OrgPolicy => "orgpolicy.googleapis.com",
            Self::ResourceManager => "cloudresourcemanager.googleapis.com",
            Self::Enablement => "serviceusage.googleapis.com",
            Self::Storage => "storage.googleapis.com",
        }
    }
}

impl<'a> Request<'a> {
    /// Asks for what is at a path of plain segments, about which errors say `about`.
    pub(super) fn get(service: Service, path: &str, about: impl Into<String>) -> Self {
        Self {
            service,
            project: None,
            path: path.split('/').map(str::to_owned).collect(),
            query: Vec::new(),
            body: None,
            about: about.into(),
            needs: ("", ""),
        }
    }

    pub(super) fn of_project(self, project: &'a str) -> Self {
        Self {
            project: Some(project),
            ..self
        }
    }

    /// One more segment, which may hold slashes.
    pub(super) fn segment(mut self, segment: &str) -> Self {
        self.path.push(segment.to_owned());
        self
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn posting(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    pub(super) fn needing(self, permission: &'static str, role: &'static str) -> Self {
        Self {
            needs: (permission, role),
            ..self
        }
    }

    /// The same question for the page with that token.
    pub(super) fn page(&self, token: &str) -> Self {
        let mut request = self.clone();
        match &mut request.body {
            _ if token.is_empty() => {}
            Some(Value::Object(body)) => drop(body.insert("pageToken".to_owned(), token.into())),
            _ => request.query.push(("pageToken", token.to_owned())),
        }
        request
    }
}
