//! The tables against those of the requirements, cell by cell.

use trent_names::Region;
use trent_quotas::{Amount, Kind, Quota};

/// The chapter that has the tables.
const CHAPTER: &str = include_str!("../../../../docs/spec/07-reference-security-quotas-integrations.md");

/// The cells of the rows with these ids.
fn rows(ids: std::ops::RangeInclusive<u32>) -> Vec<Vec<&'static str>> {
    let rows = CHAPTER.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| REF-")?.split('|').map(str::trim).collect();
        let id = cells[0].split_once(' ')?.0.parse().ok()?;
        ids.contains(&id).then_some(cells)
    });
    rows.collect()
}

fn region(name: &str) -> Region {
    name.parse().expect("a Region")
}

fn default(quota: Quota, of: &str) -> String {
    quota.default_in(&region(of)).to_string()
}

/// REF-144, REF-145, REF-146, REF-147, REF-148, REF-149, REF-488, REF-509, REF-527
#[test]
fn resource_quotas_are_those_of_the_table() {
    let ours = [
        (Quota::KEYS, "AWS KMS keys"),
        (Quota::ALIASES, "Aliases per KMS key"),
        (Quota::GRANTS, "Grants per KMS key"),
        (Quota::POLICY_SIZE, "Key policy document size"),
        (Quota::CUSTOM_KEY_STORES, "Custom key stores"),
        (Quota::ON_DEMAND_ROTATIONS, "On-demand rotations"),
    ];
    let rows = rows(144..=149);
    assert_eq!(rows.len(), ours.len());
    for (cells, (quota, name)) in rows.iter().zip(ours) {
        assert_eq!(cells[1], name);
        assert!(quota.name().starts_with(name), "{quota:?}");
        assert_eq!(quota.is_adjustable(), cells[4] == "yes", "{name}");
        let expected = match quota {
            Quota::POLICY_SIZE => "32768".to_owned(),
            // The number of today's interface (docs/spec/decisions.md).
            Quota::ON_DEMAND_ROTATIONS => "25".to_owned(),
            _ => cells[2].replace(',', ""),
        };
        assert_eq!(default(quota, "us-east-1"), expected, "{name}");
    }
    let sizes = Quota::all().filter(|quota| quota.kind() == Kind::Size);
    assert_eq!(sizes.collect::<Vec<_>>(), [Quota::POLICY_SIZE]);
}

/// The operations and the rate of each row are compared with its own cells.
///
/// REF-174, REF-175, REF-176, REF-177, REF-178, REF-179, REF-180, REF-181, REF-182, REF-183, REF-184, REF-185, REF-186,
/// REF-187, REF-188, REF-189, REF-190, REF-191, REF-192, REF-193, REF-194, REF-195, REF-196, REF-197, REF-198, REF-199,
/// REF-200, REF-201, REF-202, REF-203, REF-204, REF-205, REF-206, REF-207, REF-208, REF-209, REF-210, REF-212, REF-213,
/// REF-214, REF-215, REF-216, REF-217, REF-218, REF-219, REF-220, REF-516, SPK-453
#[test]
fn rates_of_operations_are_those_of_the_table() {
    let rows = rows(174..=221);
    assert_eq!(rows.len(), 48);
    for cells in rows {
        let name = cells[1].replace(", China Regions only", "");
        let quota = match name.strip_prefix("GenerateDataKeyPair (") {
            Some(spec) => Quota::data_key_pair(spec.trim_end_matches(')')),
            None => Quota::of_operation(&name),
        };
        assert_eq!(quota.name(), format!("{name} request rate"));
        let rate = cells[3].split(' ').next().expect("a rate");
        for place in ["us-east-1", "eu-north-1", "cn-north-1", "home-lab-1"] {
            assert_eq!(default(quota, place), rate, "{name}");
        }
        assert!(quota.is_adjustable(), "{name}");
        assert_eq!(quota.kind(), Kind::Rate);
        let expected = match name.split_once(" (") {
            Some((pair, _)) => vec![pair.to_owned(), format!("{pair}WithoutPlaintext")],
            None => vec![name],
        };
        assert_eq!(quota.operations(), expected);
    }
}

/// REF-170, REF-171, REF-172, REF-169, REF-501
#[test]
fn shared_rates_are_those_of_the_table() {
    let rows = rows(170..=172);
    let ours = [Quota::SYMMETRIC, Quota::RSA, Quota::ECC];
    for (cells, quota) in rows.iter().zip(ours) {
        let name = cells[1].strip_suffix(", SHARED").expect("a shared quota");
        assert_eq!(quota.name(), name);
        assert!(quota.is_adjustable());
        let rates = cells[3].replace(',', "");
        assert_eq!(rates.split(';').next(), Some(&*default(quota, "eu-north-1")));
        let listed = |operation: &str| cells[2].split([' ', ',', ';']).any(|word| word == operation);
        for operation in quota.operations() {
            // The interface has got an operation for key agreement since.
            assert!(
                listed(operation) || *operation == "DeriveSharedSecret",
                "{quota:?}: {operation}"
            );
        }
    }
    let faster = rows[0][3];
    for (rate, places) in faster.split("; ").skip(1).filter_map(|part| part.split_once(" in ")) {
        for place in places.split(", ") {
            assert_eq!(default(Quota::SYMMETRIC, place), rate.replace(',', ""), "{place}");
        }
    }
    assert_eq!(faster.matches('-').count(), 9 * 2, "nine Regions are named");
}

/// A Region that only a house knows is one of the slower ones.
///
/// REF-223
#[test]
fn unknown_regions_have_the_common_rate() {
    for place in ["home-lab-1", "eu-zurich-7", "cn-north-1", "us-gov-west-1"] {
        assert_eq!(default(Quota::SYMMETRIC, place), "5500", "{place}");
    }
}

/// REF-222
#[test]
fn every_quota_is_found_by_its_code_and_its_name() {
    let codes: std::collections::BTreeSet<_> = Quota::all().map(Quota::code).collect();
    assert_eq!(codes.len(), Quota::all().len());
    for quota in Quota::all() {
        assert_eq!(Quota::find(quota.code()), Some(quota));
        assert_eq!(Quota::find(quota.name()), Some(quota));
    }
    assert_eq!(Quota::find("CreateKey"), Some(Quota::of_operation("CreateKey")));
    assert_eq!(Quota::find("L-6E3AF000"), Some(Quota::SYMMETRIC));
    assert_eq!(Quota::find("Cryptographic operations"), None);
    // What comes after the table has a rate too.
    assert_eq!(Quota::of_operation("OperationOfTomorrow"), Quota::OTHER);
    assert_eq!(Quota::data_key_pair("SPEC_OF_TOMORROW"), Quota::OTHER);
    assert_eq!(default(Quota::OTHER, "us-east-1"), "100");
}

/// REF-231, REF-528
#[test]
fn the_key_chooses_the_shared_quota() {
    for (specs, quota) in [
        (&["SYMMETRIC_DEFAULT", "HMAC_224", "HMAC_512"][..], Quota::SYMMETRIC),
        (&["RSA_2048", "RSA_4096"], Quota::RSA),
        (
            &["ECC_NIST_P256", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519"],
            Quota::ECC,
        ),
        (&["SM2"], Quota::SM2),
        (&["ML_DSA_44", "ML_KEM_1024"], Quota::ML),
    ] {
        for spec in specs {
            assert_eq!(Quota::cryptographic(spec), quota, "{spec}");
        }
    }
}

/// What a quota can be said to be, exactly.
#[test]
fn amounts_are_read_and_written_alike() {
    for text in ["5", "0.25", "0.1", "50000", "0", "1.005", "unlimited"] {
        assert_eq!(text.parse::<Amount>().expect("an amount").to_string(), text);
    }
    assert_eq!("0.50".parse(), Ok(Amount::thousandths(500)));
    for text in [
        "",
        ".",
        "1.",
        ".5",
        "-1",
        "+1",
        "1e3",
        "1.0005",
        "1,000",
        "Unlimited",
        "18446744073709551615",
    ] {
        assert!(text.parse::<Amount>().is_err(), "{text}");
    }
    let largest = u64::MAX - 1;
    let text = Amount::thousandths(largest).to_string();
    assert_eq!(text.parse(), Ok(Amount::thousandths(largest)));
}

/// The page of the book that has the tables.
const PAGE: &str = include_str!("../../../../docs/operating/quotas.md");

/// REF-242
#[test]
fn the_book_has_the_table_and_says_what_to_do_near_a_quota() {
    let rows: Vec<Vec<_>> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .map(|line| line.split(" | ").collect())
        .filter(|cells: &Vec<&str>| cells[0] != "quota" && cells[0] != "---")
        .collect();
    assert_eq!(rows.len(), Quota::all().len());
    for cells in rows {
        let quota = Quota::find(cells[0]).unwrap_or_else(|| panic!("{} is no quota", cells[0]));
        assert_eq!(cells[1], format!("`{}`", quota.code()), "{quota:?}");
        assert_eq!(cells[2], default(quota, "home-lab-1"), "{quota:?}");
    }
    let near = PAGE
        .lines()
        .skip_while(|line| !line.contains("`GenerateDataKey`, use each data key more often"));
    let words: Vec<_> = near.take(2).flat_map(str::split_whitespace).collect();
    let advice = words.join(" ");
    for way in ["data key caching in the AWS Encryption SDK", "bucket keys"] {
        assert!(advice.contains(way), "{advice}");
    }
}
