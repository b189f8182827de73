//! The control service: trouble over gRPC, and over REST under `/emulator/v1/`. Its calls meet no faults, take no
//! permission and are not in the log.

mod calls;
mod clock;
mod consistency;
mod faults;
mod policies;
mod reset;

use std::time::Duration;

use keyward_core::clock::Timestamp;
use keyward_core::error::{Error, ErrorKind};
use tonic::Code;

use super::CONTROL;
use crate::interface::keyward::emulator::v1::trouble_server::Trouble as TroubleInterface;
use crate::refusal::Refusal;
use crate::rpc::Method;
use crate::service::service;

service! {
    /// Faults, clock, consistency, permissions and the log.
    Control: TroubleInterface {
        add_fault => faults::AddFault,
        list_faults => faults::ListFaults,
        clear_faults => faults::ClearFaults,
        get_clock => clock::GetClock,
        move_clock => clock::MoveClock,
        set_clock_rate => clock::SetClockRate,
        get_consistency => consistency::GetConsistency,
        set_consistency => consistency::SetConsistency,
        set_iam_enforcement => policies::SetIamEnforcement,
        set_project_policy => policies::SetProjectPolicy,
        get_project_policy => policies::GetProjectPolicy,
        set_role => policies::SetRole,
        list_calls => calls::ListCalls,
        clear_calls => calls::ClearCalls,
        reset => reset::Reset,
    }
}

/// A call of the control service.
const fn method(name: &'static str, changes: bool) -> Method {
    Method {
        service: CONTROL,
        name,
        permission: "",
        changes,
    }
}

/// An RPC of the control service: about no resource, and answered from its request alone.
macro_rules! control {
    ($(#[$doc:meta])* $name:ident($request:ty) -> $response:ty, changes: $changes:literal, $answer:expr) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl crate::rpc::Rpc for $name {
            const METHOD: crate::rpc::Method = super::method(stringify!($name), $changes);
            type Request = $request;
            type Response = $response;

            fn resource(_request: &Self::Request) -> &str {
                ""
            }

            fn check_name(_resource: &str) -> Result<(), crate::refusal::Refusal> {
                Ok(())
            }

            fn answer(
                call: &crate::rpc::Call<'_>,
                request: Self::Request,
            ) -> Result<Self::Response, crate::refusal::Refusal> {
                let answer: fn(&crate::state::State, $request) -> Result<$response, crate::refusal::Refusal> = $answer;
                answer(call.state, request)
            }
        }
    };
}
use control;

/// An error of the engine, as an answer.
fn told(error: Error) -> Refusal {
    let code = match error.kind() {
        ErrorKind::Usage => Code::InvalidArgument,
        ErrorKind::Refused => Code::FailedPrecondition,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Damaged | ErrorKind::Bug => Code::Internal,
    };
    let mut message = error.to_string();
    for hint in error.hints() {
        message.push_str("; ");
        message.push_str(hint);
    }
    Refusal::new(code, message)
}

fn duration(field: &str, given: Option<prost_types::Duration>) -> Result<Duration, Refusal> {
    let given = given.unwrap_or_default();
    Duration::try_from(given).map_err(|_| Refusal::invalid(format!("{field} is no duration of 0 or more.")))
}

fn in_proto(duration: Duration) -> Option<prost_types::Duration> {
    prost_types::Duration::try_from(duration).ok()
}

fn stamp(instant: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: instant
            .as_nanosecond()
            .div_euclid(1_000_000_000)
            .try_into()
            .unwrap_or(i64::MAX),
        nanos: i32::try_from(instant.as_nanosecond().rem_euclid(1_000_000_000)).unwrap_or_default(),
    }
}

fn instant(stamp: prost_types::Timestamp) -> Result<Timestamp, Refusal> {
    Timestamp::new(stamp.seconds, stamp.nanos)
        .map_err(|_| Refusal::invalid("to is no time between the years 1 and 9999."))
}
