//! Accounts and their access keys: what makes, stops and replaces them, and what a store that lies can do.

use std::time::Duration;

use bytes::Bytes;
use trent_crypto::Secret;
use trent_identity::directory::{AccessKeyStatus, IssuedAccessKey};
use trent_identity::{AccessKeyId, AuthenticationError, DirectoryError};
use trent_names::{AccountId, PrincipalArn};
use trent_store::engine::{Precondition, Range, Txn, TxnId, Write};
use trent_store::{Outcome, Sealed, kinds};

use crate::wire::{Signer, Wire};
use crate::world::{ACCESS_KEY, ACCOUNT, NOW, SECRET, SIGNER, World, access_key, account, empty_directory};

fn request() -> Wire {
    Wire::kms(b"{}")
}

async fn works(world: &World, id: &str, secret: &str) -> Result<(), AuthenticationError> {
    let wire = Signer {
        access_key_id: id,
        secret,
        ..SIGNER
    }
    .in_header(request());
    world.authenticate(&wire).await.map(|_| ())
}

fn secret_of(issued: &IssuedAccessKey) -> String {
    String::from_utf8(issued.secret.expose().to_vec()).expect("ASCII")
}

#[tokio::test]
async fn the_caller_is_the_root_user_of_the_account() {
    let world = World::new().await;
    let caller = world
        .authenticate(&SIGNER.in_header(request()))
        .await
        .expect("authenticated");
    assert_eq!(
        caller.principal,
        PrincipalArn::parse("arn:aws:iam::111122223333:root").expect("an ARN")
    );
    assert_eq!(
        (caller.account.as_str(), caller.access_key_id.as_str()),
        (ACCOUNT, ACCESS_KEY)
    );
    assert_eq!(
        (caller.region.as_str(), caller.service.as_str(), caller.is_root),
        ("us-east-1", "kms", true)
    );
    let elsewhere = Signer {
        region: "eu-central-1",
        ..SIGNER
    }
    .in_header(request());
    assert_eq!(
        world
            .authenticate(&elsewhere)
            .await
            .expect("authenticated")
            .region
            .as_str(),
        "eu-central-1"
    );
}

#[tokio::test]
async fn issued_keys_have_the_usual_shape_and_sign() {
    let world = World::new().await;
    let mut change = world.directory.change(account()).await.expect("the account");
    let issued = change.issue_root_access_key(NOW).await.expect("a second key");
    assert!(matches!(
        change.issue_root_access_key(NOW).await,
        Err(DirectoryError::TooManyAccessKeys(_))
    ));
    let issued = world.directory.commit(change.plan(issued)).await.expect("committed");
    let id = issued.id.as_str();
    assert_eq!((id.len(), &id[..4]), (20, "AKIA"));
    assert!(id[4..].bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7')));
    let secret = secret_of(&issued);
    assert_eq!(secret.len(), 40);
    assert_eq!(works(&world, id, &secret).await, Ok(()));
    assert_eq!(
        works(&world, id, SECRET).await,
        Err(AuthenticationError::SignatureMismatch)
    );
}

/// A change counts from the moment that it is committed, although everything is kept in memory.
#[tokio::test]
async fn deactivated_and_retired_keys_are_refused_at_once() {
    let world = World::new().await;
    let unknown = Err(AuthenticationError::UnknownAccessKey);
    for (active, expected) in [(false, unknown.clone()), (true, Ok(())), (false, unknown.clone())] {
        let mut change = world.directory.change(account()).await.expect("the account");
        change.set_active(&access_key(), active).expect("its key");
        world.directory.commit(change.plan(())).await.expect("committed");
        assert_eq!(works(&world, ACCESS_KEY, SECRET).await, expected);
    }
    let mut change = world.directory.change(account()).await.expect("the account");
    change.retire(&access_key()).expect("its key");
    world.directory.commit(change.plan(())).await.expect("committed");
    assert_eq!(works(&world, ACCESS_KEY, SECRET).await, unknown);

    let mut change = world.directory.change(account()).await.expect("the account");
    assert!(matches!(
        change.set_active(&access_key(), true),
        Err(DirectoryError::NoSuchAccessKey { .. })
    ));
    let again = change
        .import_root_access_key(&access_key(), Secret::new(SECRET.into()), NOW)
        .await;
    assert!(matches!(again, Err(DirectoryError::AccessKeyRetired { .. })));
    let entries = &change.record().root_access_keys;
    assert_eq!(
        entries.iter().map(|entry| entry.status).collect::<Vec<_>>(),
        [AccessKeyStatus::Retired]
    );
}

/// Replacing the root credential ends every one that there was, in the same transaction that makes the new one.
#[tokio::test]
async fn replacing_the_root_credential_ends_the_lost_ones() {
    let world = World::new().await;
    let mut change = world.directory.change(account()).await.expect("the account");
    let second = change.issue_root_access_key(NOW).await.expect("a second key");
    let second = world.directory.commit(change.plan(second)).await.expect("committed");

    let mut change = world.directory.change(account()).await.expect("the account");
    let new = change.replace_root_access_keys(NOW).await.expect("a new key");
    let new = world.directory.commit(change.plan(new)).await.expect("committed");
    assert_eq!(works(&world, new.id.as_str(), &secret_of(&new)).await, Ok(()));
    for (id, secret) in [
        (ACCESS_KEY, SECRET.to_owned()),
        (second.id.as_str(), secret_of(&second)),
    ] {
        assert_eq!(
            works(&world, id, &secret).await,
            Err(AuthenticationError::UnknownAccessKey)
        );
    }
}

#[tokio::test]
async fn two_changes_at_once_do_not_both_win() {
    let world = World::new().await;
    let mut first = world.directory.change(account()).await.expect("the account");
    let mut second = world.directory.change(account()).await.expect("the account");
    first.rename("first");
    second.set_active(&access_key(), false).expect("its key");
    world.directory.commit(first.plan(())).await.expect("committed");
    assert!(matches!(
        world.directory.commit(second.plan(())).await,
        Err(DirectoryError::Commit(_))
    ));
    assert_eq!(works(&world, ACCESS_KEY, SECRET).await, Ok(()));
    assert_eq!(
        world
            .directory
            .account(account())
            .await
            .expect("the account")
            .record
            .name,
        "first"
    );
}

#[tokio::test]
async fn accounts_are_listed_in_order_page_by_page() {
    let (_sealed, directory) = empty_directory().await;
    let ids: Vec<AccountId> = (0..5)
        .map(|n| AccountId::parse(&format!("{n:012}")).expect("an id"))
        .collect();
    for id in ids.iter().rev() {
        let change = directory
            .create(*id, &format!("account {id}"), Duration::from_millis(1_500))
            .await;
        directory
            .commit(change.expect("a new account").plan(()))
            .await
            .expect("committed");
    }
    assert!(matches!(
        directory.create(ids[0], "again", NOW).await,
        Err(DirectoryError::AccountExists(_))
    ));
    let (page, more) = directory.accounts(None, 3).await.expect("a page");
    assert_eq!(
        (page.iter().map(|account| account.id).collect::<Vec<_>>(), more),
        (ids[..3].to_vec(), true)
    );
    let (page, more) = directory.accounts(Some(ids[2]), 3).await.expect("a page");
    assert_eq!(
        (page.iter().map(|account| account.id).collect::<Vec<_>>(), more),
        (ids[3..].to_vec(), false)
    );
    assert_eq!(page[0].record.created_at, 1_500);
    assert!(directory.has_account(ids[0]).await.expect("an answer"));
    assert!(!directory.has_account(account()).await.expect("an answer"));
    assert!(matches!(
        directory.account(account()).await,
        Err(DirectoryError::NoSuchAccount(_))
    ));
}

#[tokio::test]
async fn an_access_key_belongs_to_one_account() {
    let world = World::new().await;
    let other = AccountId::parse("444455556666").expect("an id");
    let mut change = world
        .directory
        .create(other, "other", NOW)
        .await
        .expect("a new account");
    let taken = change
        .import_root_access_key(&access_key(), Secret::new(b"x".to_vec()), NOW)
        .await;
    assert!(matches!(taken, Err(DirectoryError::AccessKeyExists(_))));
    // Two that raced for one id: the store refuses the second.
    let id = AccessKeyId::parse("AKIARACERACERACE0000").expect("an id");
    change
        .import_root_access_key(&id, Secret::new(b"x".to_vec()), NOW)
        .await
        .expect("free so far");
    let mut rival = world.directory.change(account()).await.expect("the account");
    rival
        .import_root_access_key(&id, Secret::new(b"y".to_vec()), NOW)
        .await
        .expect("free so far");
    world.directory.commit(rival.plan(())).await.expect("committed");
    assert!(matches!(
        world.directory.commit(change.plan(())).await,
        Err(DirectoryError::Commit(_))
    ));
}

/// Everything in the engine of one kind: raw key and sealed bytes.
pub(crate) async fn raw(sealed: &Sealed, kind: trent_store::Kind) -> Vec<(Bytes, Bytes)> {
    let prefix = Bytes::from(vec![b'g', 0, kind.0]);
    let page = sealed
        .engine()
        .range(&Range::prefix(prefix, None, 100))
        .await
        .expect("a page");
    page.items
        .into_iter()
        .map(|(key, stored)| (key, stored.value))
        .collect()
}

/// Writes behind the sealing's back, as the owner of the store could.
pub(crate) async fn overwrite(sealed: &Sealed, key: Bytes, value: Option<Bytes>) {
    let precondition = match sealed.engine().get(&key).await.expect("readable") {
        Some(stored) => Precondition::At(key.clone(), stored.revision),
        None => Precondition::Absent(key.clone()),
    };
    let write = match value {
        Some(value) => Write::Put(key, value),
        None => Write::Delete(key),
    };
    let id = TxnId(
        sealed
            .revision()
            .0
            .to_be_bytes()
            .repeat(2)
            .try_into()
            .expect("sixteen bytes"),
    );
    let txn = Txn {
        id,
        preconditions: vec![precondition],
        writes: vec![write],
    };
    assert!(matches!(sealed.engine().commit(txn).await, Ok(Outcome::Committed(_))));
    let mut patience = 1_000;
    while sealed.applied() < sealed.revision() && patience > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        patience -= 1;
    }
}

/// A store that withholds, brings back or swaps a record of an access key or an account takes access away and never
/// gives any.
#[tokio::test]
async fn a_store_that_lies_gives_nobody_access() {
    // Withheld.
    for kind in [kinds::ACCOUNT, kinds::ACCESS_KEY] {
        let world = World::new().await;
        assert_eq!(works(&world, ACCESS_KEY, SECRET).await, Ok(()));
        for (key, _) in raw(&world.sealed, kind).await {
            overwrite(&world.sealed, key, None).await;
        }
        assert_eq!(
            works(&world, ACCESS_KEY, SECRET).await,
            Err(AuthenticationError::UnknownAccessKey)
        );
    }

    // Brought back: the key was retired, its old record stands in its place again.
    let world = World::new().await;
    let (key, old) = raw(&world.sealed, kinds::ACCESS_KEY).await.remove(0);
    let mut change = world.directory.change(account()).await.expect("the account");
    let new = change.replace_root_access_keys(NOW).await.expect("a new key");
    let new = world.directory.commit(change.plan(new)).await.expect("committed");
    overwrite(&world.sealed, key.clone(), Some(old)).await;
    assert_eq!(
        works(&world, ACCESS_KEY, SECRET).await,
        Err(AuthenticationError::UnknownAccessKey)
    );

    // Swapped: the record of one key in the place of another does not open.
    let keys = raw(&world.sealed, kinds::ACCESS_KEY).await;
    let (place, _) = keys.iter().find(|(other, _)| *other != key).expect("the new key");
    let (_, old) = keys.iter().find(|(other, _)| *other == key).expect("the old key");
    overwrite(&world.sealed, place.clone(), Some(old.clone())).await;
    let error = works(&world, new.id.as_str(), SECRET).await.expect_err("refused");
    assert_eq!((error.code(), error.status()), ("InternalFailure", 500));
}
