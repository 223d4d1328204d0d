use serde_json::json;

use super::*;
use crate::{identity::IdentifiedPrincipal, json::Object};

/// What an event borrows.
struct Call {
    account: AccountId,
    region: Region,
    identity: UserIdentity,
    parameters: Fragment,
}

impl Call {
    fn new() -> Self {
        let account = AccountId::parse("111122223333").expect("an account");
        let mut parameters = Object::new();
        parameters
            .string("keyId", "alias/a")
            .map("encryptionContext", [("purpose", "test")]);
        Self {
            account,
            region: Region::parse("us-west-2").expect("a Region"),
            identity: UserIdentity::root("arn:aws:iam::111122223333:root", &account, "AKIAIOSFODNN7EXAMPLE"),
            parameters: parameters.finish(),
        }
    }

    fn event(&self) -> Event<'_> {
        Event {
            id: EventId::from_bytes([7; 16]),
            request_id: Some(Uuid::from_bytes([9; 16])),
            event_type: EventType::ApiCall,
            time_millis: 1_767_323_045_999,
            identity: &self.identity,
            source: "kms.amazonaws.com",
            name: "Encrypt",
            region: &self.region,
            source_ip: Some(IpAddr::from([192, 0, 2, 1])),
            calling_service: None,
            vpc_endpoint: None,
            tls: None,
            user_agent: "aws-cli/2.0",
            failure: None,
            request_parameters: Some(&self.parameters),
            response_elements: None,
            additional_event_data: None,
            read_only: true,
            resources: &[],
            recipient: Some(&self.account),
            shared: None,
            for_operator: None,
        }
    }
}

/// The record of an event, which is found by the same whether it was just made or is read again.
fn record(event: &Event<'_>) -> serde_json::Value {
    let rendered = event.render_noted();
    assert!(!rendered.json().contains(&b'\n'), "a record is one line");
    assert_eq!(
        in_order(rendered.noted()),
        in_order(Noted::of(rendered.json()).as_ref())
    );
    serde_json::from_slice(rendered.json()).expect("JSON")
}

fn in_order(noted: Option<&Noted>) -> (u32, Vec<u32>) {
    let noted = noted.expect("a record");
    let mut terms = noted.terms.as_slice().to_vec();
    terms.sort_unstable();
    (noted.time, terms)
}

#[test]
fn a_record_is_found_by_the_same_when_it_is_read_again() {
    let call = Call::new();
    let account = call.account;
    let session = |kind, arn| {
        UserIdentity::principal(&IdentifiedPrincipal {
            kind,
            principal_id: "AROACKCEVSQ6C2EXAMPLE:deploy",
            arn,
            account: &account,
            access_key_id: "",
            user_name: None,
            session: None,
        })
    };
    let identities = [
        call.identity.clone(),
        call.identity.clone().forwarded("s3.amazonaws.com"),
        session(
            "AssumedRole",
            "arn:aws:sts::111122223333:assumed-role/app/de\"plo\u{202e}y",
        ),
        session("FederatedUser", "arn:aws:sts::111122223333:federated-user/ana"),
        UserIdentity::of_another_account("AIDA", &account, Some("s3.amazonaws.com")),
        UserIdentity::service("s3.amazonaws.com"),
        UserIdentity::internal(&account),
        UserIdentity::operator("uid:0"),
        UserIdentity::unknown(),
    ];
    let mut odd = Object::new();
    odd.map(
        "encryptionContext",
        [("a", "b=c"), ("\u{0}\n\"", "\\\u{2028}é"), ("", "")],
    );
    let odd = odd.finish();
    let mut misleading = Object::new();
    misleading
        .map("other", [("encryptionContext", "x"), ("\"encryptionContext\"", "y")])
        .string("encryptionContext", "no map");
    let misleading = misleading.finish();
    let resources = [
        "arn:aws:kms:us-west-2:111122223333:key/1234abcd",
        "arn:aws:kms:us-west-2:111122223333:alias/a/b",
        "arn:aws:iam::111122223333:role/aws-service-role/x",
    ];
    let resources = resources.map(|arn| Resource { account: &account, arn });
    for identity in &identities {
        for request_parameters in [None, Some(&odd), Some(&misleading)] {
            for recipient in [None, Some(&account)] {
                record(&Event {
                    identity,
                    request_parameters,
                    recipient,
                    resources: &resources,
                    read_only: recipient.is_some(),
                    request_id: recipient.map(|_| Uuid::from_bytes([1; 16])),
                    ..call.event()
                });
            }
        }
    }
    let name = "x".repeat(2 * MAX_TEXT);
    let long = Event {
        name: &name,
        ..call.event()
    }
    .render_noted();
    assert_eq!(long.noted(), None, "what is left of it is read");
}

#[test]
fn a_record_has_the_fields_of_a_cloudtrail_record() {
    let expected = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "Root",
            "principalId": "111122223333",
            "arn": "arn:aws:iam::111122223333:root",
            "accountId": "111122223333",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE"
        },
        "eventTime": "2026-01-02T03:04:05Z",
        "eventSource": "kms.amazonaws.com",
        "eventName": "Encrypt",
        "awsRegion": "us-west-2",
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "aws-cli/2.0",
        "requestParameters": { "keyId": "alias/a", "encryptionContext": { "purpose": "test" } },
        "responseElements": null,
        "requestID": "09090909-0909-0909-0909-090909090909",
        "eventID": "07070707-0707-0707-0707-070707070707",
        "readOnly": true,
        "resources": [{
            "accountId": "111122223333",
            "type": "AWS::KMS::Key",
            "ARN": "arn:aws:kms:us-west-2:111122223333:key/1234abcd"
        }],
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management"
    });
    let call = Call::new();
    let resources = [Resource {
        account: &call.account,
        arn: "arn:aws:kms:us-west-2:111122223333:key/1234abcd",
    }];
    assert_eq!(
        record(&Event {
            resources: &resources,
            ..call.event()
        }),
        expected
    );
}

/// What the operator alone may know is not in the record that an account gets, and what a caller names its members does
/// not move the place where that is cut off.
#[test]
fn an_account_gets_its_record_without_the_operators_part() {
    let call = Call::new();
    let mut decided = Object::new();
    decided.string("decision", "KEY_POLICY_DOES_NOT_ENABLE_IAM");
    let decided = decided.finish();
    let mut parameters = Object::new();
    let odd = [("a", "b"), ("eventID", "x"), ("operatorOnly", "{}}")];
    parameters.map("encryptionContext", odd);
    let parameters = parameters.finish();
    for for_operator in [None, Some(&decided)] {
        let event = Event {
            request_parameters: Some(&parameters),
            for_operator,
            ..call.event()
        };
        let rendered = event.render();
        let whole = record(&event);
        assert_eq!(whole["operatorOnly"].is_object(), for_operator.is_some());
        let told: serde_json::Value = serde_json::from_slice(&for_account(rendered.json())).expect("JSON");
        assert_eq!(told["requestParameters"], whole["requestParameters"]);
        let mut without = whole;
        without.as_object_mut().expect("an object").remove("operatorOnly");
        assert_eq!(told, without);
    }
}

/// MON-53, REF-383
#[test]
fn copies_have_an_id_in_common() {
    let event_of = |shared| {
        record(&Event {
            shared,
            ..Call::new().event()
        })
    };
    let shared = EventId::from_bytes([3; 16]);
    assert_eq!(event_of(Some(shared))["sharedEventID"], shared.to_string());
    assert!(event_of(None).get("sharedEventID").is_none());
}

#[test]
fn a_failed_call_says_what_the_caller_was_told() {
    let failure = Failure {
        code: "AccessDenied",
        message: Some("User: \r\n{\"forged\":true}"),
    };
    let record = record(&Event {
        failure: Some(failure),
        request_parameters: None,
        ..Call::new().event()
    });
    assert_eq!(record["errorCode"], "AccessDenied");
    assert_eq!(record["errorMessage"], "User: \r\n{\"forged\":true}");
    assert_eq!(record["requestParameters"], json!(null));
    assert_eq!(record["resources"], json!([]));
}

#[test]
fn what_the_caller_chose_is_bounded() {
    let long = "x".repeat(100_000);
    let failure = Failure {
        code: "ValidationException",
        message: Some(&long),
    };
    let record = record(&Event {
        user_agent: &long,
        failure: Some(failure),
        ..Call::new().event()
    });
    for field in ["userAgent", "errorMessage"] {
        let text = record[field].as_str().expect("text");
        assert!(
            text.len() < MAX_TEXT + 120 && text.contains("sha256"),
            "{field}: {}",
            text.len()
        );
    }
}

#[test]
fn what_the_service_does_by_itself_comes_from_it() {
    let identity = UserIdentity::service("kms.amazonaws.com");
    let facts = Object::new().finish();
    let call = Call::new();
    let record = record(&Event {
        identity: &identity,
        source_ip: None,
        additional_event_data: Some(&facts),
        ..call.event()
    });
    assert_eq!(
        record["userIdentity"],
        json!({ "type": "AWSService", "invokedBy": "kms.amazonaws.com" })
    );
    assert_eq!(record["sourceIPAddress"], "kms.amazonaws.com");
    assert_eq!(record["additionalEventData"], json!({}));
}

/// REF-272
#[test]
fn a_service_stands_in_the_place_of_address_and_user_agent() {
    let call = Call::new();
    let identity = call.identity.clone().forwarded("ec2.amazonaws.com");
    let record = record(&Event {
        identity: &identity,
        calling_service: Some("ec2.amazonaws.com"),
        ..call.event()
    });
    assert_eq!(record["sourceIPAddress"], "ec2.amazonaws.com");
    assert_eq!(record["userAgent"], "ec2.amazonaws.com");
    assert_eq!(record["userIdentity"]["type"], "Root");
    assert_eq!(record["userIdentity"]["accessKeyId"], "AKIAIOSFODNN7EXAMPLE");
    assert_eq!(record["userIdentity"]["invokedBy"], "ec2.amazonaws.com");
}

#[test]
fn an_address_is_written_in_its_usual_form() {
    for text in [
        "0.0.0.0",
        "192.0.2.1",
        "255.255.255.255",
        "::1",
        "2001:db8::8a2e:370:7334",
    ] {
        let source_ip = Some(text.parse().expect("an address"));
        let call = Call::new();
        let event = Event {
            source_ip,
            ..call.event()
        };
        assert_eq!(record(&event)["sourceIPAddress"], text);
    }
}

#[test]
fn times_outside_the_calendar_do_not_break_a_record() {
    for (millis, text) in [
        (i64::MIN, "1970-01-01T00:00:00Z"),
        (-1, "1970-01-01T00:00:00Z"),
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400_000, "2000-02-29T00:00:00Z"),
        (i64::MAX, "9999-12-31T23:59:59Z"),
    ] {
        assert_eq!(
            record(&Event {
                time_millis: millis,
                ..Call::new().event()
            })["eventTime"],
            text
        );
    }
}

#[test]
fn a_random_id_is_a_version_4_uuid() {
    let id = EventId::from_random_bytes([0xff; 16]).to_string();
    assert_eq!(id, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    assert_eq!(EventId::parse(&id).map(|id| id.to_string()), Some(id));
}

/// MON-55: a call over TLS has its details between the endpoint and what the operator alone may know; a call without
/// has none.
#[test]
fn a_call_over_tls_tells_what_was_agreed_upon() {
    let facts = Call::new();
    let plain = record(&facts.event());
    assert!(plain.get("tlsDetails").is_none());
    let negotiated = crate::Negotiated {
        version: "TLSv1.2",
        cipher_suite: "ECDHE-RSA-AES256-GCM-SHA384",
        key_exchange: Some("x25519"),
    };
    let tls = |key_exchange, host| {
        Some(crate::TlsDetails {
            negotiated: crate::Negotiated {
                key_exchange,
                ..negotiated
            },
            host,
        })
    };
    let over_tls = Event {
        tls: tls(Some("x25519"), "kms.us-east-1.amazonaws.com"),
        ..facts.event()
    };
    let expected = serde_json::json!({
        "tlsVersion": "TLSv1.2",
        "cipherSuite": "ECDHE-RSA-AES256-GCM-SHA384",
        "clientProvidedHostHeader": "kms.us-east-1.amazonaws.com",
        "keyExchange": "x25519",
    });
    assert_eq!(record(&over_tls)["tlsDetails"], expected);
    // What a client says is escaped and has a limit, and no operator's part is made of it.
    let host = "\",\"operatorOnly\":{".repeat(1000);
    let resumed = Event {
        tls: tls(None, &host),
        ..facts.event()
    };
    let rendered = resumed.render();
    assert!(rendered.json().len() < 8 << 10);
    assert_eq!(for_account(rendered.json()), rendered.json());
    assert!(record(&resumed)["tlsDetails"].get("keyExchange").is_none());
}
