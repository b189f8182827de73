//! Buckets and their objects (Cloud Storage, JSON API v1).

use std::ops::ControlFlow;

use keyward_core::estate::{Bucket, StoredObject};
use serde::Deserialize;

use super::request::{Request, Service};
use super::{GcpEstate, Sight};

/// A role that may list buckets.
const BUCKETS: &str = "roles/storage.bucketViewer";
/// What of an object is asked for.
const FIELDS: &str = "items(name,generation,kmsKeyName,timeDeleted),nextPageToken";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Found {
    name: String,
    location: String,
    encryption: Encryption,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Encryption {
    default_kms_key_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    name: String,
    generation: String,
    kms_key_name: Option<String>,
    time_deleted: Option<String>,
}

impl GcpEstate {
    pub(super) async fn buckets_of(&self, project: &str) -> Sight<Vec<Bucket>> {
        let request = Request::get(
            Service::Storage,
            "storage/v1/b",
            format!("buckets of projects/{project}"),
        )
        .of_project(project)
        .with("project", project)
        .with("maxResults", "1000")
        .with("projection", "noAcl")
        .needing("storage.buckets.list", BUCKETS);
        let found: Vec<Found> = self.list(&request, "items").await?;
        found
            .into_iter()
            .map(|found| bucket(found, Some(project)))
            .collect()
    }

    pub(super) async fn bucket_of(&self, name: &str) -> Sight<Bucket> {
        let request = Request::get(Service::Storage, "storage/v1/b", format!("gs://{name}"))
            .segment(name)
            .with("projection", "noAcl")
            .needing("storage.buckets.get", BUCKETS);
        let found: Found = self.ask(&request).await?;
        if found.name != name {
            return Err(format!("gs://{name}: the answer is about another bucket").into());
        }
        bucket(found, None)
    }

    pub(super) async fn objects_of(
        &self,
        bucket: &Bucket,
        visit: &mut (dyn FnMut(StoredObject) -> ControlFlow<()> + Send),
    ) -> Sight<u64> {
        let request = Request::get(
            Service::Storage,
            "storage/v1/b",
            format!("objects of gs://{}", bucket.name),
        )
        .segment(&bucket.name)
        .segment("o")
        .with("versions", "true")
        .with("maxResults", "1000")
        .with("projection", "noAcl")
        .with("fields", FIELDS)
        .needing("storage.objects.list", "roles/storage.objectViewer");
        let request = Request {
            project: bucket.project.as_deref(),
            ..request
        };
        let mut count = 0;
        self.each(&request, "items", |object: Object| {
            count += 1;
            let flow = visit(StoredObject {
                generation: object
                    .generation
                    .parse()
                    .map_err(|_| "a generation is no number".to_owned())?,
                name: object.name,
                noncurrent: object.time_deleted.is_some(),
                key_version: object.kms_key_name,
            });
            match flow {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(format!("it was left after {count} of them")),
            }
        })
        .await?;
        Ok(count)
    }
}

fn bucket(found: Found, project: Option<&str>) -> Sight<Bucket> {
    if found.name.is_empty() || found.location.is_empty() {
        return Err("a bucket without a name or a place".to_owned().into());
    }
    Ok(Bucket {
        name: found.name,
        project: project.map(str::to_owned),
        location: found.location,
        key: found.encryption.default_kms_key_name,
    })
}
