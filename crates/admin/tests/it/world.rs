//! A deployment in memory: two accounts, users and roles, keys of the real KMS, and the operator's door.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use trent_admin::{Facts, Operator, Questions, Seal, SealState, Verification};
use trent_api::ApiError;
use trent_audit::{Drain, MemoryLog, Trail};
use trent_identity::declaration::no_files;
use trent_identity::directory::principals::Tag;
use trent_identity::directory::{Holder, NewPolicy, NewRole, NewUser};
use trent_identity::{Directory, Edit, Seed, SignedRequest};
use trent_keystore::{Keyring, SoftwareKeystore, SystemRandomness};
use trent_kms::{Kms, Runner};
use trent_names::Region;
use trent_service::{
    Admission, ByPolicy, ClockGuard, FixedClock, Frame, Initiator, OperatorAdmission, Peer, Pipeline, Reply,
};
use trent_store::{MemoryEngine, Mode, Options, Sealed};

pub(crate) const OWNER: &str = "111122223333";
pub(crate) const PARTNER: &str = "444455556666";
/// A key whose policy gives its account everything, and the partner's account what names a project.
pub(crate) const SHARED: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
/// A key whose policy names one role of its account, a service and somebody elsewhere.
pub(crate) const CLOSED: &str = "1234abcd-12ab-34cd-56ef-1234567890cd";

const NOW: Duration = Duration::from_secs(1_700_000_000);

const SHARED_POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Own", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
     "Action": "kms:*", "Resource": "*"},
    {"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
     "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": "*",
     "Condition": {"StringEquals": {"kms:EncryptionContext:Project": "Alpha"}}},
    {"Sid": "NotFromAfar", "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKey", "Resource": "*",
     "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
  ]
}"#;

const CLOSED_POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "App", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
     "Principal": {"AWS": ["arn:aws:iam::111122223333:role/service/App", "arn:aws:iam::999999999999:user/Far"],
                   "Service": "logs.amazonaws.com"}}
  ]
}"#;

const ALLOW_USE: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Use","Effect":"Allow","Action":["kms:Encrypt","kms:Decrypt","kms:GenerateDataKey"],"Resource":"*"}]}"#;
const ALLOW_READ: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:DescribeKey","Resource":"*"}]}"#;

/// The seal of a deployment in memory.
struct Unsealed;

#[async_trait]
impl Seal for Unsealed {
    async fn state(&self) -> Result<SealState, ApiError> {
        Ok(SealState {
            kind: String::new(),
            id: String::new(),
            generations: Vec::new(),
        })
    }
}

/// Everything.
pub(crate) struct World {
    operator: Operator,
    pipeline: Pipeline,
}

impl World {
    pub(crate) async fn new() -> Self {
        let region = Region::parse("us-east-1").expect("a Region");
        let keyring = Keyring::generate(&SystemRandomness).expect("randomness");
        let engine = Arc::new(MemoryEngine::new());
        let store = Sealed::open(engine, keyring.record_sealer(), Options::default())
            .await
            .expect("an empty store opens");
        let keystore: Arc<SoftwareKeystore> = Arc::new(SoftwareKeystore::new(&keyring));
        let directory = Arc::new(Directory::new(&store, Arc::clone(&keystore) as _));
        let regions = [region.clone()];
        let kms = Arc::new(Kms::new(
            &store,
            &regions,
            keystore,
            Arc::clone(&directory) as _,
            &Arc::default(),
        ));
        populate(&directory).await;
        let seed = Seed::parse(&seed(), &no_files).expect("a seed");
        trent_kms::seed::apply(&kms, &seed.keys, &region, NOW)
            .await
            .expect("the keys are made");
        let trail = Trail::in_memory(MemoryLog::new(1 << 20));
        let drain = Arc::new(Drain::new(trail.clone(), &store, &regions));
        let guard = Arc::new(ClockGuard::trusting(Arc::new(FixedClock::at(NOW))));
        let initiator = Initiator::new(store.clone(), trail.clone(), Arc::clone(&drain));
        let runner = Runner::new(Arc::clone(&kms), initiator, Arc::clone(&guard));
        Self {
            operator: Operator {
                store: store.clone(),
                trail: trail.clone(),
                security_log: None,
                mode: Mode::Development,
                directory: Arc::clone(&directory),
                clock: None,
                questions: Questions {
                    directory,
                    service: Arc::clone(&kms) as _,
                    endpoints: Vec::new(),
                },
                keys: Arc::clone(&kms) as _,
                request_quotas: Arc::default(),
                inventory: Arc::clone(&kms) as _,
                tags: kms,
                deliveries: Vec::new(),
                guard,
                ledger: None,
                upkeep: Arc::new(runner),
                verification: Verification::default(),
                seal: Arc::new(Unsealed),
                facts: Facts {
                    version: String::new(),
                    boundary: String::new(),
                    regions: Vec::new(),
                    started: NOW,
                },
            },
            pipeline: Pipeline {
                admission: Box::new(OperatorAdmission::new(1000, region)),
                authorizer: Box::new(ByPolicy),
                drain,
                store,
                trail,
                clock: Arc::new(FixedClock::at(NOW)),
                meter: trent_service::Meter::of::<Operator>(),
                request_quotas: Arc::default(),
            },
        }
    }

    /// Asks one of the operator's questions; the refusal's message if it is refused.
    pub(crate) async fn ask(&self, operation: &str, input: Value) -> Result<Value, String> {
        self.ask_as(1000, operation, input).await
    }

    pub(crate) async fn ask_as(&self, uid: u32, operation: &str, input: Value) -> Result<Value, String> {
        let reply = self.serve(Peer::Local { uid }, operation, &input).await;
        if reply.body.is_empty() {
            return Ok(Value::Null);
        }
        let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        if reply.status == 200 {
            return Ok(body);
        }
        let message = body["message"].as_str().or(body["Message"].as_str());
        Err(message.expect("a refusal says why").to_owned())
    }

    /// What a request from there is answered.
    pub(crate) async fn serve(&self, peer: Peer, operation: &str, input: &Value) -> Reply {
        let body = input.to_string();
        let frame = Frame {
            request_id: uuid::Uuid::from_u128(7),
            operation,
            signed: SignedRequest {
                method: "POST",
                path: "/",
                query: "",
                headers: &[],
                body: body.as_bytes(),
            },
            peer,
            tls: None,
            user_agent: "a test",
            received: NOW,
        };
        self.pipeline.serve(&self.operator, frame).await
    }

    /// The same deployment, with another door to the operator's operations.
    pub(crate) fn behind(mut self, door: impl Admission) -> Self {
        self.pipeline.admission = Box::new(door);
        self
    }

    /// The one explanation of a question about the shared key.
    pub(crate) async fn explain(&self, principal: &str, action: &str, more: &Value) -> Value {
        let mut input = json!({"Principal": principal, "Action": action, "Key": SHARED});
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        let mut answer = self.ask("Explain", input).await.expect("an answer");
        assert_eq!(answer["Explanations"].as_array().map(Vec::len), Some(1), "{answer}");
        answer["Explanations"][0].take()
    }
}

pub(crate) fn user(account: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:user/{name}")
}

pub(crate) fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

fn seed() -> String {
    let key = |id: &str, policy: &str, aliases: &[&str]| json!({"account": OWNER, "id": id, "policy": policy, "aliases": aliases});
    json!({"keys": [key(SHARED, SHARED_POLICY, &["alias/shared"]), key(CLOSED, CLOSED_POLICY, &[])]}).to_string()
}

async fn populate(directory: &Directory) {
    for id in [OWNER, PARTNER] {
        let change = directory.create(id.parse().expect("an account"), "test", NOW).await;
        let planned = change.expect("a new account").plan(());
        directory.commit(planned).await.expect("committed");
    }
    let mut owner = edit(directory, OWNER).await;
    for name in ["Alice", "Carol"] {
        make_user(&mut owner, name).await;
    }
    put(&mut owner, Holder::User("Alice"), ALLOW_USE).await;
    let narrow = NewPolicy {
        name: "Narrow".to_owned(),
        document: ALLOW_READ.to_owned(),
        ..NewPolicy::default()
    };
    owner.create_policy(narrow).await.expect("a policy");
    let bounded = NewUser {
        name: "Bounded".to_owned(),
        boundary: Some(format!("arn:aws:iam::{OWNER}:policy/Narrow")),
        tags: vec![Tag {
            key: "Team".to_owned(),
            value: "Blue".to_owned(),
        }],
        ..NewUser::default()
    };
    owner.create_user(bounded).await.expect("a user");
    put(&mut owner, Holder::User("Bounded"), ALLOW_USE).await;
    let app = NewRole {
        name: "App".to_owned(),
        path: "/service/".to_owned(),
        trust_policy: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}]}"#
            .to_owned(),
        ..NewRole::default()
    };
    owner.create_role(app).await.expect("a role");
    directory.commit(owner.plan(())).await.expect("committed");
    let mut partner = edit(directory, PARTNER).await;
    make_user(&mut partner, "Eve").await;
    make_user(&mut partner, "Idle").await;
    put(&mut partner, Holder::User("Eve"), ALLOW_USE).await;
    directory.commit(partner.plan(())).await.expect("committed");
}

async fn edit<'d>(directory: &'d Directory, account: &str) -> Edit<'d> {
    let account = account.parse().expect("an account");
    directory.edit(account, NOW).await.expect("the account is there")
}

async fn make_user(edit: &mut Edit<'_>, name: &str) {
    let new = NewUser {
        name: name.to_owned(),
        ..NewUser::default()
    };
    edit.create_user(new).await.expect("a user");
}

async fn put(edit: &mut Edit<'_>, holder: Holder<'_>, document: &str) {
    edit.put_inline_policy(holder, "use", document).await.expect("a policy");
}
