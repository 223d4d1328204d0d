//! What a record of the trail is on an event bus.
//!
//! Three things that the service does by itself are events of its own. Beside that every record of an account is an event,
//! as trails deliver them.

use std::borrow::Cow;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The service whose own events these are, as records name it.
const KMS: &str = "kms.amazonaws.com";

/// Which records are events of the service's own, and what these are called.
const OWN: [(&str, &str); 3] = [
    ("RotateKey", "KMS CMK Rotation"),
    ("DeleteExpiredKeyMaterial", "KMS Imported Key Material Expiration"),
    ("DeleteKey", "KMS CMK Deletion"),
];

/// The version of the layout.
const VERSION: &str = "0";

/// One event. Its members have the order in which they are written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Event<'a> {
    version: &'static str,
    #[serde(serialize_with = "hyphenated")]
    id: Uuid,
    detail_type: &'static str,
    source: Cow<'a, str>,
    account: &'a str,
    time: &'a str,
    region: &'a str,
    resources: Vec<Cow<'a, str>>,
    detail: Detail<'a>,
    /// Whether it tells of a call that changed nothing.
    #[serde(skip)]
    read_only: bool,
}

/// What an event says.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    /// Which key it is about.
    Key {
        #[serde(rename = "key-id")]
        id: Cow<'a, str>,
    },
    /// The record.
    Record(&'a RawValue),
}

/// The members of a record that an event repeats.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(rename = "eventID", borrow)]
    id: &'a str,
    event_source: &'a str,
    event_name: Cow<'a, str>,
    event_time: &'a str,
    aws_region: &'a str,
    event_type: &'a str,
    #[serde(borrow)]
    recipient_account_id: Option<&'a str>,
    #[serde(default)]
    read_only: bool,
    #[serde(borrow, default)]
    resources: Vec<Resource<'a>>,
}

/// Something that a record is about. Paths of roles may have characters that are escaped.
#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(rename = "ARN", borrow)]
    arn: Cow<'a, str>,
}

/// The events that a record is: those of the service's own first. None of a record that belongs to no account.
pub fn events_of(json: &[u8]) -> Vec<Event<'_>> {
    let (Ok(record), Ok(raw)) = (
        serde_json::from_slice::<Record<'_>>(json),
        serde_json::from_slice::<&RawValue>(json),
    ) else {
        return Vec::new();
    };
    let (Some(account), Ok(id)) = (record.recipient_account_id, Uuid::try_parse(record.id)) else {
        return Vec::new();
    };
    let by_itself = record.event_type == "AwsServiceEvent";
    let event = |detail_type, resources, detail| Event {
        version: VERSION,
        id: id_of(detail_type, &id),
        detail_type,
        source: source_of(record.event_source),
        account,
        time: record.event_time,
        region: record.aws_region,
        resources,
        detail,
        read_only: record.read_only,
    };
    let mut events = Vec::with_capacity(2);
    let own = OWN.iter().find(|(name, _)| by_itself && *name == record.event_name);
    if let (Some((_, detail_type)), Some(key), KMS) = (own, record.resources.first(), record.event_source) {
        let id = key.arn.rsplit_once('/').map_or(&*key.arn, |(_, id)| id);
        let id = Cow::Owned(id.to_owned());
        events.push(event(detail_type, vec![key.arn.clone()], Detail::Key { id }));
    }
    let as_recorded = if by_itself {
        "AWS Service Event via CloudTrail"
    } else {
        "AWS API Call via CloudTrail"
    };
    events.push(event(as_recorded, Vec::new(), Detail::Record(raw)));
    events
}

impl Event<'_> {
    /// The same for the same event, however often it is delivered.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Whether it tells of a call that changed nothing.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// The event as text, in one line.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The members that a text stands for as it is: what tells most events from those that a rule is about.
    pub(super) fn plain(&self, member: &str) -> Option<&str> {
        Some(match member {
            "version" => self.version,
            "detail-type" => self.detail_type,
            "source" => &self.source,
            "account" => self.account,
            "time" => self.time,
            "region" => self.region,
            _ => return None,
        })
    }
}

fn hyphenated<S: Serializer>(id: &Uuid, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&id.as_hyphenated())
}

/// The name of a service as the source of events: `aws.kms` for `kms.amazonaws.com`.
fn source_of(service: &str) -> Cow<'_, str> {
    service
        .split_once('.')
        .map_or(Cow::Borrowed(service), |(name, _)| Cow::Owned(format!("aws.{name}")))
}

/// An event's id follows from its record's, so that it is the same each time; a record that is two events gives two.
fn id_of(detail_type: &str, record: &Uuid) -> Uuid {
    let mut digest = digest::Context::new(&digest::SHA256);
    digest.update(detail_type.as_bytes());
    digest.update(&[0]);
    digest.update(record.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finish().as_ref()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ARN: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    fn record(name: &str, kind: &str) -> Vec<u8> {
        json!({
            "eventVersion": "1.11",
            "userIdentity": {"accountId": "111122223333", "invokedBy": "AWS Internal"},
            "eventTime": "2022-08-10T16:37:50Z",
            "eventSource": "kms.amazonaws.com",
            "eventName": name,
            "awsRegion": "us-west-2",
            "requestParameters": null,
            "eventID": "a24b3967-ddad-417f-9b22-2332b918db06",
            "readOnly": false,
            "resources": [{"accountId": "111122223333", "type": "AWS::KMS::Key", "ARN": ARN}],
            "eventType": kind,
            "recipientAccountId": "111122223333",
        })
        .to_string()
        .into_bytes()
    }

    fn as_values(record: &[u8]) -> Vec<Value> {
        let parse = |event: &Event<'_>| serde_json::from_slice(&event.to_json()).expect("JSON");
        events_of(record).iter().map(parse).collect()
    }

    /// MON-236, MON-240, MON-241, MON-242: the three events of the service's own, member by member.
    #[test]
    fn what_the_service_does_by_itself_is_an_event_of_its_own() {
        for (name, detail_type) in [
            ("RotateKey", "KMS CMK Rotation"),
            ("DeleteExpiredKeyMaterial", "KMS Imported Key Material Expiration"),
            ("DeleteKey", "KMS CMK Deletion"),
        ] {
            let record = record(name, "AwsServiceEvent");
            let text = String::from_utf8(events_of(&record)[0].to_json()).expect("text");
            let id = events_of(&record)[0].id();
            let expected = format!(
                r#"{{"version":"0","id":"{id}","detail-type":"{detail_type}","source":"aws.kms","account":"111122223333","time":"2022-08-10T16:37:50Z","region":"us-west-2","resources":["{ARN}"],"detail":{{"key-id":"1234abcd-12ab-34cd-56ef-1234567890ab"}}}}"#
            );
            assert_eq!(text, expected);
        }
        // A call of that name, if there were one, is none of them.
        assert_eq!(as_values(&record("DeleteKey", "AwsApiCall")).len(), 1);
        assert_eq!(as_values(&record("SynchronizeMultiRegionKey", "AwsApiCall")).len(), 1);
    }

    /// MON-245: everything else is delivered as a trail delivers it.
    #[test]
    fn every_record_of_an_account_is_an_event_with_the_record_in_it() {
        let record = record("CreateKey", "AwsApiCall");
        let [event] = &as_values(&record)[..] else {
            panic!("one event")
        };
        assert_eq!(event["detail-type"], "AWS API Call via CloudTrail");
        assert_eq!(event["source"], "aws.kms");
        assert_eq!(event["resources"], json!([]));
        assert_eq!(event["detail"], serde_json::from_slice::<Value>(&record).expect("JSON"));
        let ours: Value = json!({"eventID": "a24b3967-ddad-417f-9b22-2332b918db06", "eventSource": "kms.amazonaws.com",
            "eventName": "Status", "eventTime": "t", "awsRegion": "us-west-2", "eventType": "AwsApiCall"});
        assert!(
            events_of(ours.to_string().as_bytes()).is_empty(),
            "the operator's own belong to no account"
        );
        assert!(events_of(b"torn").is_empty());
        let about = |arn: &str| {
            let mut record: Value = serde_json::from_slice(&record).expect("JSON");
            record["resources"] = json!([{"ARN": arn}]);
            as_values(record.to_string().as_bytes()).len()
        };
        assert_eq!(
            about(r#"arn:aws:iam::111122223333:role/a"\b/c"#),
            1,
            "whatever it is about"
        );
    }

    /// MON-426
    #[test]
    fn an_event_has_the_same_id_each_time_and_no_two_have_the_same() {
        let record = record("DeleteKey", "AwsServiceEvent");
        let ids = || events_of(&record).iter().map(Event::id).collect::<Vec<_>>();
        assert_eq!(ids(), ids());
        assert_eq!(ids().len(), 2);
        assert_ne!(ids()[0], ids()[1]);
        assert_eq!(ids()[0].get_version_num(), 4);
    }
}
