//! Checks log files and digests in a folder, which may be a copy of a bucket.
//!
//! What was signed is believed and nothing else: a digest by its signature, the digest before by the hash and the
//! signature in it, a log file by the hash in a digest.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use trent_audit::Progress;

use super::digest::METADATA;
use super::{hash_of, key};

/// What names of digests and of log files have in them.
const DIGESTS: &str = "/CloudTrail-Digest/";
const LOG_FILES: &str = "/CloudTrail/";

/// How names of both end.
const ENDING: &str = ".json.gz";

/// The longest content of a log file or digest: whoever can put something into the folder does not fill the memory with it.
const LONGEST: u64 = 64 << 20;

/// What was found to be in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Digests whose signatures are right.
    pub digests: usize,
    /// Log files that are what digests say.
    pub log_files: usize,
    /// Log files that no digest names: none has come since, or somebody put them there.
    pub not_in_digests: Vec<String>,
    /// The first digests that are there of those that name one before.
    pub begins_with: Vec<String>,
    /// The fingerprints of the keys that signed.
    pub keys: BTreeSet<String>,
}

/// Why log files are not what was written.
#[derive(Debug, thiserror::Error)]
pub enum LogFilesFault {
    /// Something cannot be read.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// There is nothing to check anything by.
    #[error("there is no digest in {0}")]
    NoDigest(PathBuf),
    /// Something is not as it was.
    #[error("{object}: {fault}")]
    Altered {
        /// What.
        object: String,
        /// How that is known.
        fault: String,
    },
}

/// What is said of something that a digest names.
const REMOVED: &str = "it is not there: it was removed";

fn altered(object: &str, fault: impl Into<String>) -> LogFilesFault {
    LogFilesFault::Altered {
        object: object.to_owned(),
        fault: fault.into(),
    }
}

/// What of a digest is checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Digest {
    #[serde(rename = "digestEndTime")]
    ends: String,
    #[serde(rename = "digestS3Bucket")]
    bucket: String,
    #[serde(rename = "digestS3Object")]
    object: String,
    #[serde(rename = "previousDigestS3Object")]
    previous_object: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_signature: Option<String>,
    #[serde(rename = "digestPublicKeyFingerprint")]
    key: String,
    log_files: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(rename = "s3Object")]
    object: String,
    hash_value: String,
}

#[derive(Deserialize)]
struct Metadata {
    signature: String,
}

/// A digest that is what was signed.
struct Believed {
    digest: Digest,
    hash: String,
    signature: String,
}

/// A public key, in DER, by its fingerprint.
pub type PublicKeys = BTreeMap<String, Vec<u8>>;

/// The public keys that stand in a folder beside what they signed.
pub fn public_keys_in(folder: &Path) -> io::Result<PublicKeys> {
    let mut keys = PublicKeys::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "pem") {
            let (fingerprint, key) = public_key(&path)?;
            keys.insert(fingerprint, key);
        }
    }
    Ok(keys)
}

/// The public key in a file, with its fingerprint.
pub fn public_key(path: &Path) -> io::Result<(String, Vec<u8>)> {
    let text = std::fs::read_to_string(path)?;
    let encoded: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let key = STANDARD.decode(encoded.trim()).map_err(io::Error::other)?;
    Ok((key::fingerprint_of(&key), key))
}

/// Checks all log files and digests in a folder. These keys alone may have signed.
pub fn verify_log_files(
    folder: &Path,
    keys: &PublicKeys,
    mut progress: impl FnMut(Progress),
) -> Result<Checked, LogFilesFault> {
    let objects = objects_in(folder)?;
    let mut reading = Reading {
        folder,
        done: 0,
        total: objects.values().sum(),
        progress: &mut progress,
    };
    let mut checked = Checked::default();
    let mut believed = BTreeMap::new();
    for object in objects.keys().filter(|object| object.contains(DIGESTS)) {
        let digest = reading.digest(object, keys)?;
        checked.keys.insert(digest.digest.key.clone());
        believed.insert(object.clone(), digest);
    }
    if believed.is_empty() {
        return Err(LogFilesFault::NoDigest(folder.to_owned()));
    }
    checked.digests = believed.len();
    checked.begins_with = check_chains(&believed)?;
    let mut listed = BTreeSet::new();
    for file in believed.values().flat_map(|believed| &believed.digest.log_files) {
        if listed.insert(file.object.as_str()) {
            // What is not in the folder is not looked at, wherever the name leads.
            if !objects.contains_key(&file.object) {
                return Err(altered(&file.object, REMOVED));
            }
            let content = reading.content(&file.object)?;
            if hash_of(&content) != file.hash_value {
                return Err(altered(&file.object, "it is not what its digest says: it was changed"));
            }
        }
    }
    checked.log_files = listed.len();
    let files = objects.keys().filter(|object| object.contains(LOG_FILES));
    checked.not_in_digests = files
        .filter(|object| !listed.contains(object.as_str()))
        .cloned()
        .collect();
    Ok(checked)
}

/// Checks that each digest is the one that the next one names. Tells which ones the chains begin with, if there were some
/// before.
fn check_chains(digests: &BTreeMap<String, Believed>) -> Result<Vec<String>, LogFilesFault> {
    let mut begins_with = Vec::new();
    for (object, Believed { digest, .. }) in digests {
        let Some(before) = &digest.previous_object else {
            continue;
        };
        let Some(previous) = digests.get(before) else {
            // Names end with their time, so what is older stands before.
            let chain = chain_of(before);
            let has_older = digests.keys().any(|other| chain_of(other) == chain && other < before);
            if has_older {
                return Err(altered(
                    before,
                    "it is not there, and a digest names it: it was removed",
                ));
            }
            begins_with.push(object.clone());
            continue;
        };
        if digest.previous_digest_hash_value.as_ref() != Some(&previous.hash)
            || digest.previous_digest_signature.as_ref() != Some(&previous.signature)
        {
            return Err(altered(
                before,
                "it is not what the digest after it says: it was replaced",
            ));
        }
    }
    Ok(begins_with)
}

/// What the names of a chain's digests have in common: all but their day, and the time that they end with.
fn chain_of(object: &str) -> (&str, &str) {
    let place = object.split(DIGESTS).next().unwrap_or_default();
    let name = object.rsplit('/').next().unwrap_or_default();
    (place, name.rsplit_once('_').map_or(name, |(chain, _time)| chain))
}

/// Every log file and digest under a folder, by its name there, and how long it is.
fn objects_in(folder: &Path) -> Result<BTreeMap<String, u64>, LogFilesFault> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let told = |error| LogFilesFault::Io(next.clone(), error);
        for entry in std::fs::read_dir(&next).map_err(told)? {
            let entry = entry.map_err(told)?;
            let (path, about) = (entry.path(), entry.metadata().map_err(told)?);
            if about.is_dir() {
                folders.push(path);
            } else if let Some(object) = path.strip_prefix(folder).ok().and_then(Path::to_str)
                && object.ends_with(ENDING)
            {
                found.insert(object.to_owned(), about.len());
            }
        }
    }
    Ok(found)
}

/// Reads one thing after the other.
struct Reading<'a> {
    folder: &'a Path,
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(Progress),
}

impl Reading<'_> {
    fn file(&self, object: &str) -> Result<Vec<u8>, LogFilesFault> {
        let path = self.folder.join(object);
        match std::fs::read(&path) {
            Ok(content) => Ok(content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(altered(object, REMOVED)),
            Err(error) => Err(LogFilesFault::Io(path, error)),
        }
    }

    /// What is in a log file or digest.
    fn content(&mut self, object: &str) -> Result<Vec<u8>, LogFilesFault> {
        let file = self.file(object)?;
        self.done += file.len() as u64;
        (self.progress)(Progress {
            done: self.done,
            total: self.total,
        });
        let mut content = Vec::new();
        let read = GzDecoder::new(file.as_slice()).take(LONGEST).read_to_end(&mut content);
        let length = read.map_err(|error| altered(object, format!("it cannot be unpacked: {error}")))?;
        if length as u64 == LONGEST {
            return Err(altered(
                object,
                "it is longer than any that was written: it was changed",
            ));
        }
        Ok(content)
    }

    /// A digest, if it is what was signed.
    fn digest(&mut self, object: &str, keys: &PublicKeys) -> Result<Believed, LogFilesFault> {
        let content = self.content(object)?;
        let malformed = |error: serde_json::Error| altered(object, format!("it is malformed: {error}"));
        let digest: Digest = serde_json::from_slice(&content).map_err(malformed)?;
        let beside = format!("{object}{METADATA}");
        let metadata = self.file(&beside)?;
        let metadata: Metadata = serde_json::from_slice(&metadata).map_err(malformed)?;
        let signature = hex::decode(&metadata.signature).unwrap_or_default();
        let fingerprint = &digest.key;
        let key = keys.get(fingerprint).ok_or_else(|| {
            altered(
                object,
                format!("it names the key {fingerprint}, and there is no such one"),
            )
        })?;
        let (ends, bucket, hash) = (&digest.ends, &digest.bucket, hash_of(&content));
        let before = digest.previous_digest_signature.as_deref().unwrap_or("null");
        let signed = format!("{ends}\n{bucket}/{object}\n{hash}\n{before}");
        if digest.object != object
            || UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
                .verify(signed.as_bytes(), &signature)
                .is_err()
        {
            return Err(altered(object, "its signature is not right: it was changed"));
        }
        Ok(Believed {
            digest,
            hash,
            signature: metadata.signature,
        })
    }
}
