use super::*;

#[test]
fn names_have_the_characters_and_lengths_that_the_service_allows() {
    for good in ["a", "Alice", "ops+on.call@example,_=-", &"x".repeat(64)] {
        assert_eq!((user_name(good), role_name(good)), (Ok(()), Ok(())), "{good}");
    }
    for bad in ["", "a b", "a/b", "clé", "a:b", "a*", &"x".repeat(65)] {
        assert!(user_name(bad).is_err() && role_name(bad).is_err(), "{bad}");
    }
    assert!(group_name(&"x".repeat(128)).is_ok() && group_name(&"x".repeat(129)).is_err());
    assert!(policy_name(&"x".repeat(128)).is_ok() && policy_name(&"x".repeat(129)).is_err());
    assert!(session_name("ab").is_ok() && session_name("a").is_err());
    assert!(federated_name(&"x".repeat(32)).is_ok() && federated_name(&"x".repeat(33)).is_err());
}

#[test]
fn paths_begin_and_end_with_a_slash() {
    for good in ["/", "/a/", "/division_abc/team:x/"] {
        assert_eq!(path(good), Ok(()), "{good}");
    }
    for bad in ["", "a", "/a", "a/", "/a b/", "/é/", &format!("/{}/", "x".repeat(511))] {
        assert!(path(bad).is_err(), "{bad}");
    }
}

#[test]
fn tags_are_checked_with_their_keys_case_folded() {
    let check = |pairs: &[(&'static str, &'static str)]| tags(pairs.iter().copied());
    assert_eq!(check(&[("team", "payments"), ("Kostenstelle Süd", "")]), Ok(()));
    assert_eq!(
        check(&[("Team", "a"), ("team", "b")]),
        Err(InvalidInput::RepeatedTagKey("team".to_owned()))
    );
    for key in ["", "aws:x", "AWS:x", "a*", "a\nb"] {
        assert!(matches!(check(&[(key, "")]), Err(InvalidInput::TagKey(_))), "{key:?}");
    }
    assert!(matches!(check(&[("a", "b\u{7}")]), Err(InvalidInput::TagValue(_))));
}

#[test]
fn account_aliases_are_lower_case_words() {
    for good in ["abc", "my-company", "a1b"] {
        assert_eq!(account_alias(good), Ok(()), "{good}");
    }
    for bad in [
        "ab",
        "-abc",
        "abc-",
        "a--b",
        "Abc",
        "a_b",
        "111122223333",
        &"x".repeat(64),
    ] {
        assert!(account_alias(bad).is_err(), "{bad}");
    }
}

#[test]
fn policy_arns_are_read_and_others_refused() {
    let arn = PolicyArn::parse("arn:aws:iam::111122223333:policy/team/x").expect("an ARN");
    assert_eq!(
        (arn.account, arn.path, arn.name),
        (AccountId::parse("111122223333").ok(), "/team/", "x")
    );
    let arn = PolicyArn::parse("arn:aws:iam::aws:policy/AdministratorAccess").expect("an ARN");
    assert_eq!((arn.account, arn.path, arn.name), (None, "/", "AdministratorAccess"));
    for bad in [
        "",
        "arn:aws:iam::111122223333:user/x",
        "arn:aws:iam::111122223333:policyx",
        "arn:aws:iam::111122223333:policy/",
        "arn:aws:iam:us-east-1:111122223333:policy/x",
        "arn:nowhere:iam::111122223333:policy/x",
        "arn:aws:iam::1:policy/x",
    ] {
        assert!(PolicyArn::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn providers_are_named_by_their_url() {
    assert_eq!(
        provider_name("https://token.example.com/ci/"),
        Ok("token.example.com/ci")
    );
    for bad in [
        "http://x",
        "https://",
        "https://a?b",
        "https://a b",
        "token.example.com",
    ] {
        assert!(provider_name(bad).is_err(), "{bad}");
    }
}

#[test]
fn white_space_does_not_count_in_a_policy() {
    assert_eq!(policy_size("{ \"a\" :\n\t1 }"), 7);
}
