//! A service of two operations, small enough to see the pipeline through: `Encrypt` puts a note on a shelf and
//! `DescribeKey` is known but not built. The shapes are borrowed from the interface model.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use minicbor::{Decode, Encode};
use trent_api::kms::{DescribeKeyRequest, EncryptRequest};
use trent_api::{ApiError, Empty, ErrorShape, Protocol};
use trent_audit::json::Object;
use trent_audit::{Drain, MemoryLog, Trail};
use trent_crypto::Key256;
use trent_crypto::record::{Class, RecordSealer};
use trent_crypto::root::RootKeys;
use trent_identity::{Caller, SignedRequest};
use trent_names::{AccountId, Region};
use trent_policy::Action;
use trent_service::{
    Access, Actor, Admission, Admitted, AuditedResource, ByPolicy, Call, Catalogue, Effect, Entry, Facts, FixedClock,
    Frame, Operation, Peer, Pipeline, Reply, Resource, Row, Service, Target, action, internal,
};
use trent_store::{InRegion, Key, Kind, LivesIn, MemoryEngine, Options, Record, Sealed};

/// A note on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Note {
    #[n(0)]
    pub(crate) length: u64,
}

impl Record for Note {
    const KIND: Kind = Kind(0xf0);
    const CLASS: Class = Class::Resource;
    const VERSION: u8 = 1;
}

impl LivesIn<InRegion> for Note {}

/// The service's state: the store, and how far calls came.
pub(crate) struct Shelf {
    store: Sealed,
    pub(crate) prepared: AtomicUsize,
    /// How many of the next calls find that another change came first.
    pub(crate) rivals: AtomicUsize,
}

pub(crate) const NOT_FOUND: ErrorShape = ErrorShape::modelled("NotFoundException", 400);
pub(crate) const DISABLED: ErrorShape = ErrorShape::modelled("DisabledException", 400);

static CATALOGUE: [Entry<Shelf>; 2] = [Entry::built::<Put>(), Entry::unbuilt::<Look>()];

const fn row(name: &'static str, action: Action) -> Row<()> {
    Row {
        name,
        action,
        access: Access::Write,
        across_accounts: false,
        grant: None,
        quota: "shelf",
        condition_keys: &[],
        read_only: false,
        dry_run: true,
        rules: (),
    }
}

impl Service for Shelf {
    type Rules = ();
    const PROTOCOL: Protocol = Protocol::Json {
        target_prefix: "ShelfService",
        version: trent_api::JsonVersion::V1_1,
    };
    const EVENT_SOURCE: &'static str = "shelf.example.com";
}

impl Catalogue for Shelf {
    fn catalogue() -> &'static [Entry<Self>] {
        &CATALOGUE
    }
}

impl Shelf {
    pub(crate) async fn note(&self, name: &str) -> Option<Note> {
        let stored = self.store.region(&region()).get(&note_key(name)).await;
        stored
            .expect("the engine in memory does not fail")
            .map(|stored| stored.value)
    }
}

fn note_key(name: &str) -> Key<Note> {
    Key::new().part(name.as_bytes())
}

/// Puts a note. `KeyId` says where: `missing` is not found, `disabled` is found and refuses, `theirs` is another
/// account's.
struct Put;

/// Where a note is put.
pub(crate) struct Place {
    name: String,
    arn: String,
}

/// Looks at a note: nobody has built it.
struct Look;

static UNBUILT: Row<()> = row("DescribeKey", action!("kms:DescribeKey"));

impl trent_service::Guarded for Look {
    type Service = Shelf;
    type Input = DescribeKeyRequest;
    type Resolved = Place;

    const ROW: &'static Row<()> = &UNBUILT;

    async fn resolve(_: &Shelf, _: &Call, input: &DescribeKeyRequest) -> Result<Place, ApiError> {
        Place::named(&input.key_id)
    }

    fn targets<'a>(_: &'a Call, _: &'a DescribeKeyRequest, place: &'a Place) -> Vec<Target<'a>> {
        vec![UNBUILT.on(place.resource())]
    }
}

impl Place {
    fn named(name: &str) -> Result<Self, ApiError> {
        match name {
            "missing" => Err(NOT_FOUND.with("no such shelf")),
            name => Ok(Self {
                name: name.to_owned(),
                arn: format!("arn:of:{name}"),
            }),
        }
    }

    fn resource(&self) -> Resource<'_> {
        let account = if self.name.starts_with("theirs") {
            stranger()
        } else {
            owner()
        };
        Resource::Other {
            arn: &self.arn,
            account,
        }
    }
}

impl Operation for Put {
    type Service = Shelf;
    type Input = EncryptRequest;
    type Output = Empty;
    type Resolved = Place;

    const ROW: &'static Row<()> = &row("Encrypt", action!("kms:Encrypt"));

    async fn resolve(_: &Shelf, _: &Call, input: &EncryptRequest) -> Result<Place, ApiError> {
        Place::named(&input.key_id)
    }

    fn targets<'a>(_: &'a Call, _: &'a EncryptRequest, place: &'a Place) -> Vec<Target<'a>> {
        vec![<Self as Operation>::ROW.on(place.resource())]
    }

    async fn prepare(
        shelf: &Shelf,
        _: &Call,
        input: &EncryptRequest,
        Place { name, .. }: &Place,
    ) -> Result<Effect<Empty>, ApiError> {
        shelf.prepared.fetch_add(1, Ordering::Relaxed);
        if name.ends_with("disabled") {
            return Err(DISABLED.with("the shelf is disabled"));
        }
        let store = shelf.store.region(&region());
        let key = note_key(name);
        let found = store.get(&key).await.map_err(internal)?;
        if shelf.rivals.load(Ordering::Relaxed) > 0 {
            shelf.rivals.fetch_sub(1, Ordering::Relaxed);
            let mut rival = store.txn();
            rival.put(&key, &Note { length: 0 });
            store.commit(rival).await.map_err(internal)?;
        }
        let note = Note {
            length: input.plaintext.len() as u64,
        };
        let mut changes = store.txn();
        match found {
            Some(found) => changes.update(&key, &note, found.revision),
            None => changes.insert(&key, &note),
        };
        Ok(Effect::change(changes, Empty))
    }

    fn describe(_: &Call, input: &EncryptRequest, place: Option<&Place>) -> Facts {
        let mut parameters = Object::new();
        parameters.string("keyId", &input.key_id);
        Facts {
            request_parameters: Some(parameters.finish()),
            additional_event_data: None,
            tells_of_keys: false,
            resources: place
                .map(|place| AuditedResource {
                    account: owner(),
                    arn: place.arn.clone(),
                })
                .into_iter()
                .collect(),
        }
    }

    fn is_dry_run(input: &EncryptRequest) -> bool {
        input.dry_run == Some(true)
    }
}

/// Admits everybody as `actor`, or nobody.
struct Door(Option<Actor>);

#[async_trait]
impl Admission for Door {
    async fn admit(&self, _: &Frame<'_>, _: Protocol) -> Result<Admitted, ApiError> {
        match &self.0 {
            Some(actor) => Ok(Admitted {
                actor: actor.clone(),
                region: region(),
            }),
            None => Err(ErrorShape::modelled("UnrecognizedClientException", 400).bare()),
        }
    }
}

/// A pipeline in memory with the shelf behind it.
pub(crate) struct World {
    pub(crate) pipeline: Pipeline,
    pub(crate) shelf: Shelf,
    log: MemoryLog,
}

impl World {
    pub(crate) async fn of_owner() -> Self {
        let caller = Caller::root(owner(), "AKIAIOSFODNN7EXAMPLE", region(), "kms");
        Self::with(Some(Actor::Principal(caller))).await
    }

    pub(crate) async fn with(actor: Option<Actor>) -> Self {
        let root = RootKeys::first(Key256::new([1; 32]), Key256::new([2; 32]));
        let engine = std::sync::Arc::new(MemoryEngine::new());
        let store = Sealed::open(engine, RecordSealer::new(&root), Options::default());
        let store = store.await.expect("a store in memory opens");
        let log = MemoryLog::new(1 << 20);
        let trail = Trail::in_memory(log.clone());
        let drain = std::sync::Arc::new(Drain::new(trail.clone(), &store, &[region()]));
        Self {
            pipeline: Pipeline {
                admission: Box::new(Door(actor)),
                authorizer: Box::new(ByPolicy),
                store: store.clone(),
                trail,
                drain,
                clock: std::sync::Arc::new(FixedClock::at(Duration::from_hours(500_000))),
                meter: trent_service::Meter::of::<Shelf>(),
                request_quotas: std::sync::Arc::default(),
            },
            shelf: Shelf {
                store,
                prepared: AtomicUsize::new(0),
                rivals: AtomicUsize::new(0),
            },
            log,
        }
    }

    pub(crate) async fn send(&self, operation: &str, body: &str) -> Reply {
        self.send_with(&[], operation, body).await
    }

    /// Sends a request with these headers.
    pub(crate) async fn send_with(&self, headers: &[(&str, &[u8])], operation: &str, body: &str) -> Reply {
        self.pipeline.serve(&self.shelf, frame(headers, operation, body)).await
    }

    /// Whether a request would be let through; if not, the error's name.
    pub(crate) async fn would_allow(&self, operation: &str, body: &str) -> Result<(), &'static str> {
        let asked = self
            .pipeline
            .would_allow(&self.shelf, frame(&[], operation, body))
            .await;
        asked.map_err(|error| error.code)
    }

    /// The trail's records after everything that waits has been moved into it.
    pub(crate) async fn records(&self) -> Vec<serde_json::Value> {
        self.pipeline.drain.run_once().await.expect("the outbox empties");
        let content = String::from_utf8(self.log.content()).expect("the trail is text");
        content
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|line| line.get("eventVersion").is_some())
            .collect()
    }
}

fn frame<'a>(headers: &'a [(&'a str, &'a [u8])], operation: &'a str, body: &'a str) -> Frame<'a> {
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
        peer: Peer::Local { uid: 0 },
        tls: None,
        user_agent: "a test",
        received: Duration::ZERO,
    }
}

pub(crate) fn owner() -> AccountId {
    AccountId::parse("111122223333").expect("an account id")
}

pub(crate) fn stranger() -> AccountId {
    AccountId::parse("444455556666").expect("an account id")
}

pub(crate) fn region() -> Region {
    Region::parse("us-east-1").expect("a Region")
}
