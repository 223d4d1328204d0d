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
use trent_kms::records::{KeyEntry, KeyRecord, entry_address, key_address};
use trent_kms::{Courier, Delivery, Kms, Runner};
use trent_names::{AccountId, KeyId, Region};
use trent_service::{
    Authorizer, ByPolicy, Clock as _, ClockGuard, FixedClock, Frame, Initiator, Peer, Pipeline, Quotas, Upkeep,
};
use trent_store::{Engine, MemoryEngine, Options, Sealed};

use crate::door::Door;

/// The account that tests act in unless they say otherwise.
pub(crate) const ACCOUNT: &str = "111122223333";
/// Another account.
pub(crate) const OTHER: &str = "444455556666";
/// The Region that tests act in unless they say otherwise.
pub(crate) const REGION: &str = "us-west-2";
/// Another Region that is served.
pub(crate) const ELSEWHERE: &str = "eu-central-1";
/// A third one.
pub(crate) const FAR: &str = "ap-northeast-1";
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
        tls: None,
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
    pub(crate) kms: Arc<Kms>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) store: Sealed,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) quotas: Arc<Quotas>,
    keystore: Arc<SoftwareKeystore>,
    pub(crate) courier: Arc<Courier>,
    pipeline: Pipeline,
    runner: Runner,
    delivery: Delivery,
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
        Self::of(options, |kms| kms).await
    }

    /// A world whose KMS is made differently.
    pub(crate) async fn of(options: Options, change: impl FnOnce(Kms) -> Kms) -> Self {
        let keyring = Keyring::generate(&SystemRandomness).expect("the system has randomness");
        let engine = Arc::new(MemoryEngine::new());
        let store = Sealed::open(engine, keyring.record_sealer(), options)
            .await
            .expect("an empty store opens");
        Self::over(store, Arc::new(SoftwareKeystore::new(&keyring)), START, change)
    }

    /// A server that starts over what an engine has, with the keystore of this keyring.
    pub(crate) async fn started(engine: Arc<dyn Engine>, keyring: &Keyring, now: Duration) -> Self {
        let store = Sealed::open(engine, keyring.record_sealer(), Options::default())
            .await
            .expect("the store is whole");
        Self::over(store, Arc::new(SoftwareKeystore::new(keyring)), now, |kms| kms)
    }

    /// The same store under a server that remembers nothing.
    pub(crate) fn restarted(&self) -> Self {
        Self::over(
            self.store.clone(),
            Arc::clone(&self.keystore),
            self.clock.now(),
            |kms| kms,
        )
    }

    fn over(store: Sealed, keystore: Arc<SoftwareKeystore>, now: Duration, change: impl FnOnce(Kms) -> Kms) -> Self {
        let regions = [REGION, ELSEWHERE, FAR].map(region);
        let log = MemoryLog::new(1 << 22);
        let trail = Trail::in_memory(log.clone());
        let clock = Arc::new(FixedClock::at(now));
        let drain = Arc::new(Drain::new(trail.clone(), &store, &regions));
        let initiator = Initiator::new(store.clone(), trail.clone(), Arc::clone(&drain));
        let pipeline = Pipeline {
            admission: Box::new(Door),
            authorizer: Box::new(ByPolicy),
            store: store.clone(),
            drain,
            trail,
            clock: Arc::clone(&clock) as _,
            meter: trent_service::Meter::of::<Kms>(),
            request_quotas: Arc::default(),
        };
        let directory = Arc::new(Directory::new(&store, Arc::clone(&keystore) as _));
        let quotas = Arc::<Quotas>::default();
        let kms = Kms::new(
            &store,
            &regions,
            Arc::clone(&keystore) as _,
            Arc::clone(&directory) as _,
            &quotas,
        );
        let kms = Arc::new(change(kms));
        let guard = Arc::new(ClockGuard::trusting(Arc::clone(&clock) as _));
        let courier = Courier::new(Arc::clone(&kms), initiator.clone(), Arc::clone(&guard));
        let courier = Arc::new(courier);
        Self {
            runner: Runner::new(Arc::clone(&kms), initiator, guard),
            delivery: Delivery::new(Arc::clone(&kms), &store, Arc::clone(&courier) as _),
            courier,
            kms,
            directory,
            store,
            clock,
            quotas,
            keystore,
            pipeline,
            log,
        }
    }

    /// Sends a request and gives the reply's body, which is null for an empty one.
    pub(crate) async fn send(&self, who: Who, operation: &str, body: &Value) -> Result<Value, Refusal> {
        let (headers, body) = (who.headers(), body.to_string());
        let headers: Vec<_> = headers.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        let reply = self.pipeline.serve(&*self.kms, frame(operation, &headers, &body)).await;
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

    /// Another runner over the same keys.
    pub(crate) fn runner(&self) -> Runner {
        self.runner_guarded_by(Arc::new(ClockGuard::trusting(Arc::clone(&self.clock) as _)))
    }

    /// One that believes the clock as far as this guard does.
    pub(crate) fn runner_guarded_by(&self, guard: Arc<ClockGuard>) -> Runner {
        let Pipeline {
            store, trail, drain, ..
        } = &self.pipeline;
        let initiator = Initiator::new(store.clone(), trail.clone(), Arc::clone(drain));
        Runner::new(Arc::clone(&self.kms), initiator, guard)
    }

    /// Lets time pass, and what falls due be done; gives the number of steps that it took.
    pub(crate) async fn pass(&self, time: Duration) -> usize {
        self.clock.set(self.clock.now() + time);
        self.runner.settle().await
    }

    /// Lets the service do by itself whatever there is to do, as far as it can.
    pub(crate) async fn work(&self) {
        for _ in 0..3 {
            self.delivery.settle().await;
            self.runner.settle().await;
        }
        self.delivery.settle().await;
    }

    /// Moves the records that wait into the trail, as far as that can be done.
    pub(crate) async fn drain(&self) {
        let _ = self.pipeline.drain.run_once().await;
    }

    /// Sends a request while letters are delivered all the time.
    pub(crate) async fn send_connected(&self, who: Who, operation: &str, body: &Value) -> Result<Value, Refusal> {
        let replied = std::cell::Cell::new(false);
        let sending = async {
            let reply = self.send(who, operation, body).await;
            replied.set(true);
            reply
        };
        let delivering = async {
            while !replied.get() {
                self.delivery.settle().await;
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(sending, delivering).0
    }

    /// Has the letters between Regions delivered.
    pub(crate) async fn deliver(&self) {
        assert!(self.delivery.settle().await, "every letter can be delivered");
    }

    /// A replica of a key of the root user in another Region, ready for use; the reply to making it.
    pub(crate) async fn replicate(&self, who: Who, request: Value) -> Value {
        // The reply waits for the replica, and the replica for its letter.
        let (reply, ()) = tokio::join!(self.ok_as(who, "ReplicateKey", request), self.deliver_soon());
        self.deliver().await;
        reply
    }

    /// Has the letters delivered that are written within the next moments.
    async fn deliver_soon(&self) {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(3)).await;
            self.deliver().await;
        }
    }

    /// Takes a request of any operation, built or not, as far as its authorization; the error that ends it there.
    pub(crate) async fn ask(&self, who: Who, operation: &str, body: &Value) -> Result<(), ApiError> {
        let (headers, body) = (who.headers(), body.to_string());
        let headers: Vec<_> = headers.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        let frame = frame(operation, &headers, &body);
        self.pipeline.would_allow(&*self.kms, frame).await
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
        self.alter_in(REGION, key, change).await;
    }

    /// The same of a key in another Region.
    pub(crate) async fn alter_in(&self, in_region: &str, key: &str, change: impl FnOnce(&mut KeyRecord)) {
        let store = self.store.region(&region(in_region));
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
