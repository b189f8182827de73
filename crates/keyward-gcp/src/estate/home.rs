//! Where a question goes, and as whom: to Google's own hosts, or to this machine where Cloud KMS is.

use keyward_core::kms::KmsError;
use keyward_core::location::Location;
use reqwest::Url;

use super::request::{Request, Service};
use crate::access::Settings;
use crate::endpoint::Endpoint;
use crate::kms::Shared;

/// Where something is asked.
pub(super) struct Home<'a> {
    pub(super) settings: &'a Settings,
    /// Where credentials go: Google, or this machine.
    pub(super) endpoint: Endpoint,
    pub(super) base: String,
}

impl<'a> Home<'a> {
    /// Where `request` goes: with the settings of the first key ring of its project, else with the ones
    /// that the user has named, else with those of the first key ring.
    pub(super) fn of(kms: &'a Shared, request: &Request<'_>) -> Result<Self, KmsError> {
        let routes = &kms.access.routes;
        let of_project = |project| routes.iter().find(|route| route.ring.project() == project);
        let route = request.project.and_then(of_project);
        let route = route.or_else(|| routes.first().filter(|_| kms.access.otherwise.endpoint.is_none()));
        let settings = route.map_or(&kms.access.otherwise, |route| &route.settings);
        let endpoint = match route {
            Some(route) => kms.endpoint(settings, route.ring.location())?,
            None => kms.endpoint(settings, &nowhere()?)?,
        };
        let google = || format!("https://{}", request.service.host());
        let (endpoint, base) = match endpoint {
            Endpoint::Local(address) => (Endpoint::Local(address.clone()), address),
            // Another address of Cloud KMS is one for that service alone.
            Endpoint::Tls(address) if request.service == Service::Kms => {
                (Endpoint::Tls(address.clone()), address)
            }
            Endpoint::Tls(_) | Endpoint::Google => (Endpoint::Google, google()),
        };
        Ok(Self {
            settings,
            endpoint,
            base,
        })
    }

    /// The address of `request`; `None` when it cannot be one.
    pub(super) fn url(&self, request: &Request<'_>) -> Option<Url> {
        let mut url = Url::parse(&self.base).ok()?;
        let steps = |segment: &String| segment.is_empty() || segment == "." || segment == "..";
        if request.path.iter().any(steps) {
            return None;
        }
        url.path_segments_mut().ok()?.clear().extend(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        Some(url)
    }
}

/// What stands for the location of what has none.
fn nowhere() -> Result<Location, KmsError> {
    Location::parse("global")
        .map_err(|error| KmsError::new(keyward_core::kms::KmsCode::Bug, error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keyward_core::clock::ManualClock;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::access::{Access, Route};
    use crate::kms::GcpKms;

    fn base(endpoint: Option<&str>, named: Option<&str>, service: Service, project: Option<&str>) -> String {
        let settings = |endpoint: Option<&str>| Settings {
            endpoint: endpoint.map(str::to_owned),
            ..Settings::default()
        };
        let access = Access {
            routes: vec![Route {
                ring: "projects/p/locations/europe-west3/keyRings/r".parse().unwrap(),
                settings: settings(endpoint),
            }],
            otherwise: settings(named),
            ..Access::default()
        };
        let clock = ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap());
        let kms = GcpKms::new(access, Arc::new(clock), Box::new(StdRng::seed_from_u64(1)));
        let request = Request {
            project,
            ..Request::get(service, "v1/x", "x")
        };
        Home::of(&kms.0, &request).unwrap().base
    }

    #[test]
    fn everything_goes_where_the_keys_are_or_to_google() {
        let near = Some("http://127.0.0.1:9");
        for project in [Some("p"), Some("another"), None] {
            assert_eq!(base(near, None, Service::Storage, project), "http://127.0.0.1:9");
            assert_eq!(
                base(None, None, Service::Storage, project),
                "https://storage.googleapis.com"
            );
        }
        assert_eq!(
            base(None, near, Service::Iam, Some("another")),
            "http://127.0.0.1:9"
        );
        assert_eq!(
            base(None, near, Service::Iam, Some("p")),
            "https://iam.googleapis.com"
        );
        let regional = Some("https://cloudkms.{location}.rep.googleapis.com");
        let of = |service| base(regional, None, service, Some("p"));
        assert_eq!(
            of(Service::Kms),
            "https://cloudkms.europe-west3.rep.googleapis.com"
        );
        assert_eq!(of(Service::Logging), "https://logging.googleapis.com");
        let named = Some("https://kms.example");
        assert_eq!(
            base(named, named, Service::Storage, Some("p")),
            "https://storage.googleapis.com"
        );
    }

    #[test]
    fn a_segment_stays_one() {
        let home = |path: &str| {
            let request = Request::get(Service::Iam, "v1", "x").segment(path);
            let settings = Settings::default();
            let home = Home {
                settings: &settings,
                endpoint: Endpoint::Google,
                base: "https://iam.googleapis.com".to_owned(),
            };
            home.url(&request).map(|url| url.to_string())
        };
        assert_eq!(
            home("a/b?c#d").unwrap(),
            "https://iam.googleapis.com/v1/a%2Fb%3Fc%23d"
        );
        assert_eq!(home(".."), None);
        assert_eq!(home(""), None);
    }
}
