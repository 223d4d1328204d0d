//! Pages: every item once, whatever the page size, and markers that fit nowhere else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{ELSEWHERE, ROOT, STRANGER, Who, World, text};

impl World {
    /// Walks a list to its end; the pages.
    async fn walk(&self, operation: &str, request: &Value, list: &str) -> Vec<Vec<Value>> {
        let mut request = request.clone();
        let mut pages = Vec::new();
        loop {
            let page = self.ok(operation, request.clone()).await;
            pages.push(page[list].as_array().expect("a list").clone());
            assert_eq!(
                page.get("NextMarker").is_some(),
                page["Truncated"] == json!(true),
                "{page}"
            );
            match page.get("NextMarker") {
                Some(marker) => request["Marker"] = marker.clone(),
                None => return pages,
            }
        }
    }
}

fn names(pages: &[Vec<Value>], member: &str) -> Vec<String> {
    pages
        .iter()
        .flatten()
        .map(|item| text(&item[member]).to_owned())
        .collect()
}

/// KEY-314, KEY-205, KEY-313, KEY-204
#[tokio::test]
async fn every_item_comes_once_whatever_the_page_size() {
    let world = World::new().await;
    let mut keys = BTreeSet::new();
    for _ in 0..5 {
        keys.insert(world.key().await);
    }
    let first = keys.first().expect("five keys").clone();
    let mut aliases = BTreeSet::new();
    for number in 0..5 {
        let name = format!("alias/{number}");
        world
            .ok("CreateAlias", json!({"AliasName": name, "TargetKeyId": first}))
            .await;
        aliases.insert(name);
    }
    let tags: Vec<Value> = (0..5)
        .map(|n| json!({"TagKey": format!("k{n}"), "TagValue": ""}))
        .collect();
    world.ok("TagResource", json!({"KeyId": first, "Tags": tags})).await;
    let lists: [(&str, Value, &str, &str); 4] = [
        ("ListKeys", json!({}), "Keys", "KeyId"),
        ("ListAliases", json!({ "KeyId": first }), "Aliases", "AliasName"),
        ("ListResourceTags", json!({ "KeyId": first }), "Tags", "TagKey"),
        ("ListAliases", json!({}), "Aliases", "AliasName"),
    ];
    for (operation, request, list, member) in lists {
        let whole = names(&world.walk(operation, &request, list).await, member);
        assert_eq!(
            whole.iter().collect::<BTreeSet<_>>().len(),
            whole.len(),
            "no item twice"
        );
        for limit in [1, 2, 3, 5, 1000] {
            let mut request = request.clone();
            request["Limit"] = json!(limit);
            let pages = world.walk(operation, &request, list).await;
            assert_eq!(names(&pages, member), whole, "{operation} by {limit}");
            assert!(pages.iter().all(|page| page.len() <= limit), "{operation} by {limit}");
        }
    }
    assert_eq!(
        names(&world.walk("ListKeys", &json!({}), "Keys").await, "KeyId"),
        keys.into_iter().collect::<Vec<_>>()
    );
    let all = names(
        &world.walk("ListAliases", &json!({"Limit": 4}), "Aliases").await,
        "AliasName",
    );
    let own: BTreeSet<String> = all.into_iter().filter(|name| !name.starts_with("alias/aws/")).collect();
    assert_eq!(own, aliases);
}

/// KEY-205, KEY-337: limits outside the model are refused, larger ones than a page has are cut.
#[tokio::test]
async fn limits_are_bounded() {
    let world = World::new().await;
    let id = world.key().await;
    for number in 0..50 {
        let tags = json!([{"TagKey": format!("k{number}"), "TagValue": ""}]);
        world.ok("TagResource", json!({"KeyId": id, "Tags": tags})).await;
    }
    let page = world.ok("ListResourceTags", json!({"KeyId": id, "Limit": 1000})).await;
    assert_eq!(page["Tags"].as_array().map(Vec::len), Some(50));
    for (operation, mut request) in [
        ("ListKeys", json!({})),
        ("ListAliases", json!({})),
        ("ListResourceTags", json!({ "KeyId": id })),
        ("ListKeyPolicies", json!({ "KeyId": id })),
    ] {
        for limit in [0, 1001] {
            request["Limit"] = json!(limit);
            assert_eq!(
                world.refused(operation, request.clone()).await.code,
                "ValidationException"
            );
        }
    }
}

/// KEY-314, KEY-205: a marker continues the list that it came from, for its own caller, and nothing else.
#[tokio::test]
async fn a_marker_fits_only_where_it_came_from() {
    let world = World::new().await;
    let elsewhere = Who {
        region: ELSEWHERE,
        ..ROOT
    };
    let (id, other) = (world.key().await, world.key().await);
    for who in [STRANGER, elsewhere] {
        world.key_of(who).await;
        world.key_of(who).await;
    }
    for key in [&id, &other] {
        let tags = json!([{"TagKey": "a", "TagValue": ""}, {"TagKey": "b", "TagValue": ""}]);
        world.ok("TagResource", json!({"KeyId": key, "Tags": tags})).await;
    }
    let keys = world.ok("ListKeys", json!({"Limit": 1})).await["NextMarker"].take();
    let tags = world.ok("ListResourceTags", json!({"KeyId": id, "Limit": 1})).await["NextMarker"].take();
    assert!(text(&tags).len() <= 1024 && text(&tags).is_ascii());
    let altered = {
        let mut marker = text(&keys).to_owned();
        let last = if marker.pop() == Some('A') { 'B' } else { 'A' };
        json!(format!("{marker}{last}"))
    };
    let rows = [
        (ROOT, "ListAliases", json!({ "Marker": keys })),
        (ROOT, "ListResourceTags", json!({"KeyId": id, "Marker": keys})),
        (ROOT, "ListResourceTags", json!({"KeyId": other, "Marker": tags})),
        (ROOT, "ListKeyPolicies", json!({"KeyId": id, "Marker": tags})),
        (
            ROOT,
            "ListKeys",
            json!({"Marker": keys, "ResourceOwners": ["OTHER_ACCOUNTS_VIA_RAM"]}),
        ),
        (STRANGER, "ListKeys", json!({ "Marker": keys })),
        (elsewhere, "ListKeys", json!({ "Marker": keys })),
        (ROOT, "ListKeys", json!({ "Marker": altered })),
        (ROOT, "ListKeys", json!({"Marker": "not a marker"})),
        (ROOT, "ListKeys", json!({"Marker": "AAAA"})),
    ];
    for (who, operation, request) in rows {
        let refusal = world.refused_as(who, operation, request.clone()).await;
        assert_eq!(refusal.pair(), ("InvalidMarkerException", ""), "{operation} {request}");
    }
    world.ok("ListKeys", json!({"Marker": keys, "Limit": 7})).await;
}

/// KEY-314: what is made or removed between two pages moves nothing else.
#[tokio::test]
async fn a_list_that_changes_between_pages_loses_nothing() {
    let world = World::new().await;
    let id = world.key().await;
    for name in ["b", "d", "f"] {
        let tags = json!([{"TagKey": name, "TagValue": ""}]);
        world.ok("TagResource", json!({"KeyId": id, "Tags": tags})).await;
    }
    let first = world.ok("ListResourceTags", json!({"KeyId": id, "Limit": 2})).await;
    assert_eq!(
        names(&[first["Tags"].as_array().expect("a list").clone()], "TagKey"),
        ["b", "d"]
    );
    world.ok("UntagResource", json!({"KeyId": id, "TagKeys": ["d"]})).await;
    let tags = json!([{"TagKey": "a", "TagValue": ""}, {"TagKey": "e", "TagValue": ""}]);
    world.ok("TagResource", json!({"KeyId": id, "Tags": tags})).await;
    let rest = world
        .ok("ListResourceTags", json!({"KeyId": id, "Marker": first["NextMarker"]}))
        .await;
    assert_eq!(
        names(&[rest["Tags"].as_array().expect("a list").clone()], "TagKey"),
        ["e", "f"]
    );
}
