//! Finding the record of a request in a trail's file, the latest first.

use std::fs::File;
use std::io;
use std::path::Path;

use serde::Deserialize;
use uuid::Uuid;

use crate::backwards::Backwards;

/// The one member that tells which request a record is of.
#[derive(Deserialize)]
struct Of<'a> {
    #[serde(rename = "requestID", borrow)]
    request_id: &'a str,
}

/// The record of a request, as its line in the file `path` has it. Blocks, for as long as reading takes what came after
/// the request. The chain that the line belongs to is not checked: that is what verifying the trail is for.
pub fn find_request(path: &Path, request: &Uuid) -> io::Result<Option<Vec<u8>>> {
    let mut lines = Backwards::new(File::open(path)?)?;
    let written = request.as_hyphenated().to_string();
    while let Some(line) = lines.next_line()? {
        // Anybody can write the id into an encryption context: what is found there is not the record's own.
        let is_its_own = |line: &[u8]| serde_json::from_slice::<Of<'_>>(line).is_ok_and(|of| of.request_id == written);
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
        let lines = format!(
            "{{\"chain\":1}}\n{}\n{}\nno JSON {id}\n",
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
