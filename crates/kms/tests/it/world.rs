//! A whole KMS in memory behind the real pipeline, with the real keystore. Only the door is different: the caller is
//! whoever the test says.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use trent_api::ApiError;
use trent_audit::{Drain, MemoryLog, Trail};
use trent_identity::{Directory, SignedRequest};
use trent_keystore::{Keyring, SoftwareKeystore, SystemRandomness};
use trent_kms::Kms;
use trent_kms::records::{KeyEntry, KeyRecord, entry_address, key_address};
use trent_names::{AccountId, KeyId, Region};
use trent_service::{Authorizer, ByPolicy, FixedClock, Frame, Peer, Pipeline};
use trent_store::{MemoryEngine, Options, Sealed};

use crate::door::Door;

/// The account that tests act in unless they say otherwise.
pub(crate) const ACCOUNT: &str = "111122223333";
/// Another account.
pub(crate) const OTHER: &str = "444455556666";
/// The Region that tests act in unless they say otherwise.
pub(crate) const REGION: &str = "us-west-2";
/// Another Region that is served.
pub(crate) const ELSEWHERE: &str = "eu-central-1";
/// A key id that no key has.
pub(crate) const NO_KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// A key policy that gives the account everything.
pub(crate) const OPEN: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}}"#;

/// The time at which the clock of a new world stands.
pub(crate) const START: Duration = Duration::from_millis(1_700_000_000_123);

/// A caller in a Region.
#[derive(Clone, Copy)]
pub(crate) struct Who {
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    /// A user of the account; its root user if there is no name.
    pub(crate) user: Option<&'static str>,
    /// A role of the account, of which this is a session, and the session's name.
    pub(crate) role: Option<(&'static str, &'static str)>,
    /// The unique id of the user or role.
    pub(crate) id: Option<&'static str>,
    /// What an IAM policy allows: an action, or the whole policy.
    pub(crate) iam: Option<&'static str>,
}

impl Who {
    /// What the door reads.
    fn headers(self) -> Vec<(&'static str, String)> {
        let role = self.role.map(|(role, session)| format!("{role}/{session}"));
        let given = [
            ("user", self.user.map(str::to_owned)),
            ("role", role),
            ("id", self.id.map(str::to_owned)),
            ("iam", self.iam.map(str::to_owned)),
        ];
        let given = given.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let always = [("region", self.region.to_owned()), ("account", self.account.to_owned())];
        always.into_iter().chain(given).collect()
    }
}

fn frame<'a>(operation: &'a str, headers: &'a [(&'a str, &'a [u8])], body: &'a str) -> Frame<'a> {
    Frame {
        request_id: uuid::Uuid::from_u128(7),
        operation,
        signed: SignedRequest {
            method: "POST",
            path: "/",
            query: "",
            headers,
            body: body.as_bytes(),
        },
        peer: Peer::Network(IpAddr::from([192, 0, 2, 7])),
        user_agent: "a test",
        received: Duration::ZERO,
    }
}

/// The root user of the account in the usual Region.
pub(crate) const ROOT: Who = Who {
    account: ACCOUNT,
    region: REGION,
    user: None,
    role: None,
    id: None,
    iam: None,
};

/// The root user of the other account.
pub(crate) const STRANGER: Who = Who { account: OTHER, ..ROOT };

/// A user without any permission.
pub(crate) const USER: Who = Who {
    user: Some("alice"),
    ..ROOT
};

/// A KMS and what is around it.
pub(crate) struct World {
    pub(crate) kms: Kms,
    pub(crate) directory: Arc<Directory>,
    pub(crate) store: Sealed,
    pub(crate) clock: Arc<FixedClock>,
    pipeline: Pipeline,
    log: MemoryLog,
}

/// A refusal as the wire has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: Option<String>,
}

impl Refusal {
    /// The error's name and message.
    pub(crate) fn pair(&self) -> (&str, &str) {
        (&self.code, self.message.as_deref().unwrap_or(""))
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// A world in which changes are seen after this time, as in a replicated service.
    pub(crate) async fn behind(delay: Duration) -> Self {
        Self::with(Options {
            replication_delay: Some(delay),
            ..Options::default()
        })
        .await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let regions = [region(REGION), region(ELSEWHERE)];
        let keyring = Keyring::generate(&SystemRandomness).expect("the system has randomness");
        let engine = Arc::new(MemoryEngine::new());
        let store = Sealed::open(engine, keyring.record_sealer(), options)
            .await
            .expect("an empty store opens");
        let log = MemoryLog::new(1 << 22);
        let trail = Trail::in_memory(log.clone());
        let clock = Arc::new(FixedClock::at(START));
        let pipeline = Pipeline {
            admission: Box::new(Door),
            authorizer: Box::new(ByPolicy),
            store: store.clone(),
            drain: Arc::new(Drain::new(trail.clone(), &store, &regions)),
            trail,
            clock: Arc::clone(&clock) as _,
        };
        let keystore: Arc<SoftwareKeystore> = Arc::new(SoftwareKeystore::new(&keyring));
        let directory = Arc::new(Directory::new(&store, Arc::clone(&keystore) as _));
        Self {
            kms: Kms::new(&store, &regions, keystore, Arc::clone(&directory) as _),
            directory,
            store,
            clock,
            pipeline,
            log,
        }
    }

    /// Sends a request and gives the reply's body, which is null for an empty one.
    pub(crate) async fn send(&self, who: Who, operation: &str, body: &Value) -> Result<Value, Refusal> {
        let (headers, body) = (who.headers(), body.to_string());
        let headers: Vec<_> = headers.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        let reply = self.pipeline.serve(&self.kms, frame(operation, &headers, &body)).await;
        if reply.status == 200 && reply.body.is_empty() {
            return Ok(Value::Null);
        }
        let body: Value = serde_json::from_slice(&reply.body).expect("replies are JSON");
        if reply.status == 200 {
            return Ok(body);
        }
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Err(Refusal {
            status: reply.status,
            code: text("__type").expect("an error has a type"),
            message: text("message").or_else(|| text("Message")),
        })
    }

    /// Takes a request of any operation, built or not, as far as its authorization; the error that ends it there.
    pub(crate) async fn ask(&self, who: Who, operation: &str, body: &Value) -> Result<(), ApiError> {
        let (headers, body) = (who.headers(), body.to_string());
        let headers: Vec<_> = headers.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        let frame = frame(operation, &headers, &body);
        self.pipeline.would_allow(&self.kms, frame).await
    }

    /// Leaves decisions to somebody else from now on.
    pub(crate) fn decided_by(&mut self, authorizer: impl Authorizer) {
        self.pipeline.authorizer = Box::new(authorizer);
    }

    /// A request of the root user that succeeds.
    pub(crate) async fn ok(&self, operation: &str, body: Value) -> Value {
        self.ok_as(ROOT, operation, body).await
    }

    /// A request that succeeds.
    pub(crate) async fn ok_as(&self, who: Who, operation: &str, body: Value) -> Value {
        match self.send(who, operation, &body).await {
            Ok(reply) => reply,
            Err(refusal) => panic!("{operation} {body}: {refusal:?}"),
        }
    }

    /// A request of the root user that is refused.
    pub(crate) async fn refused(&self, operation: &str, body: Value) -> Refusal {
        self.refused_as(ROOT, operation, body).await
    }

    /// A request that is refused.
    pub(crate) async fn refused_as(&self, who: Who, operation: &str, body: Value) -> Refusal {
        match self.send(who, operation, &body).await {
            Ok(reply) => panic!("{operation} {body} succeeded: {reply}"),
            Err(refusal) => refusal,
        }
    }

    /// A new key of the root user; its id.
    pub(crate) async fn key(&self) -> String {
        self.key_of(ROOT).await
    }

    /// A new key; its id.
    pub(crate) async fn key_of(&self, who: Who) -> String {
        let made = self.ok_as(who, "CreateKey", json!({})).await;
        text(&made["KeyMetadata"]["KeyId"]).to_owned()
    }

    /// A new key of the root user of this spec and usage; its id.
    pub(crate) async fn key_for(&self, spec: &str, usage: &str) -> String {
        let made = self.ok("CreateKey", json!({"KeySpec": spec, "KeyUsage": usage})).await;
        text(&made["KeyMetadata"]["KeyId"]).to_owned()
    }

    /// Encrypts with a key of the root user; the ciphertext in base64.
    pub(crate) async fn encrypt(&self, key: &str, plaintext: &[u8]) -> String {
        let reply = self
            .ok("Encrypt", json!({"KeyId": key, "Plaintext": base64(plaintext)}))
            .await;
        text(&reply["CiphertextBlob"]).to_owned()
    }

    /// The metadata of a key of the root user.
    pub(crate) async fn describe(&self, key: &str) -> Value {
        self.ok("DescribeKey", json!({ "KeyId": key })).await["KeyMetadata"].take()
    }

    /// Changes a key's record as operations of other capabilities would.
    pub(crate) async fn alter(&self, key: &str, change: impl FnOnce(&mut KeyRecord)) {
        let store = self.store.region(&region(REGION));
        let id = KeyId::parse(key).expect("a key id");
        let address = key_address(AccountId::parse(ACCOUNT).expect("an account"), id);
        let stored = store.get(&address).await.expect("the store reads");
        let stored = stored.expect("the key is there");
        let mut record = stored.value;
        change(&mut record);
        let mut txn = store.txn();
        txn.update(&address, &record, stored.revision);
        store.commit(txn).await.expect("the store commits");
    }

    /// Gives the account a key in a Region that is like one of its keys but for its id and the change, as operations of
    /// other capabilities would. It has no material that could be used.
    pub(crate) async fn install(&self, like: &str, in_region: &str, id: &str, change: impl FnOnce(&mut KeyRecord)) {
        let account = AccountId::parse(ACCOUNT).expect("an account");
        let store = self.store.region(&region(REGION));
        let address = key_address(account, KeyId::parse(like).expect("a key id"));
        let stored = store.get(&address).await.expect("the store reads");
        let mut record = stored.expect("the key is there").value;
        record.id = KeyId::parse(id).expect("a key id");
        record.aliases.clear();
        change(&mut record);
        let store = self.store.region(&region(in_region));
        let mut txn = store.txn();
        txn.insert(&key_address(account, record.id), &record);
        txn.insert(&entry_address(account, record.id), &KeyEntry { id: record.id });
        store.commit(txn).await.expect("the store commits");
    }

    /// The trail's records after everything that waits has been moved into it.
    pub(crate) async fn records(&self) -> Vec<Value> {
        self.pipeline.drain.run_once().await.expect("the outbox empties");
        let content = String::from_utf8(self.log.content()).expect("the trail is text");
        content
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| line.get("eventVersion").is_some())
            .collect()
    }

    /// The last record of an operation.
    pub(crate) async fn last_record(&self, operation: &str) -> Value {
        let mut records = self.records().await;
        let at = records.iter().rposition(|record| record["eventName"] == operation);
        records.remove(at.expect("the operation was recorded"))
    }
}

/// A Region by its name.
pub(crate) fn region(name: &str) -> Region {
    Region::parse(name).expect("a legal Region")
}

/// The ARN of a key of the root user.
pub(crate) fn key_arn(id: &str) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{id}")
}

/// The ARN of an alias of the root user.
pub(crate) fn alias_arn(name: &str) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:{name}")
}

/// Bytes as the wire has them.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The reverse of [`base64`].
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(text(value)).expect("blobs are base64")
}

/// A text in a reply.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
