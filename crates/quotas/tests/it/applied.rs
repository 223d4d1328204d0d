//! Which value is in force for whom.

use trent_names::{AccountId, Region};
use trent_quotas::{Amount, Applied, Override, OverrideError, Profile, Quota};

fn account(last: u8) -> AccountId {
    format!("11112222333{last}").parse().expect("an account")
}

fn region(name: &str) -> Region {
    name.parse().expect("a Region")
}

fn quota(name: &str) -> Quota {
    Quota::find(name).expect("a quota")
}

fn set(name: &str, of: Option<u8>, place: Option<&str>, value: u64) -> Override {
    Override::new(quota(name), of.map(account), place.map(region), Amount::whole(value)).expect("an override")
}

/// REF-165
#[test]
fn the_closest_override_counts() {
    let mut applied = Applied::new(
        Profile::Aws,
        vec![
            set("CreateKey", Some(1), Some("eu-west-1"), 40),
            set("CreateKey", Some(1), None, 30),
            set("CreateKey", None, Some("eu-west-1"), 20),
            set("CreateKey", None, None, 9),
            set("CreateKey", None, None, 10),
        ],
    );
    let value =
        |applied: &Applied, of, place: &str| applied.value(quota("CreateKey"), account(of), &region(place)).count();
    assert_eq!(value(&applied, 1, "eu-west-1"), 40);
    assert_eq!(value(&applied, 1, "us-east-1"), 30);
    assert_eq!(value(&applied, 2, "eu-west-1"), 20);
    assert_eq!(value(&applied, 2, "us-east-1"), 10, "of equally close ones the last");
    let granted =
        |applied: &mut Applied, value| applied.grant(quota("CreateKey"), account(1), region("eu-west-1"), value);
    granted(&mut applied, Some(Amount::whole(50)));
    assert_eq!(value(&applied, 1, "eu-west-1"), 50);
    assert_eq!(value(&applied, 2, "eu-west-1"), 20);
    granted(&mut applied, None);
    assert_eq!(value(&applied, 1, "eu-west-1"), 40);
    // Others are as the guide has them.
    assert_eq!(
        applied
            .value(quota("CreateAlias"), account(1), &region("eu-west-1"))
            .count(),
        5
    );
}

/// REF-165, REF-169
#[test]
fn what_is_not_adjustable_cannot_be_overridden() {
    let of = |quota, value| Override::new(quota, Some(account(1)), None, value).map(|_| ());
    for fixed in Quota::all().filter(|quota| !quota.is_adjustable()) {
        assert_eq!(of(fixed, Amount::whole(1)), Err(OverrideError::NotAdjustable(fixed)));
    }
    let fixed = Quota::all().filter(|quota| !quota.is_adjustable());
    assert_eq!(
        fixed.collect::<Vec<_>>(),
        [Quota::POLICY_SIZE, Quota::ON_DEMAND_ROTATIONS]
    );
    let half = Amount::thousandths(500);
    assert_eq!(of(Quota::KEYS, half), Err(OverrideError::NotWhole(Quota::KEYS)));
    assert_eq!(of(Quota::RSA, half), Ok(()));
    let many = Amount::whole(1 << 40);
    assert_eq!(of(Quota::RSA, many), Err(OverrideError::TooHigh(Quota::RSA)));
    assert_eq!(of(Quota::KEYS, many), Ok(()));
    assert_eq!(of(Quota::RSA, Amount::UNLIMITED), Ok(()));
}

/// REF-223
#[test]
fn request_quotas_are_off_unless_they_are_asked_for() {
    let here = region("us-east-1");
    let off = Applied::default();
    assert!(!off.limits_requests());
    assert_eq!(off.value(Quota::RSA, account(1), &here), Amount::UNLIMITED);
    assert_eq!(off.value(Quota::KEYS, account(1), &here).count(), 100_000);
    assert!(off.limits(account(1), &here).iter().all(Option::is_none));
    let some = Applied::new(Profile::Off, vec![set("DescribeKey", None, None, 7)]);
    assert!(some.limits_requests());
    assert_eq!(some.value(quota("DescribeKey"), account(1), &here).count(), 7);
    assert_eq!(some.value(quota("CreateKey"), account(1), &here), Amount::UNLIMITED);
    assert!(!Applied::new(Profile::Off, vec![set("AWS KMS keys", None, None, 7)]).limits_requests());
    assert!(Applied::new(Profile::Aws, Vec::new()).limits_requests());
}

/// REF-528
#[test]
fn sm2_shares_with_curves_until_it_is_set_apart() {
    let here = region("cn-north-1");
    let shared = |applied: &Applied| applied.shared(Quota::SM2, account(1), &here);
    assert_eq!(shared(&Applied::new(Profile::Aws, Vec::new())), Quota::ECC);
    let apart = Applied::new(
        Profile::Aws,
        vec![set("Cryptographic operations (SM2)", None, None, 300)],
    );
    assert_eq!(shared(&apart), Quota::SM2);
    assert_eq!(apart.shared(Quota::RSA, account(1), &here), Quota::RSA);
}
