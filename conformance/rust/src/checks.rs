//! The checks, in the order in which they build on each other.

use std::collections::HashSet;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::operation::encrypt::EncryptError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, KeyMetadata, KeyState, Tag};

use crate::Failure;

type Checked = Result<(), Failure>;

/// Runs every check and answers how many there were.
pub(crate) async fn run(kms: &Client) -> Result<usize, Failure> {
    let mut passed = 0;
    macro_rules! check {
        ($($name:ident),+) => {$(
            $name(kms).await.map_err(|failure| format!("{}: {failure}", stringify!($name)))?;
            println!("ok {}", stringify!($name));
            passed += 1;
        )+};
    }
    check!(
        life_of_a_key,
        encryption,
        data_keys,
        aliases,
        tags_and_policy,
        pages,
        errors
    );
    Ok(passed)
}

fn expect(holds: bool, what: &str) -> Checked {
    if holds { Ok(()) } else { Err(what.into()) }
}

/// The name and message of the error that a call must end in.
fn refusal<T, E: ProvideErrorMetadata>(outcome: Result<T, SdkError<E>>) -> Result<(String, String), Failure> {
    match outcome {
        Ok(_) => Err("accepted, where an error was expected".into()),
        Err(SdkError::ServiceError(refused)) => {
            let error = refused.err();
            Ok((
                error.code().unwrap_or_default().to_owned(),
                error.message().unwrap_or_default().to_owned(),
            ))
        }
        Err(_) => Err("no answer of the service".into()),
    }
}

async fn new_key(kms: &Client) -> Result<KeyMetadata, Failure> {
    kms.create_key()
        .send()
        .await?
        .key_metadata
        .ok_or_else(|| "CreateKey without metadata".into())
}

fn arn(key: &KeyMetadata) -> String {
    key.arn().unwrap_or_default().to_owned()
}

async fn life_of_a_key(kms: &Client) -> Checked {
    let key = new_key(kms).await?;
    kms.update_key_description()
        .key_id(key.key_id())
        .description("from Rust")
        .send()
        .await?;
    kms.disable_key().key_id(key.key_id()).send().await?;
    let described = kms
        .describe_key()
        .key_id(arn(&key))
        .send()
        .await?
        .key_metadata
        .ok_or("no metadata")?;
    expect(
        described.key_state() == Some(&KeyState::Disabled) && !described.enabled(),
        "the key is disabled",
    )?;
    expect(
        described.description() == Some("from Rust"),
        "the description was changed",
    )?;
    expect(
        described.creation_date() == key.creation_date(),
        "the creation date stays",
    )?;
    kms.enable_key().key_id(key.key_id()).send().await?;
    Ok(())
}

async fn encryption(kms: &Client) -> Checked {
    let (first, second) = (new_key(kms).await?, new_key(kms).await?);
    let plain = Blob::new(vec![7_u8; 4096]);
    let sealed = kms
        .encrypt()
        .key_id(first.key_id())
        .plaintext(plain.clone())
        .encryption_context("purpose", "test")
        .send()
        .await?
        .ciphertext_blob
        .ok_or("no ciphertext")?;
    let moved = kms
        .re_encrypt()
        .ciphertext_blob(sealed.clone())
        .source_encryption_context("purpose", "test")
        .destination_key_id(arn(&second))
        .send()
        .await?;
    expect(
        moved.source_key_id() == first.arn() && moved.key_id() == second.arn(),
        "both keys are named",
    )?;
    let moved = moved.ciphertext_blob.ok_or("no ciphertext")?;
    let opened = kms.decrypt().ciphertext_blob(moved).send().await?;
    expect(opened.plaintext() == Some(&plain), "the plaintext came back")?;
    let (code, _) = refusal(kms.decrypt().ciphertext_blob(sealed).send().await)?;
    expect(code == "InvalidCiphertextException", "a missing context is refused")
}

async fn data_keys(kms: &Client) -> Checked {
    let key = new_key(kms).await?;
    let made = kms
        .generate_data_key()
        .key_id(arn(&key))
        .key_spec(DataKeySpec::Aes256)
        .send()
        .await?;
    let sealed = made.ciphertext_blob().ok_or("no ciphertext")?.clone();
    let opened = kms
        .decrypt()
        .ciphertext_blob(sealed)
        .key_id(key.key_id())
        .send()
        .await?;
    expect(
        opened.plaintext() == made.plaintext() && made.plaintext().is_some(),
        "the data key came back",
    )?;
    let blind = kms
        .generate_data_key_without_plaintext()
        .key_id(arn(&key))
        .number_of_bytes(24)
        .send()
        .await?;
    let sealed = blind.ciphertext_blob().ok_or("no ciphertext")?.clone();
    let opened = kms.decrypt().ciphertext_blob(sealed).send().await?;
    expect(
        opened.plaintext().is_some_and(|key| key.as_ref().len() == 24),
        "24 bytes came back",
    )?;
    let random = kms.generate_random().number_of_bytes(1024).send().await?;
    expect(
        random.plaintext().is_some_and(|bytes| bytes.as_ref().len() == 1024),
        "1,024 random bytes",
    )
}

async fn aliases(kms: &Client) -> Checked {
    let (first, second) = (new_key(kms).await?, new_key(kms).await?);
    let name = format!("alias/rust-{}", first.key_id());
    kms.create_alias()
        .alias_name(&name)
        .target_key_id(first.key_id())
        .send()
        .await?;
    kms.update_alias()
        .alias_name(&name)
        .target_key_id(arn(&second))
        .send()
        .await?;
    let sealed = kms.encrypt().key_id(&name).plaintext(Blob::new("x")).send().await?;
    expect(sealed.key_id() == second.arn(), "the alias leads to its new key")?;
    kms.delete_alias().alias_name(&name).send().await?;
    let (code, message) = refusal(kms.describe_key().key_id(&name).send().await)?;
    expect(
        code == "NotFoundException" && message.ends_with(" is not found."),
        "the alias is gone",
    )
}

async fn tags_and_policy(kms: &Client) -> Checked {
    let key = new_key(kms).await?;
    let tag = Tag::builder().tag_key("Team").tag_value("Blue").build()?;
    kms.tag_resource().key_id(key.key_id()).tags(tag.clone()).send().await?;
    let listed = kms.list_resource_tags().key_id(key.key_id()).send().await?;
    expect(listed.tags() == [tag], "the tag is listed")?;
    kms.untag_resource()
        .key_id(key.key_id())
        .tag_keys("Team")
        .send()
        .await?;
    expect(
        kms.list_resource_tags()
            .key_id(key.key_id())
            .send()
            .await?
            .tags()
            .is_empty(),
        "the tag is gone",
    )?;
    let policy = kms
        .get_key_policy()
        .key_id(key.key_id())
        .send()
        .await?
        .policy
        .ok_or("no policy")?;
    kms.put_key_policy().key_id(key.key_id()).policy(&policy).send().await?;
    let names = kms.list_key_policies().key_id(key.key_id()).send().await?;
    expect(names.policy_names() == ["default"], "one policy, named default")
}

async fn pages(kms: &Client) -> Checked {
    let mut made = HashSet::new();
    for _ in 0..3 {
        made.insert(new_key(kms).await?.key_id().to_owned());
    }
    let mut seen = HashSet::new();
    let mut listed = kms.list_keys().into_paginator().page_size(2).items().send();
    while let Some(key) = listed.next().await {
        let id = key?.key_id.ok_or("a key without id")?;
        expect(seen.insert(id), "no key is listed twice")?;
    }
    expect(made.is_subset(&seen), "every key is listed")
}

async fn errors(kms: &Client) -> Checked {
    let key = new_key(kms).await?;
    kms.disable_key().key_id(key.key_id()).send().await?;
    let refused = kms
        .encrypt()
        .key_id(key.key_id())
        .plaintext(Blob::new("x"))
        .send()
        .await;
    let typed = refused.as_ref().err().and_then(SdkError::as_service_error);
    expect(
        typed.is_some_and(EncryptError::is_disabled_exception),
        "the SDK knows the error by its type",
    )?;
    let (_, message) = refusal(refused)?;
    expect(
        message == format!("{} is disabled.", arn(&key)),
        "the message names the key",
    )?;
    let (code, _) = refusal(kms.describe_custom_key_stores().send().await)?;
    expect(code == "UnknownOperationException", "what is not built says so")
}
