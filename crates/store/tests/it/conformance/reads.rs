//! Reads: pages, prefixes, snapshots.

use bytes::Bytes;
use trent_store::{
    Engine,
    engine::{MAX_PAGE, Range, Write},
};

use super::{Subject, committed, delete, put, txn, value};

async fn all_keys(engine: &dyn Engine, limit: usize) -> Vec<Bytes> {
    let mut keys: Vec<Bytes> = Vec::new();
    loop {
        let page = engine
            .range(&Range::everything(keys.last().cloned(), limit))
            .await
            .unwrap();
        keys.extend(page.items.into_iter().map(|(key, _)| key));
        if !page.more {
            return keys;
        }
    }
}

pub async fn a_range_is_paged_by_its_last_key(engine: Subject) {
    for chunk in (0..500).collect::<Vec<_>>().chunks(100) {
        committed(
            &*engine,
            txn(vec![], chunk.iter().map(|n| put(&format!("k{n:04}"), "v")).collect()),
        )
        .await;
    }
    let expected: Vec<Bytes> = (0..500).map(|n| format!("k{n:04}").into()).collect();
    for limit in [1, 7, 100, 499, 500, 501] {
        assert_eq!(all_keys(&*engine, limit).await, expected, "limit {limit}");
    }
    let whole = engine.range(&Range::everything(None, 500)).await.unwrap();
    assert!(!whole.more, "a page that ends with the range says so");

    // Between two pages the last key goes and others come: nothing else is skipped or repeated.
    let page = engine.range(&Range::everything(None, 100)).await.unwrap();
    let last = page.items.last().unwrap().0.clone();
    let writes = vec![
        Write::Delete(last.clone()),
        put("k0000a", "behind"),
        put("k0100a", "ahead"),
    ];
    committed(&*engine, txn(vec![], writes)).await;
    let next = engine.range(&Range::everything(Some(last), 3)).await.unwrap();
    let keys: Vec<_> = next.items.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(keys, ["k0100", "k0100a", "k0101"]);
    assert!(next.more);

    let bounded = Range {
        start: "k0010".into(),
        end: Some("k0012".into()),
        after: Some("a".into()),
        limit: 10,
    };
    let page = engine.range(&bounded).await.unwrap();
    assert_eq!(
        page.items.len(),
        2,
        "a place to continue from that lies before the range changes nothing"
    );
    let behind = Range {
        after: Some("z".into()),
        ..bounded
    };
    assert!(engine.range(&behind).await.unwrap().items.is_empty());
}

pub async fn a_page_is_never_larger_than_the_limit(engine: Subject) {
    for chunk in (0..MAX_PAGE + 100).collect::<Vec<_>>().chunks(100) {
        committed(
            &*engine,
            txn(vec![], chunk.iter().map(|n| put(&format!("{n:05}"), "")).collect()),
        )
        .await;
    }
    let page = engine.range(&Range::everything(None, usize::MAX)).await.unwrap();
    assert_eq!((page.items.len(), page.more), (MAX_PAGE, true));
}

pub async fn prefixes_end_where_they_should(engine: Subject) {
    let keys: [&[u8]; 6] = [b"a", b"a\x00", b"a\xff", b"a\xff\xff", b"b", b"\xff\xff"];
    let writes = keys
        .iter()
        .map(|key| Write::Put(Bytes::copy_from_slice(key), Bytes::new()))
        .collect();
    committed(&*engine, txn(vec![], writes)).await;
    let with = async |prefix: &'static [u8]| {
        let page = engine
            .range(&Range::prefix(Bytes::from_static(prefix), None, 10))
            .await
            .unwrap();
        page.items.len()
    };
    assert_eq!(with(b"a").await, 4);
    assert_eq!(with(b"a\xff").await, 2);
    assert_eq!(with(b"\xff").await, 1);
    assert_eq!(with(b"").await, 6);
}

pub async fn a_snapshot_stays_as_it_was(engine: Subject) {
    let first = committed(&*engine, txn(vec![], vec![put("a", "1"), put("b", "1")])).await;
    let snapshot = engine.snapshot().await.unwrap();
    committed(&*engine, txn(vec![], vec![put("a", "2"), delete("b"), put("c", "2")])).await;
    assert_eq!(snapshot.revision(), first);
    assert_eq!(snapshot.get(b"a").await.unwrap().unwrap().value, "1");
    assert!(snapshot.get(b"c").await.unwrap().is_none());
    let page = snapshot.range(&Range::everything(None, 10)).await.unwrap();
    assert_eq!((page.items.len(), page.revision), (2, first));
    assert_eq!(engine.range(&Range::everything(None, 10)).await.unwrap().items.len(), 2);
    assert_eq!(value(&*engine, "a").await.unwrap().0, "2");
}
