//! What an inventory keeps, and what it says about keys.

use super::*;

fn key(location: &str) -> KeyRef {
    format!("gcp-kms://projects/p/locations/{location}/keyRings/r/cryptoKeys/k")
        .parse()
        .unwrap()
}

fn kms(location: &str, version: Option<u64>) -> Way {
    Way::Kms {
        key: key(location),
        version,
    }
}

fn inventory() -> Inventory {
    let mut inventory = Inventory::default();
    let both = Ways::new([kms("us", Some(2)), kms("global", Some(1))]);
    inventory.add(Kind::Envelope, "a", &both);
    inventory.add(Kind::History, "", &Ways::new([kms("global", None)]));
    // The order in which wraps stand makes no difference.
    let turned = Ways::new([kms("global", Some(1)), kms("us", Some(2))]);
    inventory.add(Kind::Envelope, "b", &turned);
    inventory
}

#[test]
fn things_come_back_as_they_were_added_and_share_their_ways() {
    let inventory = inventory();
    let names: Vec<_> = inventory
        .items()
        .map(|item| (item.kind.id(), item.name))
        .collect();
    assert_eq!(names, [("envelope", "a"), ("history", ""), ("envelope", "b")]);
    let groups = inventory.groups();
    assert_eq!(groups.len(), 2);
    assert_eq!(
        (groups[0].items.count(), groups[0].items.text().as_str()),
        (2, "a, b")
    );
    assert!(inventory.is_whole());
}

#[test]
fn uses_are_told_by_version() {
    let uses = inventory().uses();
    assert_eq!(uses[&key("us")].versions().collect::<Vec<_>>(), [2]);
    assert!(uses[&key("global")].need(1) && uses[&key("global")].need(9));
    assert_eq!(uses[&key("us")].text(2), "needed by a, b");
}

#[test]
fn a_way_without_a_version_may_need_any() {
    let any = Ways::new([kms("us", None), Way::Escrow("age1x".into())]);
    assert!(any.need(&key("us"), Some(7)) && any.need(&key("us"), None));
    assert!(!any.need(&key("global"), None));
    let two = Ways::new([kms("us", Some(2))]);
    assert!(two.need(&key("us"), Some(2)) && two.need(&key("us"), None));
    assert!(!two.need(&key("us"), Some(1)));
}

#[test]
fn one_inventory_takes_in_another_with_what_it_could_not_see() {
    let (mut all, mut more) = (inventory(), inventory());
    more.unread.add("c (denied)");
    more.unseen.insert("git history: no git".into());
    all.absorb(&more);
    assert_eq!((all.len(), all.groups().len()), (6, 2));
    assert!(!all.is_whole());
    assert_eq!(all.unread.count(), 1);
}
