//! A fixed sequence of operations that writes in every way that the embedded KMS knows.

use crate::naive::Wish;
use crate::operation::Key;
use crate::operation::Operation::{self, *};

/// Every kind of change at least once, due rotations and destructions among them.
pub fn story() -> Vec<Operation> {
    let (rotating, plain) = (Key("one", "one"), Key("one", "two"));
    let wish = |rotation| Wish {
        window: 24,
        rotation,
        bare: false,
    };
    vec![
        CreateRing("one"),
        CreateKey(plain, wish(None)),
        CreateVersion(plain),
        Encrypt(plain),
        SetPrimary(plain, 2),
        Disable(plain, 1),
        ScheduleDestruction(plain, 1),
        Restore(plain, 1),
        Enable(plain, 1),
        Decrypt(plain, 0),
        CreateKey(rotating, wish(Some((48, 30)))),
        SetRotation(rotating, Some((24, 24))),
        // The first to write after the rotation was due is an encryption.
        Wait(24),
        Encrypt(rotating),
        Decrypt(rotating, 0),
        ScheduleDestruction(rotating, 1),
        // The next is due by now, and version 1 is past restoring: refused. The change after that notes that its time
        // has come, and one a day later wipes its material.
        Wait(24),
        Restore(rotating, 1),
        CreateVersion(rotating),
        Wait(24),
        CreateVersion(rotating),
        CreateRing("two"),
    ]
}
