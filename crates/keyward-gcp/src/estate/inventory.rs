//! What is under a key (Cloud KMS Inventory v1), and which keys were deleted (Cloud KMS v1).

use keyward_core::clock::Timestamp;
use keyward_core::estate::{Protected, ProtectedResource, Retired};
use keyward_core::location::Location;
use keyward_core::name::CryptoKeyName;
use serde::Deserialize;

use super::request::{Request, Service};
use super::{GcpEstate, Sight};

/// The permission to look for resources under a key, and a role that has it.
const SEARCH: (&str, &str) = (
    "cloudkms.protectedResources.search",
    "roles/cloudkms.protectedResourcesViewer",
);

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Summary {
    resource_count: Option<String>,
    warnings: Vec<Warning>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Warning {
    warning_code: String,
    display_message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Resource {
    name: String,
    resource_type: String,
    location: String,
    crypto_key_version: String,
    crypto_key_versions: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Gone {
    original_resource: String,
    delete_time: Option<Timestamp>,
}

impl GcpEstate {
    pub(super) async fn protected_by(
        &self,
        key: &CryptoKeyName,
        organization: Option<&str>,
    ) -> Sight<Protected> {
        let project = key.ring().project();
        let scope = match organization {
            Some(number) => format!("organizations/{number}"),
            None => format!("projects/{project}"),
        };
        let about = format!("resources under {key} in {scope}");
        let path = format!("v1/{key}/protectedResourcesSummary");
        let summary = Request::get(Service::Inventory, &path, about.clone())
            .of_project(project)
            .needing(SEARCH.0, SEARCH.1);
        let summary = match organization {
            Some(_) => summary,
            None => summary.with("fallbackScope", "FALLBACK_SCOPE_PROJECT"),
        };
        let summary: Summary = self.ask(&summary).await?;
        let search = Request::get(
            Service::Inventory,
            &format!("v1/{scope}/protectedResources:search"),
            about,
        )
        .of_project(project)
        .with("cryptoKey", key.to_string())
        .with("pageSize", "500")
        .needing(SEARCH.0, SEARCH.1);
        let found: Vec<Resource> = self.list(&search, "protectedResources").await?;
        let warnings = warnings(&summary, found.len());
        Ok(Protected {
            resources: found.into_iter().map(ProtectedResource::from).collect(),
            warnings,
        })
    }

    pub(super) async fn retired_in(&self, project: &str, location: &Location) -> Sight<Vec<Retired>> {
        let parent = format!("projects/{project}/locations/{location}");
        let path = format!("v1/{parent}/retiredResources");
        let request = Request::get(Service::Kms, &path, format!("deleted keys in {parent}"))
            .of_project(project)
            .with("pageSize", "1000")
            .needing("cloudkms.retiredResources.list", "roles/cloudkms.viewer");
        let found: Vec<Gone> = self.list(&request, "retiredResources").await?;
        let found = found.into_iter().map(|gone| Retired {
            resource: gone.original_resource,
            at: gone.delete_time,
        });
        Ok(found.collect())
    }
}

/// Why there may be more than was found.
fn warnings(summary: &Summary, found: usize) -> Vec<String> {
    let said = summary.warnings.iter().map(|warning| {
        let text = format!("{} {}", warning.warning_code, warning.display_message);
        crate::translate::printable(&text)
    });
    let counted = summary.resource_count.as_deref().unwrap_or("0").parse::<usize>();
    let differs = match counted {
        Ok(counted) if counted <= found => None,
        Ok(counted) => Some(format!("{counted} are counted and {found} were found")),
        Err(_) => Some("how many there are is no number".to_owned()),
    };
    said.chain(differs).collect()
}

impl From<Resource> for ProtectedResource {
    fn from(resource: Resource) -> Self {
        let mut versions = resource.crypto_key_versions;
        if !resource.crypto_key_version.is_empty() {
            versions.push(resource.crypto_key_version);
        }
        versions.sort();
        versions.dedup();
        Self {
            name: resource.name,
            kind: resource.resource_type,
            location: resource.location,
            versions,
        }
    }
}
