//! What a record costs: writing its text and handing it to a buffered trail, on the path of a request; and chaining
//! and writing it, on the writer's thread.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use trent_audit::{Event, EventId, EventType, Mode, Rendered, Resource, Trail, UserIdentity, json::Object};
use trent_crypto::{Key256, record::RecordSealer, root::RootKeys};
use trent_names::{AccountId, Region};
use trent_store::{MemoryEngine, Options, Sealed};
use uuid::Uuid;

/// Records appended between two flushes: what waits then stays below a trail's bound.
const ROUND: u64 = 10_000;

/// Renders the record of an ordinary call.
fn call() -> impl Fn() -> Rendered {
    let account = AccountId::parse("111122223333").expect("an account");
    let region = Region::parse("us-east-1").expect("a Region");
    let identity = UserIdentity::root("arn:aws:iam::111122223333:root", &account, "AKIAIOSFODNN7EXAMPLE");
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    move || {
        let mut parameters = Object::new();
        parameters
            .string("keyId", arn)
            .string("encryptionAlgorithm", "SYMMETRIC_DEFAULT");
        parameters.map("encryptionContext", [("department", "10103.0")]);
        let parameters = parameters.finish();
        Event {
            id: EventId::from_bytes(black_box([7; 16])),
            request_id: Some(Uuid::from_bytes([9; 16])),
            event_type: EventType::ApiCall,
            time_millis: 1_767_323_045_999,
            identity: &identity,
            source: "kms.amazonaws.com",
            name: "Encrypt",
            region: &region,
            source_ip: Some([192, 0, 2, 1].into()),
            calling_service: None,
            vpc_endpoint: None,
            tls: None,
            user_agent: "aws-sdk-rust/1.3.10 os/linux lang/rust/1.95.0 api/kms/1.129.0 ua/2.1 md/http#hyper",
            failure: None,
            request_parameters: Some(&parameters),
            response_elements: None,
            additional_event_data: None,
            read_only: true,
            resources: &[Resource { account: &account, arn }],
            recipient: Some(&account),
            shared: None,
            for_operator: None,
        }
        .render()
    }
}

fn record(c: &mut Criterion) {
    let render = call();
    c.bench_function("render", |b| b.iter(&render));

    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mode = Mode::Buffered {
        flush_interval: Duration::from_mins(1),
        max_bytes: 1 << 26,
    };
    let trail = runtime.block_on(async {
        let roots = RootKeys::first(Key256::new([1; 32]), Key256::new([2; 32]));
        let store = Sealed::open(
            Arc::new(MemoryEngine::new()),
            RecordSealer::new(&roots),
            Options::default(),
        );
        let store = store.await.expect("a store");
        let opened = Trail::open(&folder.path().join("trail.jsonl"), mode, &store).await;
        opened.expect("a trail").trail
    });

    // The time until all appends of a round have answered, and that until the writer is done with them.
    let appending = |count: u64, make: &dyn Fn() -> Rendered, until_written: bool| {
        let mut spent = Duration::ZERO;
        let mut left = count;
        while left > 0 {
            let round = left.min(ROUND);
            left -= round;
            runtime.block_on(async {
                let start = Instant::now();
                for _ in 0..round {
                    trail.append(&make()).await.expect("appended");
                }
                let appended = start.elapsed();
                trail.flush().await.expect("flushed");
                spent += if until_written { start.elapsed() } else { appended };
            });
        }
        spent
    };
    c.bench_function("render and append, buffered", |b| {
        b.iter_custom(|count| appending(count, &render, false));
    });
    let rendered = render();
    c.bench_function("append, buffered, until it is on the disk", |b| {
        b.iter_custom(|count| appending(count, &|| rendered.clone(), true));
    });
}

criterion_group!(benches, record);
criterion_main!(benches);
