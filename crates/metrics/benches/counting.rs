//! What counting costs: an event, a time, and all that a call pays for being measured.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use trent_metrics::{Counter, Histogram};

fn counting(criterion: &mut Criterion) {
    let counter = Counter::default();
    criterion.bench_function("counter", |bencher| bencher.iter(|| black_box(&counter).increment()));
    let histogram = <Histogram>::default();
    criterion.bench_function("histogram", |bencher| {
        bencher.iter(|| black_box(&histogram).observe(black_box(Duration::from_micros(180))));
    });
    criterion.bench_function("call", |bencher| {
        bencher.iter(|| {
            let began = Instant::now();
            black_box(&histogram).observe(black_box(began).elapsed());
        });
    });
}

criterion_group!(benches, counting);
criterion_main!(benches);
