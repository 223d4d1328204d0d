//! The ledger of destroyed keys: which keys were deleted for good, in a file apart from the store and from its backups, so
//! that whoever restores an older backup destroys them again.
//!
//! ```text
//! trent destroyed keys 1
//! us-east-1 111122223333 1234abcd-12ab-34cd-56ef-1234567890ab 1700000000000 <authentication code>
//! ```
//!
//! A line is written before its key is. Each code covers the line and the code before it, so a line cannot be added, changed
//! or removed from the middle by whoever has the file alone; lines cut off at the end are not noticed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use trent_crypto::record::RecordSealer;
use trent_names::{AccountId, KeyId, Region};

/// How a ledger starts.
const TITLE: &str = "trent destroyed keys 1";

/// What the first code takes for the one before.
const FIRST: [u8; 32] = [0; 32];

/// A key that was deleted for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destroyed {
    /// Its Region.
    pub region: Region,
    /// The account that owned it.
    pub account: AccountId,
    /// Its id.
    pub key: KeyId,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
}

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file.
    #[error("cannot use the ledger of destroyed keys {}: {error}", path.display())]
    Io {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is not what was written.
    #[error("{} is not the ledger of this store's destroyed keys, or was altered: line {line}", path.display())]
    Altered {
        /// Where it is.
        path: PathBuf,
        /// The first line that is wrong, counted from 1.
        line: usize,
    },
}

/// The ledger, open.
pub struct Ledger {
    path: PathBuf,
    sealer: RecordSealer,
    end: Mutex<End>,
}

/// What the ledger says so far.
struct End {
    /// The last code.
    code: [u8; 32],
    destroyed: Vec<Destroyed>,
    /// How long the file is then.
    length: u64,
}

impl Ledger {
    /// Opens the ledger and checks every line of it; makes one if there is none. A last line that was torn by a crash is cut
    /// off: its key was not destroyed yet.
    pub fn open(path: &Path, sealer: RecordSealer) -> Result<Self, LedgerError> {
        let failed = |error| LedgerError::Io {
            path: path.to_owned(),
            error,
        };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let title = format!("{TITLE}\n");
                begin(path, &title).map_err(failed)?;
                title.into_bytes()
            }
            Err(error) => return Err(failed(error)),
        };
        // Behind the last whole line there may be anything.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < bytes.len() {
            let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
            file.set_len(whole as u64)
                .and_then(|()| file.sync_all())
                .map_err(failed)?;
        }
        let text = String::from_utf8_lossy(&bytes[..whole]);
        let mut lines = text.lines();
        let altered = |line| LedgerError::Altered {
            path: path.to_owned(),
            line,
        };
        if lines.next() != Some(TITLE) {
            return Err(altered(1));
        }
        let mut end = End {
            code: FIRST,
            destroyed: Vec::new(),
            length: whole as u64,
        };
        for (number, line) in lines.enumerate() {
            let (entry, code) = read(&sealer, &end.code, line).ok_or_else(|| altered(number + 2))?;
            end.code = code;
            end.destroyed.push(entry);
        }
        Ok(Self {
            path: path.to_owned(),
            sealer,
            end: Mutex::new(end),
        })
    }

    /// The keys that were destroyed, in order. One may be there more often than once.
    pub fn destroyed(&self) -> Vec<Destroyed> {
        self.end.lock().destroyed.clone()
    }

    /// Writes down that a key is about to be destroyed, durably.
    pub fn append(&self, entry: &Destroyed) -> Result<(), LedgerError> {
        let mut end = self.end.lock();
        if end.destroyed.last() == Some(entry) {
            return Ok(());
        }
        let line = written(entry);
        let code = code(&self.sealer, &end.code, &line);
        let line = format!("{line} {}\n", hex::encode(code));
        let written = OpenOptions::new().append(true).open(&self.path).and_then(|mut file| {
            // What a disk that was full has taken of another line.
            file.set_len(end.length)?;
            file.write_all(line.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|error| LedgerError::Io {
            path: self.path.clone(),
            error,
        })?;
        end.code = code;
        end.destroyed.push(entry.clone());
        end.length += line.len() as u64;
        Ok(())
    }
}

fn begin(path: &Path, title: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(title.as_bytes())?;
    file.sync_all()?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

fn written(entry: &Destroyed) -> String {
    let Destroyed {
        region,
        account,
        key,
        at,
    } = entry;
    format!("{region} {account} {key} {at}")
}

fn code(sealer: &RecordSealer, last: &[u8; 32], line: &str) -> [u8; 32] {
    sealer.attest(&[b"trent destroyed key\0".as_slice(), last, line.as_bytes()].concat())
}

/// Reads a line behind the one with the code `last`; none if it is not what was written there.
fn read(sealer: &RecordSealer, last: &[u8; 32], line: &str) -> Option<(Destroyed, [u8; 32])> {
    let (line, found) = line.rsplit_once(' ')?;
    let code = code(sealer, last, line);
    let found: [u8; 32] = hex::decode(found).ok()?.try_into().ok()?;
    if !trent_crypto::secret::equal(&code, &found) {
        return None;
    }
    let mut parts = line.split(' ');
    let entry = Destroyed {
        region: Region::parse(parts.next()?).ok()?,
        account: AccountId::parse(parts.next()?).ok()?,
        key: KeyId::parse(parts.next()?).ok()?,
        at: parts.next()?.parse().ok()?,
    };
    Some((entry, code))
}

#[cfg(test)]
mod tests {
    use trent_crypto::Key256;
    use trent_crypto::root::RootKeys;

    use super::*;

    fn sealer(of: u8) -> RecordSealer {
        RecordSealer::new(&RootKeys::first(Key256::new([of; 32]), Key256::new([of; 32])))
    }

    fn entry(at: i64) -> Destroyed {
        Destroyed {
            region: Region::parse("us-east-1").expect("a Region"),
            account: AccountId::parse("111122223333").expect("an account"),
            key: KeyId::parse("mrk-1234abcd12ab34cd56ef1234567890ab").expect("a key id"),
            at,
        }
    }

    fn filled(folder: &Path) -> PathBuf {
        let path = folder.join("seal.destroyed");
        let ledger = Ledger::open(&path, sealer(1)).expect("a ledger");
        for at in 1..=3 {
            ledger.append(&entry(at)).expect("room");
            ledger.append(&entry(at)).expect("said twice, written once");
        }
        path
    }

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = filled(folder.path());
        let ledger = Ledger::open(&path, sealer(1)).expect("a ledger");
        assert_eq!(ledger.destroyed(), [entry(1), entry(2), entry(3)]);
        ledger.append(&entry(4)).expect("room");
        assert_eq!(Ledger::open(&path, sealer(1)).expect("a ledger").destroyed().len(), 4);
    }

    #[test]
    fn a_torn_last_line_is_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = filled(folder.path());
        let whole = fs::read(&path).expect("a file");
        let third = whole.iter().rposition(|byte| *byte == b'e').expect("a line");
        fs::write(&path, [&whole[..third], b"\xff\0"].concat()).expect("a shorter file");
        let ledger = Ledger::open(&path, sealer(1)).expect("a ledger");
        assert_eq!(ledger.destroyed(), [entry(1), entry(2)]);
        ledger.append(&entry(5)).expect("room");
        assert_eq!(
            Ledger::open(&path, sealer(1)).expect("a ledger").destroyed(),
            [entry(1), entry(2), entry(5)]
        );
    }

    #[test]
    fn what_a_full_disk_left_of_a_line_is_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = filled(folder.path());
        let ledger = Ledger::open(&path, sealer(1)).expect("a ledger");
        let whole = fs::read(&path).expect("a file");
        for (left, at) in [
            ("us-east-1 1111", 4),
            ("us-east-1 111122223333 whole, and not synced\n", 5),
        ] {
            let before = fs::read(&path).expect("a file");
            fs::write(&path, [&before, left.as_bytes()].concat()).expect("a longer file");
            ledger.append(&entry(at)).expect("room");
        }
        assert!(fs::read(&path).expect("a file").starts_with(&whole));
        let found = Ledger::open(&path, sealer(1)).expect("a ledger").destroyed();
        assert_eq!(found, [1, 2, 3, 4, 5].map(entry));
    }

    #[test]
    fn an_altered_ledger_and_that_of_another_store_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = filled(folder.path());
        assert!(matches!(
            Ledger::open(&path, sealer(2)),
            Err(LedgerError::Altered { line: 2, .. })
        ));
        let text = fs::read_to_string(&path).expect("a file");
        let lines: Vec<_> = text.lines().collect();
        for (altered, wrong) in [
            ([lines[0], lines[2], lines[3]].join("\n"), 2),
            ([lines[0], lines[1], lines[3]].join("\n"), 3),
            (text.replace("us-east-1", "us-west-1"), 2),
            (format!("x{text}"), 1),
        ] {
            fs::write(&path, altered + "\n").expect("a file");
            let refused = Ledger::open(&path, sealer(1)).err().expect("a refusal");
            assert!(
                matches!(refused, LedgerError::Altered { line, .. } if line == wrong),
                "{refused}"
            );
        }
    }
}
