//! A lien on the project: deleting it takes two calls.

use super::{Format, Measure, Project, hcl, shell};

const RESTRICTION: &str = "resourcemanager.projects.delete";
const REASON: &str = "It holds keys: what is under them is lost with it";

pub(super) fn measure(project: &Project<'_>, format: Format) -> Measure {
    Measure {
        title: "a lien on the project",
        why: "Deleting a project takes every key in it, and its own guards, at one blow. A lien refuses that until somebody \
              takes the lien away.",
        not: "taking the billing account away, or disabling the service, which both make keys unusable until undone.",
        body: match format {
            Format::Terraform => format!(
                "data \"google_project\" \"keyward_{label}\" {{\n  project_id = {id}\n}}\n\n\
                 resource \"google_resource_manager_lien\" \"keyward_{label}\" {{\n  \
                   parent       = \"projects/${{data.google_project.keyward_{label}.number}}\"\n  \
                   restrictions = [{restriction}]\n  \
                   origin       = \"keyward\"\n  \
                   reason       = {reason}\n\
                 }}\n",
                label = project.label,
                id = hcl::text(project.id),
                restriction = hcl::text(RESTRICTION),
                reason = hcl::text(REASON),
            ),
            Format::Gcloud => format!(
                "gcloud alpha resource-manager liens create {} --restrictions={RESTRICTION} --origin=keyward --reason={}\n",
                shell::word(&format!("--project={}", project.id)),
                shell::word(REASON)
            ),
        },
    }
}
