//! A crash between every two durable steps of what becomes of keys: whatever was done by then, the next server ends where
//! an undisturbed one does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use trent_keystore::{Keyring, SystemRandomness};
use trent_names::{AccountId, KeyId};
use trent_service::Clock as _;
use trent_store::engine::Range;
use trent_store::{Destroyed, Engine as _, Kind, kinds};

use crate::imports::MATERIAL;
use crate::mortal::Mortal;
use crate::world::{ACCOUNT, ELSEWHERE, FAR, REGION, ROOT, START, Who, World, region, text};

const DAY: Duration = Duration::from_hours(24);

/// Longer than a server that has died keeps others from its work.
const LEASE: Duration = Duration::from_secs(11);

/// What happens to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    Rotation,
    OnDemand,
    RotationOfSet,
    RotationOfImported,
    Deletion,
    DeletionOfSet,
    Replication,
    PrimaryChange,
    Import,
    Expiry,
    Restored,
}

const STORIES: [Story; 11] = [
    Story::Rotation,
    Story::OnDemand,
    Story::RotationOfSet,
    Story::RotationOfImported,
    Story::Deletion,
    Story::DeletionOfSet,
    Story::Replication,
    Story::PrimaryChange,
    Story::Import,
    Story::Expiry,
    Story::Restored,
];

/// A key, and what is asked for.
struct Start {
    id: String,
    request: Option<(&'static str, Value)>,
    secrets: Vec<String>,
}

/// Everything that can be seen of a key, and how many records of each kind there are.
#[derive(Debug, PartialEq)]
struct End {
    seen: BTreeMap<&'static str, Value>,
    records: BTreeMap<u8, usize>,
}

fn at(region: &'static str) -> Who {
    Who { region, ..ROOT }
}

impl Story {
    fn is_deletion(self) -> bool {
        matches!(self, Self::Deletion | Self::DeletionOfSet | Self::Restored)
    }

    async fn prepare(self, world: &World) -> Start {
        let asked = match self {
            Self::RotationOfSet | Self::DeletionOfSet | Self::Replication | Self::PrimaryChange => {
                json!({"MultiRegion": true})
            }
            Self::Import | Self::Expiry | Self::RotationOfImported => json!({"Origin": "EXTERNAL"}),
            _ => json!({}),
        };
        let made = world.ok("CreateKey", asked).await;
        let id = text(&made["KeyMetadata"]["KeyId"]).to_owned();
        let own = json!({ "KeyId": id });
        let mut request = None;
        match self {
            Self::Rotation => {
                let rotation = json!({"KeyId": id, "RotationPeriodInDays": 90});
                world.ok("EnableKeyRotation", rotation).await;
            }
            Self::OnDemand => request = Some(("RotateKeyOnDemand", own)),
            Self::RotationOfSet => {
                for there in [ELSEWHERE, FAR] {
                    replicate(world, &id, there).await;
                }
                request = Some(("RotateKeyOnDemand", own));
            }
            Self::RotationOfImported => {
                world.import(&id, &MATERIAL, json!({})).await;
                let new = json!({"ImportType": "NEW_KEY_MATERIAL"});
                world.import(&id, &[7; 32], new).await;
                request = Some(("RotateKeyOnDemand", own));
            }
            Self::Deletion => request = Some(("ScheduleKeyDeletion", json!({"KeyId": id, "PendingWindowInDays": 7}))),
            Self::DeletionOfSet => {
                replicate(world, &id, ELSEWHERE).await;
                let deletion = json!({"KeyId": id, "PendingWindowInDays": 7});
                world
                    .ok_as(at(ELSEWHERE), "ScheduleKeyDeletion", deletion.clone())
                    .await;
                request = Some(("ScheduleKeyDeletion", deletion));
            }
            Self::Replication => request = Some(("ReplicateKey", json!({"KeyId": id, "ReplicaRegion": FAR}))),
            Self::PrimaryChange => {
                for there in [ELSEWHERE, FAR] {
                    replicate(world, &id, there).await;
                }
                request = Some(("UpdatePrimaryRegion", json!({"KeyId": id, "PrimaryRegion": FAR})));
            }
            Self::Import => request = Some(("ImportKeyMaterial", world.importing(&id, &MATERIAL, json!({})).await)),
            Self::Expiry => {
                let until = json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": (START + DAY).as_secs()});
                world.import(&id, &MATERIAL, until).await;
            }
            Self::Restored => {}
        }
        let mut secrets = Vec::new();
        if matches!(self, Self::Deletion | Self::Restored) {
            for number in 0..40 {
                equip(world, &id, number).await;
            }
            secrets.push(world.encrypt(&id, b"secret").await);
            world.kms.write_last_uses(0).await.expect("uses are noted");
        } else if self != Self::Import && self != Self::DeletionOfSet {
            secrets.push(world.encrypt(&id, b"secret").await);
        }
        Start { id, request, secrets }
    }

    /// Asks for what is to happen; whether that was acknowledged.
    async fn ask(self, world: &World, start: &Start) -> bool {
        if self == Self::Restored {
            let destroyed = Destroyed {
                region: region(REGION),
                account: AccountId::parse(ACCOUNT).expect("an account"),
                key: KeyId::parse(&start.id).expect("a key id"),
                at: 0,
            };
            return world.runner().destroy(&destroyed).await.is_ok();
        }
        match &start.request {
            Some((operation, request)) => world.send_connected(ROOT, operation, request).await.is_ok(),
            None => true,
        }
    }

    /// How long it takes until it happens.
    fn lasts(self) -> &'static [Duration] {
        const ROTATION: Duration = Duration::from_hours(24 * 90);
        const WINDOW: Duration = Duration::from_hours(24 * 7);
        match self {
            Self::Rotation => &[ROTATION],
            Self::Deletion => &[WINDOW],
            Self::DeletionOfSet => &[WINDOW, WINDOW],
            Self::Expiry => &[DAY],
            _ => &[Duration::ZERO],
        }
    }
}

async fn replicate(world: &World, id: &str, there: &str) {
    let request = json!({"KeyId": id, "ReplicaRegion": there});
    let reply = world.send_connected(ROOT, "ReplicateKey", &request).await;
    reply.expect("it is replicated");
    world.work().await;
}

/// An alias and a grant for a key.
async fn equip(world: &World, id: &str, number: usize) {
    let name = format!("alias/{id}-{number}");
    let alias = json!({"AliasName": name, "TargetKeyId": id});
    world.ok("CreateAlias", alias).await;
    let role = format!("arn:aws:iam::{ACCOUNT}:root");
    let grant = json!({"KeyId": id, "GranteePrincipal": role, "RetiringPrincipal": role,
                       "Operations": ["Decrypt"], "Name": format!("n{number}")});
    world.ok("CreateGrant", grant).await;
}

/// How many records of each kind there are. Who does the work, how many letters came and went, and how many keys an
/// account has is no key's.
pub(crate) async fn records(engine: &Mortal) -> BTreeMap<u8, usize> {
    let mut counts = BTreeMap::new();
    let mut after = None;
    loop {
        let page = engine.range(&Range::everything(after, 1000)).await.expect("it reads");
        for (key, _) in &page.items {
            let place = key.iter().position(|byte| *byte == 0).expect("a place");
            let kind = Kind(key[place + 1]);
            if ![kinds::JOB_LEASE, kinds::OUTBOX, kinds::INBOX, kinds::KEY_ROSTER].contains(&kind) {
                *counts.entry(kind.0).or_default() += 1;
            }
        }
        match page.items.last() {
            Some((last, _)) if page.more => after = Some(last.clone()),
            _ => return counts,
        }
    }
}

/// What a key looks like in a Region.
async fn seen(world: &World, who: Who, start: &Start) -> Value {
    let own = json!({ "KeyId": start.id });
    let ask = async |operation: &str, request: Value| match world.send(who, operation, &request).await {
        Ok(reply) => reply,
        Err(refusal) => json!(refusal.code),
    };
    let told = ask("DescribeKey", own.clone()).await;
    let told = &told["KeyMetadata"];
    let rotations = ask("ListKeyRotations", own.clone()).await;
    let rotations = rotations["Rotations"].as_array().map(|rotations| {
        let kinds = rotations.iter().map(|rotation| rotation["RotationType"].clone());
        kinds.collect::<Vec<_>>()
    });
    let status = ask("GetKeyRotationStatus", own.clone()).await;
    let mut opened = Vec::new();
    for secret in &start.secrets {
        let request = json!({"KeyId": start.id, "CiphertextBlob": secret});
        opened.push(ask("Decrypt", request).await["Plaintext"].clone());
    }
    let configuration = told["MultiRegionConfiguration"].to_string().replace(&start.id, "id");
    json!({"state": told["KeyState"], "set": configuration, "model": told["ExpirationModel"],
           "has material": told.get("CurrentKeyMaterialId").is_some(), "rotations": rotations,
           "rotates": status["KeyRotationEnabled"], "asked": status.get("OnDemandRotationStartDate").is_some(),
           "opened": opened})
}

/// Lets it happen with a crash after so many commits; how it ends, and how many commits it took.
async fn run(story: Story, commits: usize) -> (End, usize) {
    let engine = Mortal::new();
    let keyring = Keyring::generate(&SystemRandomness).expect("the system has randomness");
    let world = World::started(Arc::clone(&engine) as _, &keyring, START).await;
    let bystander = world.key().await;
    equip(&world, &bystander, 0).await;
    world.kms.write_last_uses(0).await.expect("uses are noted");
    world.drain().await;
    let before = records(&engine).await;
    let start = story.prepare(&world).await;
    world.drain().await;
    engine.allow(commits);
    let acknowledged = story.ask(&world, &start).await;
    assert!(acknowledged || commits < 1000, "{story:?}");
    world.work().await;
    for time in story.lasts() {
        world.clock.set(world.clock.now() + *time);
        world.work().await;
    }
    world.drain().await;
    let took = commits - engine.left();
    let now = world.clock.now();
    drop(world);

    engine.allow(usize::MAX);
    let world = World::started(Arc::clone(&engine) as _, &keyring, now + LEASE).await;
    if !acknowledged {
        story.ask(&world, &start).await;
    }
    world.work().await;
    if story.is_deletion() {
        for time in story.lasts() {
            world.clock.set(world.clock.now() + *time);
            world.work().await;
        }
    }
    world.drain().await;
    let mut views = BTreeMap::new();
    for place in [REGION, ELSEWHERE, FAR] {
        views.insert(place, seen(&world, at(place), &start).await);
    }
    let records = records(&engine).await;
    if story.is_deletion() {
        assert_eq!(
            records, before,
            "{story:?}, crash after {commits}: something is left behind"
        );
    }
    (End { seen: views, records }, took)
}

/// SPK-347, SPK-354, MON-271
#[tokio::test]
async fn no_crash_changes_how_it_ends() {
    for story in STORIES {
        let (undisturbed, commits) = run(story, 1_000_000).await;
        assert!(commits > 0, "{story:?}");
        for crash in 0..commits {
            let (end, _) = run(story, crash).await;
            assert_eq!(end, undisturbed, "{story:?}, crash after {crash} of {commits} commits");
        }
        eprintln!("{story:?}: {commits} durable steps");
    }
}
