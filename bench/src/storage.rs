//! How long the disk under the data folder takes to make something durable.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use crate::{error::BenchError, histogram::Latencies};

/// A file that is written as a trail is: appended to and synced. It is removed with this.
pub(crate) struct Probe {
    file: File,
    path: PathBuf,
}

impl Probe {
    /// In this folder.
    pub(crate) fn new(folder: &Path) -> Result<Self, BenchError> {
        let path = folder.join("fdatasync-probe");
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let mut probe = Self {
            file: file.map_err(BenchError::io(path.display().to_string()))?,
            path,
        };
        // The first one makes the file's name durable too.
        probe.times(1)?;
        Ok(probe)
    }

    /// Appends 4 KiB and syncs, `rounds` times.
    pub(crate) fn times(&mut self, rounds: usize) -> Result<Latencies, BenchError> {
        let block = [0x5a; 4096];
        let mut times = Latencies::new();
        for _ in 0..rounds {
            let start = Instant::now();
            let synced = self.file.write_all(&block).and_then(|()| self.file.sync_data());
            synced.map_err(BenchError::io(self.path.display().to_string()))?;
            times.record(start.elapsed());
        }
        Ok(times)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        // Its folder is a temporary one.
        drop(std::fs::remove_file(&self.path));
    }
}
