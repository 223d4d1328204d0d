//! Damage to the embedded engine's file: a clear error or intact data, never a wrong record, never a crash.

use std::sync::Arc;

use trent_store::{Engine, OpenError, RedbEngine, StoreError, engine::Range};

use crate::{
    disk::Disk,
    random::Random,
    world::{Thing, here, key, open, thing},
};

const RECORDS: u64 = 150;

/// A file that was closed properly, with records in it.
async fn file() -> Vec<u8> {
    let disk = Disk::default();
    let store = open(RedbEngine::with_backend(disk.clone()).unwrap()).await.unwrap();
    let here = here(&store);
    for n in 0..RECORDS {
        let mut txn = here.txn();
        txn.put(&key(&format!("thing {n}")), &thing(&"n".repeat(50), n));
        here.commit(txn).await.unwrap();
    }
    store.close().await;
    drop((here, store));
    disk.contents()
}

/// Opens the file and reads everything in it: all of it is there, or the error says what is wrong.
async fn read(contents: Vec<u8>) -> Result<(), OpenError> {
    let engine = RedbEngine::with_backend(Disk::with_contents(contents))?;
    let store = open(engine).await?;
    let here = here(&store);
    for n in 0..RECORDS {
        let stored = here.get(&key::<Thing>(&format!("thing {n}"))).await?;
        assert_eq!(stored.map(|stored| stored.value), Some(thing(&"n".repeat(50), n)));
    }
    assert_eq!(here.range(&key::<Thing>("thing 1"), None, 1000).await?.items.len(), 1);
    Ok(())
}

fn is_clear(error: &OpenError) -> bool {
    matches!(
        error,
        OpenError::Store(StoreError::Corrupt(_) | StoreError::BadRecord { .. } | StoreError::Io(_))
            | OpenError::Tampered { .. }
            | OpenError::BadHead(_)
    )
}

#[tokio::test]
async fn a_flipped_bit_is_noticed_or_harmless() {
    let intact = file().await;
    read(intact.clone()).await.unwrap();
    let mut random = Random::new(11);
    let mut noticed = 0;
    // The header densely, the pages by chance.
    let header = (0..320).map(|offset| (offset, 1 << (offset % 8)));
    let pages: Vec<_> = (0..400)
        .map(|_| (random.below(intact.len()), 1 << random.below(8)))
        .collect();
    for (offset, bit) in header.chain(pages) {
        let mut damaged = intact.clone();
        damaged[offset] ^= bit;
        if let Err(error) = read(damaged).await {
            assert!(is_clear(&error), "offset {offset}: {error:?}");
            noticed += 1;
        }
    }
    assert!(
        noticed > 20,
        "most of the file is free space, but not all of it ({noticed} noticed)"
    );
}

/// A bit of a record's sealed value, wherever copies of it lie in the file.
#[tokio::test]
async fn a_flipped_bit_in_a_record_is_noticed() {
    let intact = file().await;
    let engine = RedbEngine::with_backend(Disk::with_contents(intact.clone())).unwrap();
    let page = engine.range(&Range::everything(None, 20)).await.unwrap();
    drop(engine);
    for (n, (_, stored)) in page.items.iter().enumerate() {
        let mut damaged = intact.clone();
        let copies = intact
            .windows(stored.value.len())
            .enumerate()
            .filter(|(_, window)| *window == stored.value);
        let mut found = false;
        for (place, _) in copies {
            damaged[place + n * 3 % stored.value.len()] ^= 1;
            found = true;
        }
        assert!(found);
        let error = read(damaged).await.unwrap_err();
        assert!(is_clear(&error), "{error:?}");
    }
}

#[tokio::test]
async fn a_truncated_file_is_refused() {
    let intact = file().await;
    let mut random = Random::new(12);
    let mut lengths: Vec<_> = (0..40).map(|_| 1 + random.below(intact.len() - 1)).collect();
    lengths.extend([1, 9, 64, 320, 4095, 4096, 8192, intact.len() - 1, intact.len() - 4096]);
    for length in lengths {
        let error = read(intact[..length].to_vec()).await.unwrap_err();
        assert!(is_clear(&error), "length {length}: {error:?}");
    }
}

#[tokio::test]
async fn a_foreign_file_is_refused() {
    for contents in [b"not a store at all".repeat(1000), vec![0; 100_000], vec![0xFF; 5000]] {
        let error = read(contents).await.unwrap_err();
        assert!(is_clear(&error), "{error:?}");
    }
}

/// Damage that comes while the store is open: reads of damaged pages fail clearly or give what was stored.
#[tokio::test]
async fn damage_under_an_open_store_gives_no_wrong_record() {
    let intact = file().await;
    let mut random = Random::new(13);
    for _ in 0..60 {
        let disk = Disk::with_contents(intact.clone());
        let engine: Arc<dyn Engine> = Arc::new(RedbEngine::with_backend(disk.clone()).unwrap());
        let store = trent_store::Sealed::open(engine, crate::world::sealer(1), trent_store::Options::default());
        let store = store.await.unwrap();
        for _ in 0..200 {
            disk.flip(random.below(intact.len()), 1 << random.below(8));
        }
        let here = here(&store);
        for n in 0..RECORDS {
            if let Ok(stored) = here.get(&key::<Thing>(&format!("thing {n}"))).await {
                assert!(stored.is_none_or(|stored| stored.value == thing(&"n".repeat(50), n)));
            }
        }
    }
}
