//! The check of a copy.

use super::*;

/// A folder with three digests of two accounts each, and what the check of it needs.
async fn written(folder: &Path) -> PublicKeys {
    let store = store().await;
    let mut memory = Vec::new();
    for second in 0..3 {
        let often = Layout {
            digest_interval: Duration::from_secs(1),
            ..layout()
        };
        let mut outlet = log_files(folder, often, DigestKey::open(&store).await.expect("a key"));
        outlet.begin(place(), &memory);
        let of = |account| record(Some(account), "us-east-1", second);
        let taken = take(&mut outlet, &[of("111122223333"), of("444455556666")]).await;
        assert_eq!(taken.failure, None);
        tokio::time::sleep(Duration::from_millis(1100)).await;
        outlet.idle().await.expect("looked at");
        go_on(&mut outlet).await.expect("written");
        memory = outlet.memory();
    }
    public_keys_in(folder).expect("a key")
}

fn check(folder: &Path, keys: &PublicKeys) -> Result<Checked, String> {
    verify_log_files(folder, keys, |_| {}).map_err(|fault| fault.to_string())
}

/// MON-6: whatever is changed, removed or replaced in a copy of what was written is found.
#[tokio::test]
async fn a_copy_is_checked_without_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let keys = written(folder).await;
    let checked = check(folder, &keys).expect("as it was written");
    assert_eq!((checked.digests, checked.log_files), (6, 6));
    assert_eq!(checked.keys.iter().collect::<Vec<_>>(), keys.keys().collect::<Vec<_>>());
    assert!(checked.not_in_digests.is_empty() && checked.begins_with.is_empty());
    let objects: Vec<String> = files(folder)
        .into_keys()
        .filter(|name| name.starts_with("AWSLogs/111122223333"))
        .collect();
    let digests: Vec<&String> = objects
        .iter()
        .filter(|name| name.contains("-Digest/") && name.ends_with(".json.gz"))
        .collect();
    let gz = |content: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).expect("packed");
        encoder.finish().expect("packed")
    };
    for object in &objects {
        let path = folder.join(object);
        let kept = std::fs::read(&path).expect("read");
        let altered = if object.ends_with(".json.gz") {
            gz(String::from_utf8(unpacked(&kept))
                .expect("text")
                .replacen("us-east-1", "us-east-2", 1)
                .as_bytes())
        } else {
            String::from_utf8(kept.clone())
                .expect("text")
                .replacen(['0', '1', '2', '3'], "4", 1)
                .into_bytes()
        };
        assert_ne!(altered, kept);
        std::fs::write(&path, altered).expect("written");
        let fault = check(folder, &keys).expect_err("found");
        assert!(
            fault.contains("changed") && fault.contains(object.trim_end_matches(".metadata")),
            "{object}: {fault}"
        );
        std::fs::remove_file(&path).expect("removed");
        let found = check(folder, &keys);
        // That there were digests before the first, or behind the last, only whoever has them can know.
        if object == digests[0] {
            assert_eq!(found.expect("the rest").begins_with, [digests[1].clone()]);
        } else if object == digests[2] {
            assert_eq!(found.expect("the rest").not_in_digests.len(), 1);
        } else {
            let fault = found.expect_err("found");
            assert!(
                fault.contains("removed") && fault.contains(object.as_str()),
                "{object}: {fault}"
            );
        }
        std::fs::write(&path, kept).expect("written");
    }
    assert_eq!(check(folder, &keys), Ok(checked));
}

/// MON-6: what somebody else signed, however well, is not believed.
#[tokio::test]
async fn a_copy_that_another_key_signed_is_refused() {
    let (ours, theirs) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let keys = written(ours.path()).await;
    written(theirs.path()).await;
    let fault = check(theirs.path(), &keys).expect_err("refused");
    assert!(fault.contains("there is no such one"), "{fault}");
    let empty = tempfile::tempdir().expect("a folder");
    assert!(
        check(empty.path(), &keys)
            .expect_err("refused")
            .contains("there is no digest")
    );
}

#[tokio::test]
async fn a_digest_leads_to_nothing_outside_of_the_folder() {
    let around = tempfile::tempdir().expect("a folder");
    let folder = around.path().join("copy");
    let key = DigestKey::open(&store().await).await.expect("a key");
    let owner = Owner {
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
    };
    let (hash, outside) = packed(b"what others keep".to_vec()).await.expect("packed");
    std::fs::write(around.path().join("outside.json.gz"), outside).expect("written");
    let file = LogFile {
        object: "../outside.json.gz".to_owned(),
        hash,
        oldest: String::new(),
        newest: String::new(),
    };
    let mut chains = Chains::default();
    chains.add(owner.clone(), file, 0);
    let (place, layout) = (Folder::new(folder.clone()), layout());
    let written = chains.write(&owner, &place, &layout, &key, 7);
    written.await.expect("written");
    let keys = PublicKeys::from([(key.fingerprint(), key.0.public_key().as_ref().to_vec())]);
    let fault = check(&folder, &keys).expect_err("refused");
    assert!(fault.contains("../outside.json.gz: it is not there"), "{fault}");
}

#[test]
fn what_is_far_longer_than_it_can_be_does_not_fill_the_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("AWSLogs/111122223333/CloudTrail-Digest");
    std::fs::create_dir_all(&path).expect("made");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..65 {
        encoder.write_all(&vec![0; 1 << 20]).expect("packed");
    }
    std::fs::write(path.join("x.json.gz"), encoder.finish().expect("packed")).expect("written");
    let fault = check(folder.path(), &PublicKeys::new()).expect_err("refused");
    assert!(fault.contains("longer than any that was written"), "{fault}");
}
