//! AddFault, ListFaults, ClearFaults: the queue over the API.

use super::{control, duration, in_proto, told};
use crate::interface::keyward::emulator::v1::{
    AddFaultRequest, ClearFaultsRequest, ClearFaultsResponse, Failure as WireFailure, Fault as WireFault,
    ListFaultsRequest, ListFaultsResponse, fault::Kind as WireKind,
};
use crate::refusal::Refusal;
use crate::trouble::Fault;
use crate::trouble::fault::{Failure, Kind, code_name, code_named};
use crate::trouble::faults::Waiting;

control!(
    AddFault(AddFaultRequest) -> WireFault, changes: true,
    |state, request| {
        let fault = asked(request.fault.unwrap_or_default())?;
        state.trouble.add_waiting(fault).map(shown).map_err(told)
    }
);

control!(
    ListFaults(ListFaultsRequest) -> ListFaultsResponse, changes: false,
    |state, _| {
        let faults = state.trouble.waiting().into_iter().map(shown).collect();
        Ok(ListFaultsResponse { faults })
    }
);

control!(
    ClearFaults(ClearFaultsRequest) -> ClearFaultsResponse, changes: true,
    |state, request| {
        let only = Some(request.id).filter(|id| *id > 0);
        let cleared = u32::try_from(state.trouble.clear(only)).unwrap_or(u32::MAX);
        Ok(ClearFaultsResponse { cleared })
    }
);

fn asked(fault: WireFault) -> Result<Fault, Refusal> {
    let kind = match fault.kind {
        Some(WireKind::Delay(by)) => Kind::Delay(duration("delay", Some(by))?),
        Some(WireKind::Error(failure)) => Kind::Error(asked_failure(failure)?),
        Some(WireKind::DropReply(true)) => Kind::DropReply,
        Some(WireKind::CorruptChecksum(true)) => Kind::CorruptChecksum,
        Some(WireKind::StaleRead(true)) => Kind::StaleRead,
        _ => {
            return Err(Refusal::invalid(
                "A fault is one of delay, error, drop_reply, corrupt_checksum and stale_read.",
            ));
        }
    };
    let asked = Fault::new(fault.method, kind)
        .on(fault.resource)
        .for_caller(fault.caller)
        .times(fault.times.unwrap_or(1))
        .skip(fault.skip)
        .probability(fault.probability.unwrap_or(1.0));
    Ok(asked)
}

fn asked_failure(failure: WireFailure) -> Result<Failure, Refusal> {
    Ok(Failure {
        code: code_named(&failure.code).map_err(told)?,
        message: failure.message,
        reason: failure.reason,
        metadata: failure.metadata,
    })
}

fn shown(waiting: Waiting) -> WireFault {
    let Waiting {
        id, fault, seen, met, ..
    } = waiting;
    let kind = match fault.kind {
        Kind::Delay(by) => WireKind::Delay(in_proto(by).unwrap_or_default()),
        Kind::Error(failure) => WireKind::Error(WireFailure {
            code: code_name(failure.code).to_owned(),
            message: failure.message,
            reason: failure.reason,
            metadata: failure.metadata,
        }),
        Kind::DropReply => WireKind::DropReply(true),
        Kind::CorruptChecksum => WireKind::CorruptChecksum(true),
        Kind::StaleRead => WireKind::StaleRead(true),
    };
    WireFault {
        id,
        method: fault.method,
        resource: fault.resource,
        caller: fault.caller,
        times: Some(fault.times),
        skip: fault.skip,
        probability: Some(fault.probability),
        kind: Some(kind),
        seen,
        met,
    }
}
