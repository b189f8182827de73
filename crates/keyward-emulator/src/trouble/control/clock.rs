//! GetClock, MoveClock, SetClockRate: time over the API.

use keyward_core::clock::Clock as _;

use super::{control, duration, instant, stamp, told};
use crate::interface::keyward::emulator::v1::{
    Clock, GetClockRequest, MoveClockRequest, SetClockRateRequest, move_clock_request::Target,
};
use crate::refusal::Refusal;
use crate::state::State;

control!(
    GetClock(GetClockRequest) -> Clock, changes: false,
    |state, _| Ok(shown(state))
);

control!(
    MoveClock(MoveClockRequest) -> Clock, changes: true,
    |state, request| {
        let moved = match request.target {
            Some(Target::By(by)) => state.trouble.advance(duration("by", Some(by))?),
            Some(Target::To(to)) => state.trouble.move_to(instant(to)?),
            None => return Err(Refusal::invalid("Say `by` how much or `to` which time the clock moves.")),
        };
        moved.map_err(told)?;
        Ok(shown(state))
    }
);

control!(
    SetClockRate(SetClockRateRequest) -> Clock, changes: true,
    |state, request| {
        state.trouble.set_clock_rate(request.rate).map_err(told)?;
        Ok(shown(state))
    }
);

fn shown(state: &State) -> Clock {
    Clock {
        now: Some(stamp(state.clock.now())),
        rate: state.clock.rate(),
    }
}
