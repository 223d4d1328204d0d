//! A simulated disk under the embedded engine: it loses power, fills up, fails, and counts its syncs.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use redb::StorageBackend;

use crate::random::Random;

/// What a disk writes without tearing.
const SECTOR: usize = 512;

/// A disk whose contents outlive the engine on it. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What is certainly there after a power cut.
    durable: Vec<u8>,
    /// What reads see.
    cached: Vec<u8>,
    /// What has happened since the last sync, in order.
    pending: Vec<Operation>,
    syncs: usize,
    /// Writes, resizes and syncs that still succeed; afterwards the power is off.
    power_left: Option<usize>,
    ignores_sync: bool,
    failure: Option<Failure>,
}

/// How writing fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Every write and sync fails with this error.
    Write(io::ErrorKind),
    /// Only syncs fail: whether what was written before is there cannot be known.
    Sync,
}

#[derive(Debug, Clone)]
enum Operation {
    Write(usize, Vec<u8>),
    Resize(usize),
}

impl Operation {
    fn apply(&self, contents: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => {
                let end = offset + data.len();
                if contents.len() < end {
                    contents.resize(end, 0);
                }
                contents[*offset..end].copy_from_slice(data);
            }
            Self::Resize(length) => contents.resize(*length, 0),
        }
    }

    /// The sectors of a write, each of which is there or not after a power cut.
    fn torn(&self) -> Vec<Self> {
        match self {
            Self::Write(offset, data) => data
                .chunks(SECTOR)
                .enumerate()
                .map(|(n, part)| Self::Write(offset + n * SECTOR, part.to_vec()))
                .collect(),
            Self::Resize(_) => vec![self.clone()],
        }
    }
}

impl Disk {
    pub fn with_contents(contents: Vec<u8>) -> Self {
        let disk = Self::default();
        disk.state().durable.clone_from(&contents);
        disk.state().cached = contents;
        disk
    }

    /// A disk that says that it has synced, and has not.
    pub fn that_ignores_sync() -> Self {
        let disk = Self::default();
        disk.state().ignores_sync = true;
        disk
    }

    pub fn contents(&self) -> Vec<u8> {
        self.state().cached.clone()
    }

    pub fn syncs(&self) -> usize {
        self.state().syncs
    }

    pub fn fail(&self, failure: Failure) {
        self.state().failure = Some(failure);
    }

    /// Bits change by themselves.
    pub fn flip(&self, offset: usize, bits: u8) {
        let mut state = self.state();
        state.cached[offset] ^= bits;
        state.durable[offset] ^= bits;
    }

    /// Lets this many more writes and syncs succeed.
    pub fn power_for(&self, operations: usize) {
        self.state().power_left = Some(operations);
    }

    /// The power is cut: everything since the last sync is there, is not, or is there in part, in any order.
    pub fn cut(&self, random: &mut Random) {
        let mut state = self.state();
        let pending = std::mem::take(&mut state.pending);
        let survivors: Vec<Operation> = match random.below(5) {
            0 => vec![],
            1 => pending,
            2 => {
                let kept = random.below(pending.len() + 1);
                pending.into_iter().take(kept).collect()
            }
            3 => pending.into_iter().filter(|_| random.coin()).collect(),
            _ => {
                let odds = 2 + random.below(6);
                let sectors = pending.iter().flat_map(Operation::torn);
                sectors.filter(|_| random.below(odds) > 0).collect()
            }
        };
        let mut contents = std::mem::take(&mut state.durable);
        for operation in survivors {
            operation.apply(&mut contents);
        }
        state.durable.clone_from(&contents);
        state.cached = contents;
        state.power_left = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    fn use_power(&mut self) -> io::Result<()> {
        match &mut self.power_left {
            Some(0) => Err(io::Error::other("the power is off")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn change(&mut self, operation: Operation) -> io::Result<()> {
        if let Some(Failure::Write(kind)) = self.failure {
            return Err(kind.into());
        }
        self.use_power()?;
        operation.apply(&mut self.cached);
        self.pending.push(operation);
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().cached.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let found = state.cached.get(offset..).and_then(|rest| rest.get(..out.len()));
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.state()
            .change(Operation::Resize(usize::try_from(len).map_err(io::Error::other)?))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.failure.is_some() {
            return Err(io::Error::other("the disk does not sync"));
        }
        state.use_power()?;
        state.syncs += 1;
        if !state.ignores_sync {
            let pending = std::mem::take(&mut state.pending);
            for operation in pending {
                operation.apply(&mut state.durable);
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        self.state().change(Operation::Write(offset, data.to_vec()))
    }
}
