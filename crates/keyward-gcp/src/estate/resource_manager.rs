//! Projects, what they lie in, what holds them, and policies (Resource Manager v3; policies of keys and rings: Cloud KMS).

use keyward_core::estate::{Lien, Lifecycle, Place, Policy, Project};
use serde::Deserialize;
use serde_json::json;

use super::policy::{Document, with_conditions};
use super::request::{Request, Service};
use super::{GcpEstate, Sight, Unseen};

/// Most folders that one folder may lie in (Resource Manager documentation, "Limits": 10).
const DEEPEST: usize = 12;
/// A role that may read every policy.
const REVIEWER: &str = "roles/iam.securityReviewer";

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ProjectDocument {
    name: String,
    project_id: String,
    state: String,
    parent: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Folder {
    parent: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LienDocument {
    name: String,
    restrictions: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Held {
    permissions: Vec<String>,
}

impl GcpEstate {
    pub(super) async fn policy_of(&self, place: &Place) -> Sight<Policy> {
        let about = format!("the policy of {place}");
        let request = match place {
            Place::Key(key) => Request::get(Service::Kms, &format!("v1/{key}:getIamPolicy"), about)
                .of_project(key.ring().project())
                .with("options.requestedPolicyVersion", "3")
                .needing("cloudkms.cryptoKeys.getIamPolicy", REVIEWER),
            Place::Ring(ring) => Request::get(Service::Kms, &format!("v1/{ring}:getIamPolicy"), about)
                .of_project(ring.project())
                .with("options.requestedPolicyVersion", "3")
                .needing("cloudkms.keyRings.getIamPolicy", REVIEWER),
            Place::Project(id) => above(place, about)
                .of_project(id)
                .needing("resourcemanager.projects.getIamPolicy", REVIEWER),
            Place::Folder(_) => above(place, about).needing("resourcemanager.folders.getIamPolicy", REVIEWER),
            Place::Organization(_) => {
                above(place, about).needing("resourcemanager.organizations.getIamPolicy", REVIEWER)
            }
        };
        let document: Document = self.ask(&request).await?;
        Ok(document.into())
    }

    pub(super) async fn project_of(&self, id: &str) -> Sight<Project> {
        let request = Request::get(
            Service::ResourceManager,
            &format!("v3/projects/{id}"),
            format!("projects/{id}"),
        )
        .of_project(id)
        .needing("resourcemanager.projects.get", "roles/browser");
        let document: ProjectDocument = self.ask(&request).await?;
        let number = document
            .name
            .strip_prefix("projects/")
            .filter(|number| is_number(number));
        let Some(number) = number.filter(|number| document.project_id == id || *number == id) else {
            return Err(format!("projects/{id}: the answer is about another project").into());
        };
        Ok(Project {
            id: document.project_id.clone(),
            number: number.to_owned(),
            state: match &*document.state {
                "ACTIVE" => Lifecycle::Active,
                "DELETE_REQUESTED" => Lifecycle::DeleteRequested,
                other => Lifecycle::Other(crate::translate::printable(other)),
            },
            parent: parent(&document.parent)?,
        })
    }

    pub(super) async fn ancestors_of(&self, project: &Project) -> Sight<Vec<Place>> {
        let mut above = Vec::new();
        let mut next = project.parent.clone();
        while let Some(place) = next {
            if above.len() >= DEEPEST || above.contains(&place) {
                return Err(format!("projects/{}: its folders have no end", project.id).into());
            }
            next = match &place {
                Place::Folder(number) => self.parent_of(&project.id, number).await?,
                _ => None,
            };
            above.push(place);
        }
        Ok(above)
    }

    async fn parent_of(&self, project: &str, folder: &str) -> Sight<Option<Place>> {
        let name = format!("folders/{folder}");
        let request = Request::get(Service::ResourceManager, &format!("v3/{name}"), name.clone())
            .of_project(project)
            .needing("resourcemanager.folders.get", "roles/browser");
        let document: Folder = self.ask(&request).await?;
        match parent(&document.parent)? {
            Some(place) => Ok(Some(place)),
            None => Err(format!("{name}: a folder lies in something, and what was not said").into()),
        }
    }

    pub(super) async fn liens_of(&self, project: &str) -> Sight<Vec<Lien>> {
        let request = Request::get(
            Service::ResourceManager,
            "v3/liens",
            format!("liens of projects/{project}"),
        )
        .of_project(project)
        .with("parent", format!("projects/{project}"))
        .with("pageSize", "1000")
        .needing("resourcemanager.projects.get", "roles/browser");
        let liens: Vec<LienDocument> = self.list(&request, "liens").await?;
        let liens = liens.into_iter().map(|lien| Lien {
            name: lien.name,
            restrictions: lien.restrictions,
        });
        Ok(liens.collect())
    }

    /// Whether the caller holds `permission` on a project.
    pub(super) async fn holds(&self, project: &str, permission: &'static str) -> Sight<bool> {
        let path = format!("v3/projects/{project}:testIamPermissions");
        let request = Request::get(
            Service::ResourceManager,
            &path,
            format!("whether {permission} is held"),
        )
        .of_project(project)
        .posting(json!({"permissions": [permission]}))
        .needing(permission, "roles/logging.privateLogViewer");
        let held: Held = self.ask(&request).await?;
        Ok(held.permissions.iter().any(|held| held == permission))
    }
}

fn above<'a>(place: &Place, about: String) -> Request<'a> {
    Request::get(
        Service::ResourceManager,
        &format!("v3/{place}:getIamPolicy"),
        about,
    )
    .posting(with_conditions())
}

/// What something lies in. Numbers only: what an answer says becomes the path of the next question.
fn parent(text: &str) -> Result<Option<Place>, Unseen> {
    match text.split_once('/') {
        None if text.is_empty() => Ok(None),
        Some(("folders", number)) if is_number(number) => Ok(Some(Place::Folder(number.to_owned()))),
        Some(("organizations", number)) if is_number(number) => {
            Ok(Some(Place::Organization(number.to_owned())))
        }
        _ => Err("what it lies in is neither a folder nor an organisation"
            .to_owned()
            .into()),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit())
}
