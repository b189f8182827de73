//! Every key with all its checks, environment by environment.

use keyward_core::manifest::KeyringSpec;
use keyward_core::name::KeyRef;
use keyward_core::verify::{Check, Verdict};
use maud::{Markup, html as markup};

use super::{Page, class};

/// Most keys that are written out.
const MOST: usize = 2000;

pub(super) fn section(page: &Page<'_>) -> Markup {
    markup! {
        section {
            h2 { "Keys" }
            @for env in page.manifest.environments() {
                h3 { (env.name) @if env.protected { " (protected)" } }
                table {
                    tr { th { "key" } th { "checks" } }
                    @for keyring in page.manifest.keyrings().filter(|keyring| keyring.env == env.name) {
                        (rows(page, keyring))
                    }
                }
            }
        }
    }
}

fn rows(page: &Page<'_>, keyring: &KeyringSpec) -> Markup {
    markup! {
        @for key in keyring.keys().iter().take(MOST) {
            tr {
                td { (page.names.short(&key.to_string())) }
                td { @for check in of_key(page, key) { (badge(check)) " " } }
            }
        }
    }
}

fn of_key<'a>(page: &'a Page<'_>, key: &KeyRef) -> Vec<&'a Check> {
    let name = key.to_string();
    let checks = page.report.checks.iter();
    checks.filter(|check| check.resource == name).collect()
}

fn badge(check: &Check) -> Markup {
    let title = match &check.verdict {
        Verdict::Pass => check.id.title().to_owned(),
        other => format!("{}: {}", check.id.title(), other.reason().unwrap_or_default()),
    };
    markup! {
        span.badge class=(class(check.verdict.id())) title=(title) { (check.id.to_string()) }
    }
}
