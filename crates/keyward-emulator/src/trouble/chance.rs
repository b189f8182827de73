//! Chance that can be repeated: a decision is a function of the seed and of what is decided, not of what came before.

/// A source of decisions. Calls that arrive in another order meet other faults, but the n-th call that matches a fault
/// meets it, or not, whatever happened beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(mixed(seed))
    }

    /// A number of at least 0 and below 1, always the same for the same `what` and `turn`.
    pub(crate) fn share(self, what: u64, turn: u64) -> f64 {
        let drawn = mixed(mixed(self.0 ^ what).wrapping_add(turn));
        // The upper 53 bits: as many as an f64 holds exactly.
        (drawn >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The output function of SplitMix64 (Steele, Lea and Flood, 2014): every bit of it depends on every bit of `x`.
fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_percent_is_thirty_percent_and_every_seed_has_its_own() {
        let met = |seed| -> Vec<bool> {
            let chance = Chance::seeded(seed);
            (0..10_000).map(|turn| chance.share(1, turn) < 0.3).collect()
        };
        let share = met(7).iter().filter(|met| **met).count();
        assert!((2_800..3_200).contains(&share), "{share}");
        assert_eq!(met(7), met(7));
        assert_ne!(met(7), met(8));
    }
}
