use serde_json::json;

use super::*;

fn event() -> Value {
    json!({
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.kms",
        "account": "111122223333",
        "region": "us-east-1",
        "resources": ["arn:one", "arn:two"],
        "detail": {
            "eventName": "TagResource",
            "sourceIPAddress": "10.1.2.3",
            "count": 5,
            "readOnly": false,
            "errorCode": null,
            "requestParameters": {"tags": [{"tagKey": "Team", "tagValue": "x"}, {"tagKey": "Cost", "tagValue": "y"}]},
        },
    })
}

fn matches(pattern: &Value) -> bool {
    Pattern::parse(&pattern.to_string())
        .unwrap_or_else(|error| panic!("{pattern}: {error}"))
        .matches_value(&event())
}

/// MON-246: what a pattern may ask of any member, and what each question answers.
#[test]
fn patterns_ask_of_any_member() {
    for (pattern, expected) in [
        (json!({"source": ["aws.kms"]}), true),
        (json!({"source": ["aws.sts", "aws.kms"]}), true),
        (json!({"source": ["aws.sts"]}), false),
        (json!({"source": ["aws.kms"], "account": ["999999999999"]}), false),
        (json!({"resources": ["arn:two"]}), true),
        (json!({"resources": [{"suffix": "three"}]}), false),
        (json!({"nothing": ["x"]}), false),
        (json!({"detail": {"eventName": [{"prefix": "Tag"}]}}), true),
        (json!({"detail": {"eventName": [{"prefix": "Untag"}]}}), false),
        (json!({"detail": {"eventName": [{"suffix": "Resource"}]}}), true),
        (
            json!({"detail": {"eventName": [{"equals-ignore-case": "TAGRESOURCE"}]}}),
            true,
        ),
        (json!({"detail": {"eventName": [{"wildcard": "T*Res*e"}]}}), true),
        (json!({"detail": {"eventName": [{"wildcard": "Tag"}]}}), false),
        (json!({"detail": {"eventName": [{"wildcard": "*Tag"}]}}), false),
        (
            json!({"detail": {"eventName": [{"anything-but": "TagResource"}]}}),
            false,
        ),
        (
            json!({"detail": {"eventName": [{"anything-but": ["CreateKey"]}]}}),
            true,
        ),
        (
            json!({"detail": {"eventName": [{"anything-but": {"prefix": "Tag"}}]}}),
            false,
        ),
        (
            json!({"detail": {"eventName": [{"anything-but": {"prefix": ["Un", "Cr"]}}]}}),
            true,
        ),
        (json!({"detail": {"nothing": [{"anything-but": "x"}]}}), false),
        (json!({"detail": {"nothing": [{"exists": false}]}}), true),
        (json!({"detail": {"eventName": [{"exists": true}]}}), true),
        (json!({"detail": {"eventName": [{"exists": false}]}}), false),
        (json!({"nothing": {"at": {"all": [{"exists": false}]}}}), true),
        (json!({"detail": {"count": [5]}}), true),
        (json!({"detail": {"count": [5.0]}}), true),
        (json!({"detail": {"count": ["5"]}}), false),
        (json!({"detail": {"count": [{"numeric": [">", 4, "<=", 5]}]}}), true),
        (json!({"detail": {"count": [{"numeric": ["<", 5]}]}}), false),
        (json!({"detail": {"count": [{"numeric": ["=", 5]}]}}), true),
        (json!({"detail": {"eventName": [{"numeric": ["=", 5]}]}}), false),
        (json!({"detail": {"readOnly": [false]}}), true),
        (json!({"detail": {"errorCode": [null]}}), true),
        (json!({"detail": {"sourceIPAddress": [{"cidr": "10.0.0.0/8"}]}}), true),
        (json!({"detail": {"sourceIPAddress": [{"cidr": "10.1.2.4/32"}]}}), false),
        (json!({"detail": {"sourceIPAddress": [{"cidr": "0.0.0.0/0"}]}}), true),
        // Both questions are about one element.
        (
            json!({"detail": {"requestParameters": {"tags": {"tagKey": ["Team"], "tagValue": ["x"]}}}}),
            true,
        ),
        (
            json!({"detail": {"requestParameters": {"tags": {"tagKey": ["Team"], "tagValue": ["y"]}}}}),
            false,
        ),
        (
            json!({"$or": [{"source": ["aws.sts"]}, {"region": ["us-east-1"]}]}),
            true,
        ),
        (
            json!({"$or": [{"source": ["aws.sts"]}, {"region": ["us-west-2"]}]}),
            false,
        ),
        (
            json!({"source": ["aws.sts"], "$or": [{"region": ["us-east-1"]}, {"region": ["us-west-2"]}]}),
            false,
        ),
    ] {
        assert_eq!(matches(&pattern), expected, "{pattern}");
    }
}

#[test]
fn what_is_no_pattern_is_refused_with_its_place() {
    let long = format!(r#"{{"source":["{}"]}}"#, "x".repeat(LARGEST));
    for (text, said) in [
        ("", "EOF"),
        ("[]", "not a JSON object"),
        ("{}", "asks nothing"),
        (r#"{"detail":{}}"#, "at `detail`: an object that asks nothing"),
        (r#"{"source":"aws.kms"}"#, "at `source`: what is asked"),
        (r#"{"source":[]}"#, "at `source`: an empty list"),
        (r#"{"detail":{"x":[["y"]]}}"#, "at `detail.x`: a list in a list"),
        (r#"{"source":[{"like":"x"}]}"#, "no filter `like`"),
        (r#"{"source":[{"prefix":"x","suffix":"y"}]}"#, "one name"),
        (r#"{"source":[{"prefix":5}]}"#, "no filter `prefix`"),
        (r#"{"source":[{"numeric":["~",1]}]}"#, "`numeric` is"),
        (r#"{"source":[{"numeric":[">"]}]}"#, "`numeric` is"),
        (r#"{"source":[{"cidr":"10.0.0.0/33"}]}"#, "`cidr` is"),
        (r#"{"source":[{"wildcard":"a**"}]}"#, "two `*`"),
        (r#"{"source":[{"anything-but":[]}]}"#, "no filter"),
        (r#"{"source":[{"exists":"yes"}]}"#, "no filter"),
        (r#"{"$or":[{"source":["x"]}]}"#, "two choices"),
        (long.as_str(), "more than 4096 bytes"),
    ] {
        let error = Pattern::parse(text).expect_err(text).to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}
