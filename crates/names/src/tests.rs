use crate::KeyReferenceError as E;
use crate::*;
use proptest::prelude::*;

const ACCOUNT: &str = "111122223333";
const UUID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const MRK: &str = "mrk-1234abcd12ab34cd56ef1234567890ab";

#[test]
fn account_ids_are_twelve_digits() {
    assert_eq!(AccountId::parse(ACCOUNT).map(|a| a.to_string()), Ok(ACCOUNT.to_owned()));
    for wrong in [
        "",
        "11112222333",
        "1111222233334",
        "11112222333a",
        "１１１１２２２２３３３３",
    ] {
        assert_eq!(AccountId::parse(wrong), Err(InvalidAccountId(wrong.to_owned())));
    }
}

#[test]
fn regions_have_words_and_a_number_and_name_their_partition() {
    for (name, partition) in [
        ("us-east-1", Partition::Aws),
        ("ap-southeast-12", Partition::Aws),
        ("cn-north-1", Partition::AwsCn),
        ("us-gov-west-1", Partition::AwsUsGov),
        ("us-iso-east-1", Partition::AwsIso),
        ("us-isob-east-1", Partition::AwsIsoB),
        ("eu-isoe-west-1", Partition::AwsIsoE),
        ("us-isof-south-1", Partition::AwsIsoF),
        ("eusc-de-east-1", Partition::AwsEusc),
    ] {
        assert_eq!(Region::parse(name).map(|r| r.partition()), Ok(partition), "{name}");
    }
    for wrong in [
        "",
        "us",
        "us-1",
        "u-east-1",
        "us-east",
        "us--east-1",
        "US-east-1",
        "us-east-1a",
        "us-east-",
        "-east-1",
    ] {
        assert!(Region::parse(wrong).is_err(), "{wrong}");
    }
}

/// KEY-65, KEY-66: the two forms of a key id, written as they were read; anything else is not a key id.
#[test]
fn key_ids_have_two_strict_forms() {
    assert_eq!(
        KeyId::parse(UUID).map(|id| (id.to_string(), id.is_multi_region())),
        Ok((UUID.to_owned(), false))
    );
    assert_eq!(
        KeyId::parse(MRK).map(|id| (id.to_string(), id.is_multi_region())),
        Ok((MRK.to_owned(), true))
    );
    for wrong in [
        "",
        "1234abcd12ab34cd56ef1234567890ab",
        "1234ABCD-12ab-34cd-56ef-1234567890ab",
        "1234abcd-12ab-34cd-56ef-1234567890a",
        "1234abcd-12ab-34cd-56ef-1234567890abc",
        "1234abcd-12ab-34cd-56ef+1234567890ab",
        "1234abcd-12ab-34cd-56ef-1234567890ag",
        "mrk-fake-key-id",
        "mrk-1234abcd-12ab-34cd-56ef-1234567890ab",
        "mrk-1234ABCD12ab34cd56ef1234567890ab",
        "MRK-1234abcd12ab34cd56ef1234567890ab",
        "{1234abcd-12ab-34cd-56ef-1234567890ab}",
    ] {
        assert_eq!(KeyId::parse(wrong), Err(InvalidKeyId(wrong.to_owned())));
    }
}

#[test]
fn random_key_ids_carry_the_version_and_variant_of_a_random_uuid() {
    assert_eq!(
        KeyId::from_random_bytes([0xff; 16], false).to_string(),
        "ffffffff-ffff-4fff-bfff-ffffffffffff"
    );
    assert_eq!(
        KeyId::from_random_bytes([0; 16], true).to_string(),
        "mrk-00000000000040008000000000000000"
    );
}

/// KEY-181, KEY-185, KEY-187: prefix, alphabet, length of the whole, and case.
#[test]
fn alias_names_keep_their_rules() {
    for right in ["alias/x", "alias/Test_1-a/b", "alias/aws/s3"] {
        assert_eq!(AliasName::parse(right).map(|a| a.to_string()), Ok(right.to_owned()));
    }
    assert_ne!(AliasName::parse("alias/Test"), AliasName::parse("alias/test"));
    let longest = format!("alias/{}", "a".repeat(250));
    assert!(AliasName::parse(&longest).is_ok());
    for (wrong, error) in [
        ("test".to_owned(), AliasNameError::MissingPrefix),
        ("Alias/test".to_owned(), AliasNameError::MissingPrefix),
        ("alias/".to_owned(), AliasNameError::Empty),
        (format!("{longest}a"), AliasNameError::TooLong),
        ("alias/a:b".to_owned(), AliasNameError::IllegalCharacter),
        ("alias/a b".to_owned(), AliasNameError::IllegalCharacter),
        ("alias/é".to_owned(), AliasNameError::IllegalCharacter),
    ] {
        assert_eq!(AliasName::parse(&wrong), Err(error), "{wrong}");
    }
}

/// KEY-188: only the prefix `alias/aws/` is reserved.
#[test]
fn only_the_aws_prefix_is_reserved() {
    let reserved = |name| AliasName::parse(name).map(|a| a.is_reserved());
    assert_eq!(reserved("alias/aws/s3"), Ok(true));
    assert_eq!(reserved("alias/awsome"), Ok(false));
    assert_eq!(reserved("alias/AWS/s3"), Ok(false));
}

/// KEY-67, KEY-68: the ARNs of keys and aliases, in every partition.
#[test]
fn key_and_alias_arns_are_written_as_they_are_read() {
    for text in [
        "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
    ] {
        assert_eq!(KeyArn::parse(text).map(|arn| arn.to_string()), Ok(text.to_owned()));
        assert!(matches!(AliasArn::parse(text), Err(ArnError::Resource(_))));
    }
    let text = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/a/b";
    assert_eq!(AliasArn::parse(text).map(|arn| arn.to_string()), Ok(text.to_owned()));
    assert!(matches!(KeyArn::parse(text), Err(ArnError::Resource(_))));
}

#[test]
fn an_arn_built_for_a_region_takes_its_partition() {
    let region = Region::parse("us-gov-west-1").expect("a Region");
    let account = AccountId::parse(ACCOUNT).expect("an account");
    let key = KeyArn::new(region.clone(), account, KeyId::parse(UUID).expect("a key id"));
    assert_eq!(
        key.to_string(),
        format!("arn:aws-us-gov:kms:us-gov-west-1:{ACCOUNT}:key/{UUID}")
    );
    let alias = AliasArn::new(region, account, AliasName::parse("alias/x").expect("an alias"));
    assert_eq!(
        alias.to_string(),
        format!("arn:aws-us-gov:kms:us-gov-west-1:{ACCOUNT}:alias/x")
    );
}

/// KEY-71, KEY-78: the four forms are told apart, and each wrong one has an error of its own.
#[test]
fn key_references_are_told_apart() {
    let arn = |resource: &str| format!("arn:aws:kms:us-east-1:{ACCOUNT}:{resource}");
    assert!(matches!(KeyReference::parse(UUID), Ok(KeyReference::KeyId(_))));
    assert!(matches!(KeyReference::parse(MRK), Ok(KeyReference::KeyId(_))));
    assert!(matches!(KeyReference::parse("alias/x"), Ok(KeyReference::AliasName(_))));
    assert!(matches!(
        KeyReference::parse(&arn(&format!("key/{UUID}"))),
        Ok(KeyReference::KeyArn(_))
    ));
    assert!(matches!(
        KeyReference::parse(&arn("alias/x")),
        Ok(KeyReference::AliasArn(_))
    ));

    let of = |text: &str| KeyReference::parse(text).expect_err(text);
    assert_eq!(of("nonsense"), E::InvalidKeyId("nonsense".to_owned()));
    assert_eq!(of("mrk-fake-key-id"), E::InvalidKeyId("mrk-fake-key-id".to_owned()));
    assert_eq!(of("arn:aws:kms"), E::InvalidArn("arn:aws:kms".to_owned()));
    assert_eq!(
        of("arn:oops:kms:us-east-1:111122223333:key/x").value(),
        "arn:oops:kms:us-east-1:111122223333:key/x"
    );
    assert!(matches!(of("arn:aws:kms:nowhere:111122223333:key/x"), E::InvalidArn(_)));
    assert!(matches!(of("arn:aws:kms:us-east-1:1:key/x"), E::InvalidArn(_)));
    assert!(matches!(of("arn:aws:s3:::bucket"), E::OtherResource(_)));
    assert!(matches!(of("arn:aws:kms::111122223333:key/x"), E::OtherResource(_)));
    assert!(matches!(of(&arn("store/x")), E::OtherResource(_)));
    assert_eq!(of(&arn("key/x")), E::InvalidKeyIdInArn("x".to_owned()));
    assert!(matches!(
        of("alias/a:b"),
        E::InvalidAlias {
            source: AliasNameError::IllegalCharacter,
            ..
        }
    ));
    assert!(matches!(
        of(&arn("alias/")),
        E::InvalidAlias {
            source: AliasNameError::Empty,
            ..
        }
    ));
}

#[test]
fn principals_are_written_as_they_are_read() {
    for text in [
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/alice",
        "arn:aws:iam::111122223333:user/a/b/alice",
        "arn:aws-cn:iam::111122223333:role/service-role/r",
        "arn:aws:sts::111122223333:assumed-role/r/session@x",
        "arn:aws:sts::111122223333:federated-user/bob",
    ] {
        let principal = PrincipalArn::parse(text).expect(text);
        assert_eq!(principal.to_string(), text);
        assert_eq!(principal.account().as_str(), ACCOUNT);
        assert_eq!(principal.is_root(), text.ends_with("root"));
    }
    for wrong in [
        "arn:aws:iam::111122223333:group/g",
        "arn:aws:iam:us-east-1:111122223333:root",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::111122223333:user/a/",
        "arn:aws:sts::111122223333:assumed-role/r",
        "arn:aws:sts::111122223333:assumed-role/r/a/b",
        "arn:aws:iam:::root",
    ] {
        assert_eq!(
            PrincipalArn::parse(wrong),
            Err(PrincipalError::NotAPrincipal(wrong.to_owned()))
        );
    }
    assert!(matches!(
        PrincipalArn::parse("alice"),
        Err(PrincipalError::Arn(ArnError::Malformed(_)))
    ));
}

#[test]
fn names_give_the_text_that_they_were_read_from() {
    let account = AccountId::parse(ACCOUNT).expect("an account");
    assert_eq!((account.as_str(), account.as_ref()), (ACCOUNT, ACCOUNT));
    let region = Region::parse("eu-west-3").expect("a Region");
    assert_eq!((region.as_str(), region.as_ref()), ("eu-west-3", "eu-west-3"));
    let alias = AliasName::parse("alias/a/b").expect("an alias");
    assert_eq!(
        (alias.as_str(), alias.as_ref(), alias.short()),
        ("alias/a/b", "alias/a/b", "a/b")
    );
}

/// An alias, bare or in an ARN, is known as one.
#[test]
fn aliases_are_told_from_keys() {
    let is_alias = |text: &str| KeyReference::parse(text).map(|reference| reference.is_alias());
    assert_eq!(is_alias("alias/x"), Ok(true));
    assert_eq!(is_alias(&format!("arn:aws:kms:us-east-1:{ACCOUNT}:alias/x")), Ok(true));
    assert_eq!(is_alias(UUID), Ok(false));
    assert_eq!(
        is_alias(&format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{UUID}")),
        Ok(false)
    );
}

#[test]
fn an_arn_needs_its_prefix_a_service_and_a_resource() {
    for wrong in [
        "xrn:aws:kms:us-east-1:111122223333:key/x",
        ":aws:kms:us-east-1:111122223333:key/x",
        "arn:aws::us-east-1:111122223333:key/x",
        "arn:aws:kms:us-east-1:111122223333:",
        "arn:aws:kms:us-east-1:111122223333",
    ] {
        assert_eq!(Arn::parse(wrong), Err(ArnError::Malformed(wrong.to_owned())));
    }
    let colons = Arn::parse("arn:aws:logs:us-east-1:111122223333:group:a:b").map(|arn| arn.resource);
    assert_eq!(colons, Ok("group:a:b".to_owned()));
}

#[test]
fn a_region_name_has_at_most_32_characters() {
    let longest = format!("us-{}-1", "a".repeat(27));
    assert!(Region::parse(&longest).is_ok());
    assert!(Region::parse(&format!("{longest}0")).is_err());
}

proptest! {
    /// Key ids made of any bytes are read back whole.
    #[test]
    fn key_ids_round_trip(bytes: [u8; 16], multi_region: bool) {
        let id = KeyId::from_random_bytes(bytes, multi_region);
        prop_assert_eq!(KeyId::parse(&id.to_string()), Ok(id));
        prop_assert_eq!(KeyId::from_bytes(id.as_bytes(), id.is_multi_region()), id);
    }

    /// No text makes a parser panic, and what is accepted is written back exactly as it was.
    #[test]
    fn what_is_accepted_is_written_back(text in "(arn:(aws|aws-cn|x)?:?(kms|iam|sts)?:)?.{0,60}") {
        if let Ok(reference) = KeyReference::parse(&text) {
            prop_assert_eq!(reference.to_string(), text.clone());
        }
        if let Ok(arn) = Arn::parse(&text) {
            prop_assert_eq!(arn.to_string(), text.clone());
        }
        if let Ok(principal) = PrincipalArn::parse(&text) {
            prop_assert_eq!(principal.to_string(), text);
        }
    }
}
