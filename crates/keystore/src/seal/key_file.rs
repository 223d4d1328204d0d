//! The simplest seal: a 256-bit key in a file of its own, outside the data folder, readable by its owner only.
//!
//! The file is one line, `trent-seal-1 ` and 64 hexadecimal digits, so that it survives a copy by hand.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use trent_crypto::sealed_keyring::{self, Fingerprint};
use trent_crypto::{Key256, Secret};

use super::{Seal, SealError, opened};
use crate::randomness::{self, Randomness, SystemRandomness};

const PREFIX: &[u8] = b"trent-seal-1 ";
const DIGITS: usize = 2 * Key256::LEN;
/// A whole file, its line end included.
const FILE: usize = PREFIX.len() + DIGITS + 1;
const OWNER_ONLY: u32 = 0o600;
const OTHERS: u32 = 0o077;

/// A seal whose key is in a file.
pub struct KeyFileSeal(Key256);

impl KeyFileSeal {
    /// Makes a key file with a random key. `data` is the data folder, inside which it must not lie.
    pub fn create(path: &Path, data: &Path) -> Result<Self, SealError> {
        Self::create_with(path, data, &SystemRandomness)
    }

    /// The same, with another source of random bytes.
    pub fn create_with(path: &Path, data: &Path, randomness: &dyn Randomness) -> Result<Self, SealError> {
        refuse_inside(path, data)?;
        let seal = Self(randomness::key(randomness)?);
        seal.write(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => SealError::Exists(path.to_owned()),
            _ => io_error(path, error),
        })?;
        Ok(seal)
    }

    /// Reads a key file that is owned and readable as it must be.
    pub fn open(path: &Path, data: &Path) -> Result<Self, SealError> {
        refuse_inside(path, data)?;
        let file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SealError::Missing(path.to_owned()),
            _ => io_error(path, error),
        })?;
        // The open file is examined, not the path, so that the answer is about what will be read.
        let metadata = file.metadata().map_err(|error| io_error(path, error))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & OTHERS != 0 {
            let path = path.to_owned();
            return Err(SealError::Exposed { path, mode });
        }
        let key = read(file).map_err(|error| io_error(path, error))?;
        key.map(Self).ok_or_else(|| SealError::NotAKeyFile(path.to_owned()))
    }

    /// What identifies the seal without telling its key.
    pub fn fingerprint(&self) -> Fingerprint {
        sealed_keyring::fingerprint(&self.0)
    }

    /// Writes the file and makes it durable: a keyring sealed under a lost key is lost as well.
    fn write(&self, path: &Path) -> io::Result<()> {
        let mut line = Secret::zeroed(FILE);
        let (prefix, rest) = line.expose_mut().split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX);
        hex::encode_to_slice(self.0.expose(), &mut rest[..DIGITS]).expect("two digits a byte");
        rest[DIGITS] = b'\n';

        let path = std::path::absolute(path)?;
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let made = folder.ancestors().take_while(|folder| !folder.exists()).count();
        fs::create_dir_all(folder)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(OWNER_ONLY);
        let mut file = options.open(&path)?;
        file.write_all(line.expose())?;
        file.sync_all()?;
        // The file's own folder holds its name; each folder made here has its name in the one above.
        for folder in folder.ancestors().take(made + 1) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

impl Seal for KeyFileSeal {
    fn kind(&self) -> &'static str {
        "key-file"
    }

    fn wrap(&self, keyring: &Secret) -> Result<Vec<u8>, SealError> {
        let salt = randomness::salt(&SystemRandomness)?;
        Ok(sealed_keyring::seal(&self.0, keyring.expose(), salt))
    }

    fn unwrap(&self, sealed: &[u8]) -> Result<Secret, SealError> {
        opened(&self.0, sealed)
    }
}

/// Reads the key; `None` if the file holds something else. The line end may be missing.
fn read(file: File) -> io::Result<Option<Key256>> {
    let mut content = Secret::zeroed(FILE + 1);
    let mut length = 0;
    let mut file = file.take(FILE as u64 + 1);
    loop {
        let read = file.read(&mut content.expose_mut()[length..])?;
        if read == 0 {
            break;
        }
        length += read;
    }
    let content = &content.expose()[..length];
    let line = content.strip_suffix(b"\n").unwrap_or(content);
    let mut key = Key256::new([0; Key256::LEN]);
    let parsed = line
        .strip_prefix(PREFIX)
        .map(|digits| hex::decode_to_slice(digits, key.expose_mut()));
    Ok(matches!(parsed, Some(Ok(()))).then_some(key))
}

fn refuse_inside(path: &Path, data: &Path) -> Result<(), SealError> {
    let key_file = resolve(path).map_err(|error| io_error(path, error))?;
    let folder = resolve(data).map_err(|error| io_error(data, error))?;
    if key_file.starts_with(&folder) {
        return Err(SealError::InsideData {
            path: path.to_owned(),
            data: data.to_owned(),
        });
    }
    Ok(())
}

/// The path without symbolic links, as far as it exists.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    for ancestor in path.ancestors() {
        match ancestor.canonicalize() {
            Ok(existing) => {
                let rest = path.strip_prefix(ancestor).map_err(io::Error::other)?;
                // Joining nothing would append a separator, after which a file is not found.
                return Ok(if rest.as_os_str().is_empty() {
                    existing
                } else {
                    existing.join(rest)
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(path)
}

fn io_error(path: &Path, error: io::Error) -> SealError {
    SealError::Io {
        path: path.to_owned(),
        error,
    }
}
