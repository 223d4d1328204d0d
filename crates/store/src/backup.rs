//! Backups: a consistent copy of a store, taken while it serves, verified when it is read.
//!
//! Records are copied as they are stored, sealed; the seal is never part of a backup. The file ends with a SHA-256
//! digest over all of it, so damage is found before anything is restored. That a backup is genuine shows when the
//! restored store is opened: its records must be those that its head attests.
//!
//! ```text
//! "trent backup 1\n"
//! mode 1 | revision 8 | length 4, head
//! for each record:  length 4 (not 0), key | revision 8 | length 4, value
//! 0 (4 bytes) | number of records 8 | SHA-256 of everything before, 32
//! ```
//! Integers are big-endian.

use std::{
    fs,
    io::{self, Read, Write},
    path::Path,
};

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use bytes::Bytes;

use crate::{
    embedded::Loader,
    engine::{Engine, MAX_PAGE, MAX_TRANSACTION_BYTES, Range, Revision, Versioned},
    error::{OpenError, StoreError},
    folder::{DataFolder, Mode},
};

const MAGIC: &[u8] = b"trent backup 1\n";
/// No key, value or head is longer: what a damaged length may make us allocate.
const LONGEST: usize = MAX_TRANSACTION_BYTES;
/// Records restored at once.
const CHUNK: usize = 1000;

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The revision of the store that was copied.
    pub revision: Revision,
    /// How many records.
    pub records: u64,
    /// What the store was made for.
    pub mode: Mode,
}

/// Why a backup could not be taken, read or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Not a backup at all.
    #[error("this is not a Trent backup")]
    Foreign,
    /// Cut short, or changed.
    #[error("the backup is damaged: {0}")]
    Damaged(&'static str),
    /// Made for another mode than the one restored for.
    #[error("this is a backup of a {found} store and cannot be restored for {wanted}")]
    WrongMode {
        /// What it was made for.
        found: Mode,
        /// What was asked for.
        wanted: Mode,
    },
    /// The backup could not be written or read.
    #[error("the backup cannot be written or read: {0}")]
    Io(#[from] io::Error),
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The data folder to restore into cannot be used.
    #[error(transparent)]
    Folder(#[from] OpenError),
}

/// Copies the store's latest revision while it goes on serving.
pub async fn write(engine: &dyn Engine, mode: Mode, out: &mut (dyn Write + Send)) -> Result<Summary, BackupError> {
    let snapshot = engine.snapshot().await?;
    let mut out = Hashing {
        inner: out,
        context: Context::new(&SHA256),
    };
    out.put(MAGIC)?;
    out.put(&[mode_byte(mode)])?;
    out.put(&snapshot.revision().0.to_be_bytes())?;
    out.put_framed(&snapshot.head().await?.unwrap_or_default())?;
    let mut records = 0;
    let mut after = None;
    loop {
        let page = snapshot.range(&Range::everything(after, MAX_PAGE)).await?;
        for (key, stored) in &page.items {
            out.put_framed(key)?;
            out.put(&stored.revision.0.to_be_bytes())?;
            out.put_framed(&stored.value)?;
            records += 1;
        }
        match page.items.last() {
            Some((last, _)) if page.more => after = Some(last.clone()),
            _ => break,
        }
    }
    out.put(&[0; 4])?;
    out.put(&u64::to_be_bytes(records))?;
    let digest = out.context.finish();
    out.inner.write_all(digest.as_ref())?;
    out.inner.flush()?;
    Ok(Summary {
        revision: snapshot.revision(),
        records,
        mode,
    })
}

/// Reads a whole backup and checks it.
pub fn verify(input: &mut dyn Read) -> Result<Summary, BackupError> {
    let reader = Reader::start(input)?;
    reader.finish(|_| Ok(())).map(|(summary, _)| summary)
}

/// Restores a backup into a new data folder, which counts as one only once all of it has been read, found whole and
/// made durable. The next opening needs the operator's word that the head file may be replaced.
pub fn restore(input: &mut dyn Read, path: &Path, mode: Mode) -> Result<(DataFolder, Summary), BackupError> {
    let reader = Reader::start(input)?;
    if reader.mode != mode {
        return Err(BackupError::WrongMode {
            found: reader.mode,
            wanted: mode,
        });
    }
    let folder = DataFolder::prepare(path, mode)?;
    let partial = path.join("store.partial");
    remove_if_there(&partial)?;
    let filled = fill(reader, &partial);
    if filled.is_err() {
        remove_if_there(&partial)?;
    }
    let summary = filled?;
    fs::rename(&partial, folder.store_file())?;
    folder.stamp()?;
    Ok((folder, summary))
}

fn fill(reader: Reader<'_>, path: &Path) -> Result<Summary, BackupError> {
    let mut loader = Loader::create(path)?;
    let (summary, head) = reader.finish(|records| Ok(loader.add(records)?))?;
    loader.finish(summary.revision, head.as_deref())?;
    Ok(summary)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn mode_byte(mode: Mode) -> u8 {
    match mode {
        Mode::Production => 0,
        Mode::Development => 1,
    }
}

/// Writes and digests.
struct Hashing<'a> {
    inner: &'a mut (dyn Write + Send),
    context: Context,
}

impl Hashing<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.context.update(bytes);
        self.inner.write_all(bytes)
    }

    fn put_framed(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.put(&length.to_be_bytes())?;
        self.put(bytes)
    }
}

/// Reads and digests a backup whose beginning has been read.
struct Reader<'a> {
    inner: &'a mut dyn Read,
    context: Context,
    mode: Mode,
    revision: Revision,
    head: Bytes,
}

impl<'a> Reader<'a> {
    fn start(inner: &'a mut dyn Read) -> Result<Self, BackupError> {
        let mut magic = [0; MAGIC.len()];
        inner.read_exact(&mut magic).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => BackupError::Foreign,
            _ => error.into(),
        })?;
        if magic != MAGIC {
            return Err(BackupError::Foreign);
        }
        let mut context = Context::new(&SHA256);
        context.update(MAGIC);
        let mut reader = Self {
            inner,
            context,
            mode: Mode::Production,
            revision: Revision::ZERO,
            head: Bytes::new(),
        };
        reader.mode = match reader.take::<1>()? {
            [0] => Mode::Production,
            [1] => Mode::Development,
            _ => return Err(BackupError::Damaged("it is of an unknown mode")),
        };
        reader.revision = Revision(u64::from_be_bytes(reader.take()?));
        reader.head = reader.take_framed()?;
        Ok(reader)
    }

    /// Hands every record to `consume` and checks the end. What was consumed counts only if this succeeds.
    fn finish(
        mut self,
        mut consume: impl FnMut(&[(Bytes, Versioned)]) -> Result<(), BackupError>,
    ) -> Result<(Summary, Option<Bytes>), BackupError> {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut records = 0;
        loop {
            let key = self.take_framed()?;
            if key.is_empty() {
                break;
            }
            let revision = Revision(u64::from_be_bytes(self.take()?));
            chunk.push((
                key,
                Versioned {
                    value: self.take_framed()?,
                    revision,
                },
            ));
            records += 1;
            if chunk.len() == CHUNK {
                consume(&chunk)?;
                chunk.clear();
            }
        }
        consume(&chunk)?;
        if u64::from_be_bytes(self.take()?) != records {
            return Err(BackupError::Damaged("it holds another number of records than it says"));
        }
        let digest = self.context.clone().finish();
        if self.take::<SHA256_OUTPUT_LEN>()? != digest.as_ref() {
            return Err(BackupError::Damaged("its contents are not those that were written"));
        }
        if self.inner.read(&mut [0])? != 0 {
            return Err(BackupError::Damaged("there is more behind its end"));
        }
        let summary = Summary {
            revision: self.revision,
            records,
            mode: self.mode,
        };
        Ok((summary, (!self.head.is_empty()).then_some(self.head)))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn take_framed(&mut self) -> Result<Bytes, BackupError> {
        let length = u32::from_be_bytes(self.take()?) as usize;
        if length > LONGEST {
            return Err(BackupError::Damaged("a length in it is too large"));
        }
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes.into())
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        self.inner.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => BackupError::Damaged("it is cut short"),
            _ => error.into(),
        })?;
        self.context.update(bytes);
        Ok(())
    }
}
