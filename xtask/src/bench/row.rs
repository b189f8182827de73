//! One line of the table: what was measured, against what, and whether that is enough.

use std::fmt;
use std::time::Duration;

use super::contest::Times;

/// A measured line.
pub(super) struct Row {
    what: String,
    ours: String,
    against: String,
    ratio: String,
    target: String,
    verdict: Verdict,
}

enum Verdict {
    Pass,
    Short,
    /// The peer is not on this machine: nothing was compared.
    Absent,
}

impl Row {
    /// `ours` against a peer: it should be at least `target` times as fast.
    pub(super) fn speed(
        what: impl Into<String>,
        ours: &Times,
        peer: &str,
        theirs: &Times,
        target: f64,
    ) -> Self {
        let ratio = ours.speed_against(theirs);
        Self {
            what: what.into(),
            ours: duration(ours.median()),
            against: format!("{peer}: {}", duration(theirs.median())),
            // Cut, not rounded: what is shown as reached is reached.
            ratio: format!("{:.2} ×", (ratio * 100.0).floor() / 100.0),
            target: format!("≥ {target:.2} ×"),
            verdict: Verdict::of(ratio >= target),
        }
    }

    /// `ours` against a limit; `floor` is the least that the machine takes for work of that kind.
    pub(super) fn limit(
        what: impl Into<String>,
        ours: &Times,
        limit: Duration,
        floor: (&str, &Times),
    ) -> Self {
        Self {
            what: what.into(),
            ours: duration(ours.median()),
            against: format!("{}: {}", floor.0, duration(floor.1.median())),
            ratio: format!("{:.2} ×", ours.speed_against(floor.1)),
            target: format!("≤ {}", duration(limit)),
            verdict: Verdict::of(ours.median() <= limit),
        }
    }

    /// `ours` against a peer, where less is better: it should cost at most `target` times as much.
    pub(super) fn cost(
        what: impl Into<String>,
        ours: &Times,
        peer: &str,
        theirs: &Times,
        target: f64,
    ) -> Self {
        let times_as_much = 1.0 / ours.speed_against(theirs);
        Self {
            what: what.into(),
            ours: duration(ours.median()),
            against: format!("{peer}: {}", duration(theirs.median())),
            // Rounded up, as the target is a ceiling.
            ratio: format!("1 / {:.2} ×", (times_as_much * 100.0).ceil() / 100.0),
            target: format!("≥ 1 / {target:.2} ×"),
            verdict: Verdict::of(times_as_much <= target),
        }
    }

    /// `ours` against a limit alone.
    pub(super) fn within(what: impl Into<String>, ours: &Times, limit: Duration) -> Self {
        Self::single(what, ours.median(), limit)
    }

    /// One measured time against a limit.
    pub(super) fn single(what: impl Into<String>, ours: Duration, limit: Duration) -> Self {
        Self {
            what: what.into(),
            ours: duration(ours),
            against: "–".into(),
            ratio: "–".into(),
            target: format!("≤ {}", duration(limit)),
            verdict: Verdict::of(ours <= limit),
        }
    }

    /// Bytes of memory against a limit.
    pub(super) fn memory(what: impl Into<String>, bytes: u64, limit: u64) -> Self {
        let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
        Self {
            what: what.into(),
            ours: mib(bytes),
            against: "–".into(),
            ratio: "–".into(),
            target: format!("≤ {}", mib(limit)),
            verdict: Verdict::of(bytes <= limit),
        }
    }

    /// A comparison that could not be made.
    pub(super) fn absent(what: impl Into<String>, peer: &str) -> Self {
        Self {
            what: what.into(),
            ours: "–".into(),
            against: peer.into(),
            ratio: "–".into(),
            target: "–".into(),
            verdict: Verdict::Absent,
        }
    }

    /// Whether the row fell short of its target.
    pub(super) fn is_short(&self) -> bool {
        matches!(self.verdict, Verdict::Short)
    }

    /// The table's first two lines, in Markdown.
    pub(super) fn heading() -> &'static str {
        "| what | keyward | against | speed | to reach | |\n|---|---|---|---|---|---|"
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            ours,
            against,
            ratio,
            target,
            verdict,
        } = self;
        write!(
            f,
            "| {what} | {ours} | {against} | {ratio} | {target} | {verdict} |"
        )
    }
}

impl Verdict {
    fn of(reached: bool) -> Self {
        if reached { Self::Pass } else { Self::Short }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "PASS",
            Self::Short => "short",
            Self::Absent => "absent",
        })
    }
}

fn duration(time: Duration) -> String {
    match time.as_secs_f64() {
        secs if secs >= 1.0 => format!("{secs:.2} s"),
        secs if secs >= 0.1 => format!("{:.0} ms", secs * 1e3),
        secs if secs >= 1e-3 => format!("{:.2} ms", secs * 1e3),
        secs => format!("{:.0} µs", secs * 1e6),
    }
}
