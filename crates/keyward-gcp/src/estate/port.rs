//! The port: each question, and what its answer shows.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use keyward_core::clock::Timestamp;
use keyward_core::estate::{
    AdminEvent, AlertPolicy, Billing, Bucket, Channel, Constraint, DenyPolicy, Estate, FailedUse, Lien,
    LogBucket, LogMetric, Place, Policy, Project, Protected, Retired, StoredObject,
};
use keyward_core::kms::{Async, Observed};
use keyward_core::location::Location;
use keyward_core::name::CryptoKeyName;

use super::{GcpEstate, observed};

impl Estate for GcpEstate {
    fn policy<'a>(&'a self, place: &'a Place) -> Async<'a, Observed<Policy>> {
        Box::pin(async { observed(self.policy_of(place).await) })
    }

    fn role<'a>(&'a self, name: &'a str) -> Async<'a, Observed<BTreeSet<String>>> {
        Box::pin(async { observed(self.permissions_of(name).await) })
    }

    fn deny_policies<'a>(&'a self, place: &'a Place) -> Async<'a, Observed<Vec<DenyPolicy>>> {
        Box::pin(async { observed(self.denials_of(place).await) })
    }

    fn project<'a>(&'a self, id: &'a str) -> Async<'a, Observed<Project>> {
        Box::pin(async { observed(self.project_of(id).await) })
    }

    fn ancestors<'a>(&'a self, project: &'a Project) -> Async<'a, Observed<Vec<Place>>> {
        Box::pin(async { observed(self.ancestors_of(project).await) })
    }

    fn billing<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Billing>> {
        Box::pin(async { observed(self.billing_of(project).await) })
    }

    fn liens<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<Lien>>> {
        Box::pin(async { observed(self.liens_of(project).await) })
    }

    fn service<'a>(&'a self, project: &'a str, service: &'a str) -> Async<'a, Observed<bool>> {
        Box::pin(async { observed(self.is_on(project, service).await) })
    }

    fn constraint<'a>(&'a self, project: &'a str, name: &'a str) -> Async<'a, Observed<Constraint>> {
        Box::pin(async { observed(self.constraint_of(project, name).await) })
    }

    fn buckets<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<Bucket>>> {
        Box::pin(async { observed(self.buckets_of(project).await) })
    }

    fn bucket<'a>(&'a self, name: &'a str) -> Async<'a, Observed<Bucket>> {
        Box::pin(async { observed(self.bucket_of(name).await) })
    }

    fn objects<'a>(
        &'a self,
        bucket: &'a Bucket,
        visit: &'a mut (dyn FnMut(StoredObject) -> ControlFlow<()> + Send),
    ) -> Async<'a, Observed<u64>> {
        Box::pin(async { observed(self.objects_of(bucket, visit).await) })
    }

    fn log_buckets<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<LogBucket>>> {
        Box::pin(async { observed(self.log_buckets_of(project).await) })
    }

    fn protected<'a>(
        &'a self,
        key: &'a CryptoKeyName,
        organization: Option<&'a str>,
    ) -> Async<'a, Observed<Protected>> {
        Box::pin(async move { observed(self.protected_by(key, organization).await) })
    }

    fn retired<'a>(&'a self, project: &'a str, location: &'a Location) -> Async<'a, Observed<Vec<Retired>>> {
        Box::pin(async { observed(self.retired_in(project, location).await) })
    }

    fn alerts<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<AlertPolicy>>> {
        Box::pin(async { observed(self.alerts_of(project).await) })
    }

    fn log_metrics<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<LogMetric>>> {
        Box::pin(async { observed(self.metrics_of(project).await) })
    }

    fn channels<'a>(&'a self, project: &'a str) -> Async<'a, Observed<Vec<Channel>>> {
        Box::pin(async { observed(self.channels_of(project).await) })
    }

    fn admin_events<'a>(
        &'a self,
        project: &'a str,
        since: Timestamp,
    ) -> Async<'a, Observed<Vec<AdminEvent>>> {
        Box::pin(async move { observed(self.changes_in(project, since).await) })
    }

    fn failed_uses<'a>(&'a self, project: &'a str, since: Timestamp) -> Async<'a, Observed<Vec<FailedUse>>> {
        Box::pin(async move { observed(self.failures_in(project, since).await) })
    }
}
