//! ListCalls, ClearCalls: the log over the API.

use super::{control, stamp, told};
use crate::interface::keyward::emulator::v1::{
    Call, ClearCallsRequest, ClearCallsResponse, ListCallsRequest, ListCallsResponse,
};
use crate::trouble::calls::{CallRecord, Wanted};
use crate::trouble::fault::code_name;
use crate::trouble::known;
use crate::trouble::matching::{MethodName, ResourcePattern};

/// How many calls are shown unless another number is asked for.
const SHOWN: usize = 1000;

control!(
    ListCalls(ListCallsRequest) -> ListCallsResponse, changes: false,
    |state, request| {
        let method = MethodName::optional(&request.method);
        method.map_or(Ok(()), known::check_name).map_err(told)?;
        let wanted = Wanted {
            method,
            resource: ResourcePattern::optional(&request.resource),
            after: request.after,
            limit: Some(request.limit as usize).filter(|limit| *limit > 0).unwrap_or(SHOWN),
        };
        let (calls, dropped) = state.trouble.list_calls(&wanted);
        let calls = calls.into_iter().map(shown).collect();
        Ok(ListCallsResponse { calls, dropped })
    }
);

control!(
    ClearCalls(ClearCallsRequest) -> ClearCallsResponse, changes: true,
    |state, _| Ok(ClearCallsResponse { cleared: state.trouble.clear_calls() })
);

fn shown(record: CallRecord) -> Call {
    Call {
        sequence: record.sequence,
        time: Some(stamp(record.time)),
        service: record.service.to_owned(),
        method: record.method.to_owned(),
        resource: record.resource,
        caller: record.caller,
        code: code_name(record.code).to_owned(),
    }
}
