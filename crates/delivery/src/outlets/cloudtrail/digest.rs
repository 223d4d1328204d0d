//! Digests: what log files there are, in signed files each of which names the one before.

use std::collections::BTreeMap;
use std::io;

use minicbor::{Decode, Encode};
use serde::Serialize;

use super::{DigestKey, Layout, Owner, Place, packed};
use crate::moment;

/// How hashes and signatures are made, as digests name it.
const HASH: &str = "SHA-256";
const SIGNATURE: &str = "SHA256withRSA";

/// What of a digest is no part of its content: beside it in a file of this ending, and as the object's metadata where
/// there is such a thing.
pub(super) const METADATA: &str = ".metadata";
const SIGNATURE_NAME: &str = "signature";
const ALGORITHM_NAME: &str = "signature-algorithm";

/// More log files than this are not kept waiting for their digest: what is remembered is bounded.
const MOST_FILES: usize = 1000;

/// A log file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct LogFile {
    #[n(0)]
    pub(super) object: String,
    #[n(1)]
    pub(super) hash: String,
    #[n(2)]
    pub(super) oldest: String,
    #[n(3)]
    pub(super) newest: String,
}

/// The digests of all owners: what is to be in the next, and what the last one was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chains(BTreeMap<Owner, Chain>);

/// The digests of one owner.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Chain {
    #[n(0)]
    account: String,
    #[n(1)]
    region: String,
    /// Since when the next digest tells, in seconds since the Unix epoch.
    #[n(2)]
    begins: i64,
    #[n(3)]
    files: Vec<LogFile>,
    #[n(4)]
    previous: Option<Previous>,
}

/// The last digest.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Previous {
    #[n(0)]
    object: String,
    #[n(1)]
    hash: String,
    #[n(2)]
    signature: String,
}

/// A digest as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    aws_account_id: &'a str,
    digest_start_time: String,
    digest_end_time: &'a str,
    #[serde(rename = "digestS3Bucket")]
    bucket: &'a str,
    #[serde(rename = "digestS3Object")]
    object: &'a str,
    newest_event_time: Option<&'a str>,
    oldest_event_time: Option<&'a str>,
    #[serde(rename = "previousDigestS3Bucket")]
    previous_bucket: Option<&'a str>,
    #[serde(rename = "previousDigestS3Object")]
    previous_object: Option<&'a str>,
    previous_digest_hash_value: Option<&'a str>,
    previous_digest_hash_algorithm: Option<&'a str>,
    previous_digest_signature: Option<&'a str>,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: &'a str,
    log_files: Vec<File<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(rename = "s3Bucket")]
    bucket: &'a str,
    #[serde(rename = "s3Object")]
    object: &'a str,
    hash_value: &'a str,
    hash_algorithm: &'a str,
    newest_event_time: &'a str,
    oldest_event_time: &'a str,
}

impl Chains {
    /// Notes a log file for the next digest; one that was written again, in the place of what it was.
    pub(super) fn add(&mut self, owner: Owner, file: LogFile, now: i64) {
        let chain = self.0.entry(owner).or_insert_with_key(|owner| Chain {
            account: owner.account.clone(),
            region: owner.region.clone(),
            begins: now,
            files: Vec::new(),
            previous: None,
        });
        match chain.files.iter_mut().find(|known| known.object == file.object) {
            Some(known) => *known = file,
            None => chain.files.push(file),
        }
    }

    /// Whose digests are due. Where nothing happened there is nothing to tell.
    pub(super) fn due(&self, layout: &Layout, now: i64) -> Vec<Owner> {
        let all = self.files();
        let due = self.0.iter().filter(|(_, chain)| chain.is_due(layout, now, all));
        due.map(|(owner, _)| owner.clone()).collect()
    }

    /// Writes the digest of an owner.
    pub(super) async fn write(
        &mut self,
        owner: &Owner,
        place: &dyn Place,
        layout: &Layout,
        key: &DigestKey,
        now: i64,
    ) -> io::Result<()> {
        match self.0.get_mut(owner) {
            Some(chain) => chain.write(place, layout, key, now).await,
            None => Ok(()),
        }
    }

    /// How many log files wait for their digest.
    fn files(&self) -> usize {
        self.0.values().map(|chain| chain.files.len()).sum()
    }

    /// What was remembered.
    pub(super) fn remembered(chains: Vec<Chain>) -> Self {
        let known = chains.into_iter().map(|chain| {
            let owner = Owner {
                account: chain.account.clone(),
                region: chain.region.clone(),
            };
            (owner, chain)
        });
        Self(known.collect())
    }

    /// What is to be remembered.
    pub(super) fn to_remember(&self) -> Vec<Chain> {
        self.0.values().cloned().collect()
    }
}

impl Chain {
    /// Whether its time has come, or that of all of them, of which there are many.
    fn is_due(&self, layout: &Layout, now: i64, all: usize) -> bool {
        let interval = i64::try_from(layout.digest_interval.as_secs())
            .unwrap_or(i64::MAX)
            .max(1);
        let since = now - self.begins;
        !self.files.is_empty() && (since >= interval || (all >= MOST_FILES && since > 0))
    }

    async fn write(&mut self, place: &dyn Place, layout: &Layout, key: &DigestKey, now: i64) -> io::Result<()> {
        let (account, region) = (&self.account, &self.region);
        let object = format!(
            "AWSLogs/{account}/CloudTrail-Digest/{region}/{}/{account}_CloudTrail-Digest_{region}_{}_{}_{}.json.gz",
            moment::day_of(now),
            layout.trail,
            layout.home_region,
            moment::second_of(now),
        );
        let ends = moment::text_of(now);
        let content = serde_json::to_vec(&self.document(layout, key, &object, &ends))?;
        let (hash, compressed) = packed(content).await?;
        let before = self.previous.as_ref().map_or("null", |previous| &previous.signature);
        let to_sign = format!("{ends}\n{}/{object}\n{hash}\n{before}", layout.bucket);
        let signature = key.sign(to_sign.as_bytes()).map_err(io::Error::other)?;
        let metadata = [
            (SIGNATURE_NAME, signature.clone()),
            (ALGORITHM_NAME, SIGNATURE.to_owned()),
        ];
        // Not every place keeps metadata, and what is copied from one that does leaves it behind.
        let beside: BTreeMap<_, _> = metadata.iter().cloned().collect();
        let beside = serde_json::to_vec(&beside)?;
        place.put(&format!("{object}{METADATA}"), beside, &[]).await?;
        place.put(&object, compressed, &metadata).await?;
        self.previous = Some(Previous {
            object,
            hash,
            signature,
        });
        self.begins = now;
        self.files.clear();
        Ok(())
    }

    fn document<'a>(&'a self, layout: &'a Layout, key: &DigestKey, object: &'a str, ends: &'a str) -> Document<'a> {
        let previous = self.previous.as_ref();
        let files = self.files.iter().map(|file| File {
            bucket: &layout.bucket,
            object: &file.object,
            hash_value: &file.hash,
            hash_algorithm: HASH,
            newest_event_time: &file.newest,
            oldest_event_time: &file.oldest,
        });
        Document {
            aws_account_id: &self.account,
            digest_start_time: moment::text_of(self.begins),
            digest_end_time: ends,
            bucket: &layout.bucket,
            object,
            newest_event_time: self.files.iter().map(|file| file.newest.as_str()).max(),
            oldest_event_time: self.files.iter().map(|file| file.oldest.as_str()).min(),
            previous_bucket: previous.map(|_| layout.bucket.as_str()),
            previous_object: previous.map(|previous| previous.object.as_str()),
            previous_digest_hash_value: previous.map(|previous| previous.hash.as_str()),
            previous_digest_hash_algorithm: previous.map(|_| HASH),
            previous_digest_signature: previous.map(|previous| previous.signature.as_str()),
            digest_public_key_fingerprint: key.fingerprint(),
            digest_signature_algorithm: SIGNATURE,
            log_files: files.collect(),
        }
    }
}
