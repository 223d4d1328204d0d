use super::*;

const DAY: i64 = 86_400;
const TERMS: Terms = Terms {
    symmetric: true,
    managed: false,
    now: 1_000 * DAY,
    old: 90,
};

fn grant(id: &str) -> Reviewed {
    Reviewed {
        key: "key".to_owned(),
        id: id.to_owned(),
        grantee: "arn:aws:iam::111122223333:role/Orders".to_owned(),
        operations: BTreeSet::from(["Decrypt".to_owned()]),
        equals: Some(BTreeMap::from([("Project".to_owned(), "Alpha".to_owned())])),
        created: Some(999 * DAY),
        ..Reviewed::default()
    }
}

fn codes(grants: &[Reviewed], terms: &Terms) -> Vec<(&'static str, String)> {
    let findings = review(grants, terms).into_iter();
    findings.map(|finding| (finding.code, finding.grant)).collect()
}

fn found(grant: Reviewed) -> Vec<&'static str> {
    codes(&[grant], &TERMS).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn a_narrow_new_grant_is_as_it_should_be() {
    assert_eq!(codes(&[grant("a")], &TERMS), []);
}

/// POL-393
#[test]
fn what_is_broader_than_need_be_is_found() {
    let account = Reviewed {
        grantee: "arn:aws:iam::111122223333:root".to_owned(),
        ..grant("a")
    };
    assert_eq!(found(account.clone()), ["GRANT_TO_ACCOUNT"]);
    assert!(review(&[account], &TERMS)[0].advice.contains("role"));
    let seven = WITH_CONTEXT[..7].iter().map(|name| (*name).to_owned());
    let wide = Reviewed {
        operations: seven.collect(),
        ..grant("a")
    };
    assert_eq!(found(wide), ["GRANT_OF_MANY_OPERATIONS"]);
    let passing_on = Reviewed {
        operations: ["Decrypt", "CreateGrant"].map(str::to_owned).into(),
        ..grant("a")
    };
    assert_eq!(found(passing_on), ["GRANT_PASSES_ON"]);
    let open = Reviewed {
        equals: None,
        ..grant("a")
    };
    assert_eq!(found(open.clone()), ["GRANT_UNCONSTRAINED"]);
    assert!(
        review(std::slice::from_ref(&open), &TERMS)[0]
            .advice
            .contains("EncryptionContextEquals")
    );
    let asymmetric = Terms {
        symmetric: false,
        ..TERMS
    };
    assert_eq!(codes(&[open], &asymmetric), []);
}

/// POL-394
#[test]
fn equals_is_recommended_over_subset() {
    let by_subset = Reviewed {
        subset: grant("a").equals,
        equals: None,
        ..grant("a")
    };
    assert_eq!(found(by_subset.clone()), ["GRANT_BY_SUBSET"]);
    assert!(
        review(&[by_subset], &TERMS)[0]
            .advice
            .contains("EncryptionContextEquals")
    );
}

/// POL-334
#[test]
fn an_old_grant_is_flagged_with_its_age() {
    let made = |days: i64| Reviewed {
        created: Some((1_000 - days) * DAY),
        ..grant("a")
    };
    assert_eq!(codes(&[made(89)], &TERMS), []);
    let [old] = review(&[made(90)], &TERMS).try_into().expect("one finding");
    assert_eq!((old.code, old.what.as_str()), ("GRANT_OLD", "it was made 90 days ago"));
}

/// All of key, operations, grantee, constraint and name must agree; the oldest stays.
///
/// POL-380
#[test]
fn duplicates_are_found_and_only_they_are_removable() {
    let older = Reviewed {
        created: Some(998 * DAY),
        ..grant("b")
    };
    let twice = [grant("a"), older];
    let [found] = review(&twice, &TERMS).try_into().expect("one finding");
    assert_eq!(
        (found.code, found.grant.as_str(), found.removable),
        ("GRANT_DUPLICATE", "a", true)
    );
    assert_eq!(found.what, "it says what grant b says");
    for other in [
        Reviewed {
            key: "other".to_owned(),
            ..grant("b")
        },
        Reviewed {
            name: "named".to_owned(),
            ..grant("b")
        },
        Reviewed {
            grantee: "arn:aws:iam::111122223333:role/Other".to_owned(),
            ..grant("b")
        },
        Reviewed {
            operations: BTreeSet::from(["Encrypt".to_owned()]),
            ..grant("b")
        },
        Reviewed {
            equals: Some(BTreeMap::from([("Project".to_owned(), "Beta".to_owned())])),
            ..grant("b")
        },
    ] {
        assert_eq!(codes(&[grant("a"), other], &TERMS), []);
    }
    let by_subset = |id: &str, project: &str| Reviewed {
        equals: None,
        subset: Some(BTreeMap::from([("Project".to_owned(), project.to_owned())])),
        ..grant(id)
    };
    let found = codes(&[by_subset("a", "Alpha"), by_subset("b", "Beta")], &TERMS);
    assert!(found.iter().all(|(code, _)| *code == "GRANT_BY_SUBSET"), "{found:?}");
    let managed = Terms { managed: true, ..TERMS };
    let of_service = twice.clone().map(|grant| Reviewed {
        grantee: "rds.amazonaws.com".to_owned(),
        ..grant
    });
    for (grants, terms) in [(&twice, &managed), (&of_service, &TERMS)] {
        let [alike] = review(grants, terms).try_into().expect("one finding");
        assert_eq!((alike.code, alike.removable), ("GRANT_ALIKE", false));
    }
}
