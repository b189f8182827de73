//! The forms of a verification's report besides text and JSON: SARIF for code hosts, one HTML page for people.

mod html;
mod sarif;
mod write;

pub(crate) use html::{Matrix, Page, html};
pub(crate) use sarif::sarif;
pub(crate) use write::write_report;
