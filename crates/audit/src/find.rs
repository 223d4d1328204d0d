//! Finding the record of a request in a trail's file, the latest first.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::Path;

use serde::Deserialize;
use uuid::Uuid;

use crate::backwards::Backwards;

/// The members that tell which request a record is of, and whether it is the caller's own record of it.
#[derive(Deserialize)]
struct Of<'a> {
    #[serde(rename = "requestID", borrow)]
    request_id: &'a str,
    #[serde(rename = "userIdentity", borrow, default)]
    identity: Identity<'a>,
    #[serde(rename = "eventSource", borrow, default)]
    source: Cow<'a, str>,
    #[serde(rename = "sourceIPAddress", borrow, default)]
    address: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
struct Identity<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Cow<'a, str>,
}

impl Of<'_> {
    /// Neither the copy that another account got, nor what the service did elsewhere because of the request.
    fn is_callers(&self) -> bool {
        match &*self.identity.kind {
            "AWSAccount" => false,
            // The operator has no address.
            "Operator" => true,
            _ => self.source.is_empty() || self.address != self.source,
        }
    }
}

/// The record of a request, as its line in the file `path` has it. Blocks, for as long as reading takes what came after
/// the request. The chain that the line belongs to is not checked: that is what verifying the trail is for.
pub fn find_request(path: &Path, request: &Uuid) -> io::Result<Option<Vec<u8>>> {
    let mut lines = Backwards::new(File::open(path)?)?;
    let written = request.as_hyphenated().to_string();
    while let Some(line) = lines.next_line()? {
        // Anybody can write the id into an encryption context: what is found there is not the record's own.
        let is_its_own = |line: &[u8]| {
            serde_json::from_slice::<Of<'_>>(line).is_ok_and(|of| of.request_id == written && of.is_callers())
        };
        let mentioned = str::from_utf8(&line).is_ok_and(|line| line.contains(&written));
        if mentioned && is_its_own(&line) {
            return Ok(Some(line));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_by_its_own_id_and_no_other() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let (id, other) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let record = |of: Uuid, context: Uuid| {
            format!(r#"{{"requestParameters":{{"encryptionContext":{{"requestID":"{context}"}}}},"requestID":"{of}"}}"#)
        };
        // Another account's copy, and what was done elsewhere.
        let copy = format!(r#"{{"userIdentity":{{"type":"AWSAccount"}},"requestID":"{id}"}}"#);
        let elsewhere = format!(r#"{{"eventSource":"kms.x","sourceIPAddress":"kms.x","requestID":"{id}"}}"#);
        let lines = format!(
            "{{\"chain\":1}}\n{}\n{}\n{copy}\n{elsewhere}\nno JSON {id}\n",
            record(id, other),
            record(other, id)
        );
        std::fs::write(file.path(), lines).expect("written");
        let found = |id| find_request(file.path(), &id).expect("read");
        assert_eq!(found(id), Some(record(id, other).into_bytes()));
        assert_eq!(found(other), Some(record(other, id).into_bytes()));
        assert_eq!(found(Uuid::from_u128(9)), None);
    }
}
