//! Reset: no trouble.

use super::{control, told};
use crate::interface::keyward::emulator::v1::{ResetRequest, ResetResponse};

control!(
    Reset(ResetRequest) -> ResetResponse, changes: true,
    |state, _| state.trouble.reset().map(|()| ResetResponse {}).map_err(told)
);
