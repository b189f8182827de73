//! Who pays for a project (Cloud Billing v1).

use keyward_core::estate::Billing;
use serde::Deserialize;

use super::request::{Request, Service};
use super::{GcpEstate, Sight};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Info {
    project_id: String,
    billing_account_name: String,
    billing_enabled: bool,
}

impl GcpEstate {
    pub(super) async fn billing_of(&self, project: &str) -> Sight<Billing> {
        let about = format!("billing of projects/{project}");
        let request = Request::get(
            Service::Billing,
            &format!("v1/projects/{project}/billingInfo"),
            about,
        )
        .of_project(project)
        .needing("resourcemanager.projects.get", "roles/browser");
        let info: Info = self.ask(&request).await?;
        if info.project_id != project {
            return Err(format!("billing of projects/{project}: the answer is about another project").into());
        }
        Ok(Billing {
            account: Some(info.billing_account_name).filter(|account| !account.is_empty()),
            enabled: info.billing_enabled,
        })
    }
}
