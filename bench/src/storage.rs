//! How long the disk under the data folder takes to make something durable.

use std::{fs::OpenOptions, io::Write, path::Path, time::Instant};

use crate::{error::BenchError, histogram::Latencies};

/// Appends 4 KiB and syncs, `rounds` times.
pub(crate) fn sync_times(folder: &Path, rounds: usize) -> Result<Latencies, BenchError> {
    let path = folder.join("fdatasync-probe");
    let io = |source| BenchError::io(path.display().to_string())(source);
    let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(io)?;
    let block = [0x5a; 4096];
    let mut times = Latencies::new();
    for _ in 0..rounds {
        let start = Instant::now();
        file.write_all(&block).and_then(|()| file.sync_data()).map_err(io)?;
        times.record(start.elapsed());
    }
    std::fs::remove_file(&path).map_err(io)?;
    Ok(times)
}
