//! Which services a project has on (Service Usage v1).

use serde::Deserialize;

use super::request::{Request, Service};
use super::{GcpEstate, Sight};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Found {
    state: String,
}

impl GcpEstate {
    pub(super) async fn is_on(&self, project: &str, service: &str) -> Sight<bool> {
        let about = format!("{service} in projects/{project}");
        let path = format!("v1/projects/{project}/services/{service}");
        let request = Request::get(Service::Enablement, &path, about.clone())
            .of_project(project)
            .needing(
                "serviceusage.services.get",
                "roles/serviceusage.serviceUsageViewer",
            );
        let found: Found = self.ask(&request).await?;
        match &*found.state {
            "ENABLED" => Ok(true),
            "DISABLED" => Ok(false),
            _ => Err(format!("{about}: whether it is on was not said").into()),
        }
    }
}
