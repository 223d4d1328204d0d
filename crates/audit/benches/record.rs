//! What a record costs on the path of a request: writing its text, and handing it to a buffered trail.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use trent_audit::{Event, EventId, Mode, Resource, Trail, UserIdentity, json::Object};
use trent_names::{AccountId, Region};
use uuid::Uuid;

fn record(c: &mut Criterion) {
    let account = AccountId::parse("111122223333").expect("an account");
    let region = Region::parse("us-east-1").expect("a Region");
    let identity = UserIdentity::root("arn:aws:iam::111122223333:root", &account, "AKIAIOSFODNN7EXAMPLE");
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let render = || {
        let mut parameters = Object::new();
        parameters
            .string("keyId", arn)
            .string("encryptionAlgorithm", "SYMMETRIC_DEFAULT");
        parameters.map("encryptionContext", [("department", "10103.0")]);
        let parameters = parameters.finish();
        Event {
            id: EventId::from_bytes(black_box([7; 16])),
            request_id: Uuid::from_bytes([9; 16]),
            time_millis: 1_767_323_045_999,
            identity: &identity,
            source: "kms.amazonaws.com",
            name: "Encrypt",
            region: &region,
            source_ip: Some([192, 0, 2, 1].into()),
            user_agent: "aws-sdk-rust/1.3.10 os/linux lang/rust/1.95.0 api/kms/1.129.0 ua/2.1 md/http#hyper",
            failure: None,
            request_parameters: Some(&parameters),
            response_elements: None,
            additional_event_data: None,
            read_only: true,
            resources: &[Resource { account: &account, arn }],
            recipient: Some(&account),
        }
        .render()
    };
    c.bench_function("render", |b| b.iter(render));

    let folder = tempfile::tempdir().expect("a folder");
    let trail = Trail::open(&folder.path().join("trail.jsonl"), Mode::buffered())
        .expect("a trail")
        .trail;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let rendered = render();
    c.bench_function("append, buffered, until it is on the disk", |b| {
        b.iter_custom(|count| {
            runtime.block_on(async {
                let start = std::time::Instant::now();
                for _ in 0..count {
                    trail.append(&rendered).await.expect("appended");
                }
                trail.flush().await.expect("flushed");
                start.elapsed()
            })
        });
    });
}

criterion_group!(benches, record);
criterion_main!(benches);
