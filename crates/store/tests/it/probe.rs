use std::{sync::Arc, time::Instant};
use tokio::task::JoinSet;
use trent_store::{Engine, RedbEngine, Sealed, Options, DataFolder, Mode};
use crate::world::{Thing, here, key, open_with, thing, sealer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probe() {
    let dir = tempfile::tempdir_in("/work").unwrap();
    let folder = DataFolder::create(&dir.path().join("d"), Mode::Production).unwrap();
    let engine: Arc<dyn Engine> = Arc::new(folder.engine().unwrap());
    let store = Sealed::open(engine.clone(), sealer(1), Options::default()).await.unwrap();
    for writers in [1_u64, 8, 64] {
        let t = Instant::now();
        let per = 2000 / writers;
        let mut tasks = JoinSet::new();
        for w in 0..writers {
            let here = here(&store);
            tasks.spawn(async move {
                for n in 0..per {
                    let mut txn = here.txn();
                    txn.insert(&key(&format!("{writers} {w} {n}")), &thing(&"x".repeat(100), n));
                    here.commit(txn).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        eprintln!("{writers} writers: {:.0} commits/s", (per * writers) as f64 / t.elapsed().as_secs_f64());
    }
    let t = Instant::now();
    for n in 0..10_000_u64 { let mut x = here(&store).txn(); 
        for i in 0..100 { x.insert(&key(&format!("bulk {n} {i}")), &thing(&"x".repeat(200), n)); }
        if let Err(e) = here(&store).commit(x).await { panic!("{e}"); } }
    eprintln!("1M inserted in {:?}", t.elapsed());
    let t = Instant::now();
    for n in 0..10_000_u64 { std::hint::black_box(here(&store).get(&key::<Thing>(&format!("bulk {n} 5"))).await.unwrap()); }
    eprintln!("get {:?}", t.elapsed() / 10_000);
    store.close().await;
    drop(store); drop(engine);
    let t = Instant::now();
    let engine: Arc<dyn Engine> = Arc::new(folder.engine().unwrap());
    eprintln!("engine open {:?}", t.elapsed());
    let t = Instant::now();
    let store = open_with(engine, Options::default()).await.unwrap();
    eprintln!("sealed open {:?}", t.elapsed());
    store.close().await;
}
