//! Who may make keys unusable, as survival asks.

use super::*;

#[test]
fn everybody_who_may_stop_a_key_is_in_its_powers() {
    let mut world = World::good();
    world
        .grants()
        .bindings
        .push(binding("roles/editor", &["group:devs@example.com"]));
    world
        .grants()
        .bindings
        .push(binding("roles/owner", &["deleted:user:old@example.com?uid=1"]));
    let powers = powers([&key()], &world.seen);
    let over = powers.over[&key()].clone().present().unwrap();
    let over: Vec<_> = over.iter().map(String::as_str).collect();
    assert_eq!(
        over,
        [
            "group:devs@example.com",
            "user:ann@example.com",
            "user:bob@example.com"
        ]
    );
    let owners = powers.owners["p-1"].clone().present().unwrap();
    assert_eq!(owners.organization.as_deref(), Some("7"));
    assert_eq!(owners.billing.as_deref(), Some("billingAccounts/0-1"));
}

#[test]
fn a_list_that_may_not_be_whole_is_unknown() {
    let mut conditional = binding("roles/cloudkms.admin", &["user:eve@example.com"]);
    conditional.conditional = true;
    let changes: [&dyn Fn(&mut World); 4] = [
        &|world| world.key().ring_policy = unknown(),
        &|world| world.project().ancestors = unknown(),
        &|world| world.seen.keys.clear(),
        &|world| world.grants().bindings.push(conditional.clone()),
    ];
    for (place, change) in changes.iter().enumerate() {
        let mut world = World::good();
        change(&mut world);
        let powers = powers([&key()], &world.seen);
        assert!(matches!(powers.over[&key()], Observed::Unknown(_)), "{place}");
    }
    let mut world = World::good();
    world.project().billing = unknown();
    assert!(matches!(
        powers([&key()], &world.seen).owners["p-1"],
        Observed::Unknown(_)
    ));
    let line = who_may_end(&key(), &World::good().seen);
    assert!(
        line.ends_with("may be ended by user:ann@example.com, user:bob@example.com"),
        "{line}"
    );
}
