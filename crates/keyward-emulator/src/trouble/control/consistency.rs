//! GetConsistency, SetConsistency: how late changes may arrive.

use super::{control, duration, in_proto};
use crate::interface::keyward::emulator::v1::{Consistency, GetConsistencyRequest, SetConsistencyRequest};
use crate::state::State;
use crate::trouble::Lags;

control!(
    GetConsistency(GetConsistencyRequest) -> Consistency, changes: false,
    |state, _| Ok(shown(state))
);

control!(
    SetConsistency(SetConsistencyRequest) -> Consistency, changes: true,
    |state, request| {
        let asked = request.consistency.unwrap_or_default();
        state.trouble.set_consistency(Lags {
            disable: duration("disable_lag", asked.disable_lag)?,
            primary: duration("primary_lag", asked.primary_lag)?,
        });
        Ok(shown(state))
    }
);

fn shown(state: &State) -> Consistency {
    let lags = state.trouble.lags();
    Consistency {
        disable_lag: in_proto(lags.disable),
        primary_lag: in_proto(lags.primary),
    }
}
