//! STS and a KMS over one directory in memory, behind the pipelines of a server: requests are signed and verified, and
//! time is where a test puts it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use trent_audit::{Drain, MemoryLog, Trail};
use trent_iam::Sts;
use trent_identity::directory::{Edit, Holder, NewRole, NewUser};
use trent_identity::web_identity::Issuers;
use trent_identity::{Directory, Realm, SignedRequest, VerifyingAuthenticator};
use trent_keystore::{Keyring, Keystore, SoftwareKeystore, SystemRandomness};
use trent_kms::Kms;
use trent_names::{AccountId, Region};
use trent_service::{ByPolicy, Catalogue, Clock as _, FixedClock, Frame, Peer, Pipeline, SignedAdmission};
use trent_store::{MemoryEngine, Options, Sealed};

use super::wire::{Key, element, encoded, signed};

/// The account that most of a test happens in.
pub(crate) const ACCOUNT: &str = "111122223333";
/// Another account.
pub(crate) const OTHER: &str = "444455556666";
/// When every world begins.
const START: Duration = Duration::from_hours(490_000);

/// A reply: the status and the body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// The text of an element of the reply, which must have succeeded.
    pub(crate) fn get(&self, name: &str) -> &str {
        assert_eq!(self.status, 200, "{}", self.body);
        element(&self.body, name).unwrap_or_else(|| panic!("no {name} in {}", self.body))
    }

    /// The code and the message of the refusal.
    pub(crate) fn refusal(&self) -> (&str, &str) {
        assert_ne!(self.status, 200, "{}", self.body);
        let text = |name| element(&self.body, name).unwrap_or_default();
        (text("Code"), text("Message"))
    }

    /// The credentials that the reply hands out.
    pub(crate) fn key(&self) -> Key {
        Key {
            id: self.get("AccessKeyId").to_owned(),
            secret: self.get("SecretAccessKey").to_owned(),
            token: Some(self.get("SessionToken").to_owned()),
        }
    }
}

/// A deployment.
pub(crate) struct World {
    pub(crate) directory: Arc<Directory>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) root: Key,
    pub(crate) other_root: Key,
    sts: Sts,
    kms: Kms,
    sts_pipeline: Pipeline,
    kms_pipeline: Pipeline,
    log: MemoryLog,
}

impl World {
    /// Two accounts with the root access keys of each.
    pub(crate) async fn new() -> Self {
        Self::with_issuers(Issuers::default()).await
    }

    /// The same; tokens of these issuers are believed.
    pub(crate) async fn with_issuers(issuers: Issuers) -> Self {
        let keyring = Keyring::generate(&SystemRandomness).expect("the system has randomness");
        let engine = Arc::new(MemoryEngine::new());
        let store = Sealed::open(engine, keyring.record_sealer(), Options::default());
        let store = store.await.expect("an empty store opens");
        let keystore: Arc<dyn Keystore> = Arc::new(SoftwareKeystore::new(&keyring));
        let directory = Arc::new(Directory::new(&store, Arc::clone(&keystore)));
        let log = MemoryLog::new(1 << 22);
        let trail = Trail::in_memory(log.clone());
        let clock = Arc::new(FixedClock::at(START));
        let mut pipelines = Vec::new();
        for service in ["sts", "kms"] {
            let realm = Realm::new([region()], service).with_global_endpoint();
            let authenticator = VerifyingAuthenticator::new(Arc::clone(&directory), realm);
            let authenticator = Arc::new(authenticator.await.expect("an authenticator"));
            let mut admission = SignedAdmission::new(authenticator, Arc::clone(&clock) as _);
            if service == "sts" {
                admission = admission.open_to_unsigned(region());
            }
            pipelines.push(Pipeline {
                admission: Box::new(admission),
                authorizer: Box::new(ByPolicy),
                store: store.clone(),
                trail: trail.clone(),
                drain: Arc::new(Drain::new(trail.clone(), &store, &[region()])),
                clock: Arc::clone(&clock) as _,
                request_quotas: Arc::default(),
                meter: if service == "sts" {
                    trent_service::Meter::of::<Sts>()
                } else {
                    trent_service::Meter::of::<Kms>()
                },
            });
        }
        let kms_pipeline = pipelines.pop().expect("two were made");
        let sts_pipeline = pipelines.pop().expect("two were made");
        let root = root_of(&directory, ACCOUNT).await;
        let other_root = root_of(&directory, OTHER).await;
        Self {
            sts: Sts::new(Arc::clone(&directory), issuers),
            kms: Kms::new(
                &store,
                &[region()],
                keystore,
                Arc::clone(&directory) as _,
                &Arc::default(),
            ),
            directory,
            clock,
            root,
            other_root,
            sts_pipeline,
            kms_pipeline,
            log,
        }
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, duration: Duration) {
        self.clock.set(self.clock.now() + duration);
    }

    /// Changes the first account.
    pub(crate) async fn edit(&self, change: impl AsyncFnOnce(&mut Edit<'_>)) {
        self.edit_in(ACCOUNT, change).await;
    }

    /// Changes an account.
    pub(crate) async fn edit_in(&self, account: &str, change: impl AsyncFnOnce(&mut Edit<'_>)) {
        let mut edit = self
            .directory
            .edit(id(account), self.clock.now())
            .await
            .expect("an account");
        change(&mut edit).await;
        self.directory.commit(edit.plan(())).await.expect("committed");
    }

    /// A user of the first account with one inline policy; its access key.
    pub(crate) async fn user(&self, name: &str, policy: &Value) -> Key {
        self.user_in(ACCOUNT, name, policy).await
    }

    /// A user of an account with one inline policy; its access key.
    pub(crate) async fn user_in(&self, account: &str, name: &str, policy: &Value) -> Key {
        let mut edit = self
            .directory
            .edit(id(account), self.clock.now())
            .await
            .expect("an account");
        let user = NewUser {
            name: name.to_owned(),
            ..NewUser::default()
        };
        edit.create_user(user).await.expect("a user");
        let holder = Holder::User(name);
        edit.put_inline_policy(holder, "own", &policy.to_string())
            .await
            .expect("a policy");
        let key = edit.issue_access_key(name).await.expect("an access key");
        let key = self.directory.commit(edit.plan(key)).await.expect("committed");
        Key {
            id: key.id.as_str().to_owned(),
            secret: String::from_utf8(key.secret.expose().to_vec()).expect("text"),
            token: None,
        }
    }

    /// A role of the first account, with one inline policy and the longest session that there is; its ARN.
    pub(crate) async fn role(&self, name: &str, trust: &Value, policy: &Value) -> String {
        self.edit(async |edit| {
            edit.create_role(NewRole {
                name: name.to_owned(),
                trust_policy: trust.to_string(),
                max_session_seconds: Some(43_200),
                ..NewRole::default()
            })
            .await
            .expect("a role");
            let holder = Holder::Role(name);
            edit.put_inline_policy(holder, "own", &policy.to_string())
                .await
                .expect("a policy");
        })
        .await;
        role_arn(name)
    }

    /// Asks STS, as the holder of an access key.
    pub(crate) async fn ask(&self, key: &Key, operation: &str, members: &[(&str, &str)]) -> Answer {
        let body = form(operation, members);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let headers = signed(key, "sts", &headers, &body, self.clock.now());
        self.send(&self.sts_pipeline, &self.sts, operation, &headers, &body)
            .await
    }

    /// Asks the KMS without any signature; the code of the refusal.
    pub(crate) async fn kms_unsigned(&self, operation: &str) -> String {
        let headers = [("host".to_owned(), "localhost".to_owned())];
        let answer = self
            .send(&self.kms_pipeline, &self.kms, operation, &headers, "{}")
            .await;
        let value: Value = serde_json::from_str(&answer.body).expect("JSON");
        value["__type"].as_str().expect("a refusal").to_owned()
    }

    /// Asks STS without any signature, behind a door that is not open to that.
    pub(crate) async fn ask_at_a_closed_door(&self, operation: &str) -> Answer {
        let headers = [("host".to_owned(), "localhost".to_owned())];
        let body = form(operation, &[]);
        self.send(&self.kms_pipeline, &self.sts, operation, &headers, &body)
            .await
    }

    /// Asks STS without any signature.
    pub(crate) async fn ask_unsigned(&self, operation: &str, members: &[(&str, &str)]) -> Answer {
        let headers = [("host".to_owned(), "localhost".to_owned())];
        let body = form(operation, members);
        self.send(&self.sts_pipeline, &self.sts, operation, &headers, &body)
            .await
    }

    /// A session of a role.
    pub(crate) async fn assume(&self, key: &Key, role: &str, further: &[(&str, &str)]) -> Answer {
        let mut members = vec![("RoleArn", role), ("RoleSessionName", "work")];
        members.extend(further);
        self.ask(key, "AssumeRole", &members).await
    }

    /// Asks the KMS; the reply, or the name and the text of the refusal.
    pub(crate) async fn kms(&self, key: &Key, operation: &str, body: &Value) -> Result<Value, (String, String)> {
        let target = format!("TrentService.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
        ];
        let body = body.to_string();
        let headers = signed(key, "kms", &headers, &body, self.clock.now());
        let answer = self
            .send(&self.kms_pipeline, &self.kms, operation, &headers, &body)
            .await;
        let value: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
        if answer.status == 200 {
            return Ok(value);
        }
        let text = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| value[name].as_str());
            found.unwrap_or_default().to_owned()
        };
        Err((text(["__type", "__type"]), text(["message", "Message"])))
    }

    /// Whether the holder of an access key may do something to a KMS key.
    pub(crate) async fn may(&self, key: &Key, operation: &str, kms_key: &str) -> bool {
        let body = match operation {
            "Encrypt" => json!({"KeyId": kms_key, "Plaintext": "eA=="}),
            _ => json!({"KeyId": kms_key}),
        };
        match self.kms(key, operation, &body).await {
            Ok(_) => true,
            Err((code, _)) if code == "AccessDeniedException" => false,
            Err(other) => panic!("{operation}: {other:?}"),
        }
    }

    /// A new KMS key of the first account with the usual policy, which leaves it to IAM policies; its ARN.
    pub(crate) async fn kms_key(&self) -> String {
        let made = self.kms(&self.root, "CreateKey", &json!({})).await.expect("a key");
        made["KeyMetadata"]["Arn"].as_str().expect("an ARN").to_owned()
    }

    /// The records of the trail, oldest first.
    pub(crate) async fn records(&self) -> Vec<Value> {
        self.kms_pipeline.drain.run_once().await.expect("the outbox empties");
        let content = String::from_utf8(self.log.content()).expect("the trail is text");
        let lines = content
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line.get("eventVersion").is_some()).collect()
    }

    async fn send<S: Catalogue>(
        &self,
        pipeline: &Pipeline,
        service: &S,
        operation: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> Answer {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let frame = Frame {
            request_id: uuid::Uuid::from_u128(7),
            operation,
            signed: SignedRequest {
                method: "POST",
                path: "/",
                query: "",
                headers: &headers,
                body: body.as_bytes(),
            },
            peer: Peer::Network(IpAddr::from([192, 0, 2, 7])),
            tls: None,
            user_agent: "a test",
            received: self.clock.now(),
        };
        let reply = pipeline.serve(service, frame).await;
        Answer {
            status: reply.status,
            body: String::from_utf8(reply.body.to_vec()).expect("text"),
        }
    }
}

async fn root_of(directory: &Directory, account: &str) -> Key {
    let mut change = directory
        .create(id(account), "a test", START)
        .await
        .expect("an account");
    let key = change.replace_root_access_keys(START).await.expect("a key");
    let key = directory.commit(change.plan(key)).await.expect("committed");
    Key {
        id: key.id.as_str().to_owned(),
        secret: String::from_utf8(key.secret.expose().to_vec()).expect("text"),
        token: None,
    }
}

fn form(operation: &str, members: &[(&str, &str)]) -> String {
    let pairs = members
        .iter()
        .map(|(name, value)| format!("&{}={}", encoded(name), encoded(value)));
    format!("Action={operation}&Version=2011-06-15{}", pairs.collect::<String>())
}

fn region() -> Region {
    Region::parse("us-east-1").expect("a Region")
}

/// An account's id.
pub(crate) fn id(account: &str) -> AccountId {
    AccountId::parse(account).expect("twelve digits")
}

/// The ARN of a role of the first account.
pub(crate) fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// The ARN of a user of the first account.
pub(crate) fn user_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

/// A policy of one statement.
pub(crate) fn allow(actions: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}})
}

/// Permits nothing that anybody asks for.
pub(crate) fn nothing() -> Value {
    allow(&json!("none:Nothing"))
}

/// Trusts principals, with a condition that may be null.
pub(crate) fn trust(principal: &Value, condition: &Value) -> Value {
    let actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    let mut statement = json!({"Effect": "Allow", "Principal": principal, "Action": actions});
    if !condition.is_null() {
        statement["Condition"] = condition.clone();
    }
    json!({"Version": "2012-10-17", "Statement": statement})
}

/// Trusts users and roles by their ARNs.
pub(crate) fn trusting(arn: &str) -> Value {
    trust(&json!({ "AWS": arn }), &Value::Null)
}
