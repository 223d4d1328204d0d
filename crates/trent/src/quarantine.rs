//! The quarantine of a restored store: as long as it is not known which keys were destroyed since the backup, nothing is
//! served out of it.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::config::Config;

/// What is in the file, for whoever finds it.
const NOTICE: &str = "This store was restored from a backup without the ledger of destroyed keys.\n\
    Keys that were deleted since the backup are back in it. `trent restore --release` lets it be served.\n";

/// Puts the store in quarantine.
pub(crate) fn enter(config: &Config) -> io::Result<()> {
    fs::write(file(config), NOTICE)
}

/// Whether the store is in quarantine.
pub(crate) fn holds(config: &Config) -> bool {
    file(config).exists()
}

/// Ends the quarantine; false if the store was in none.
pub(crate) fn leave(config: &Config) -> io::Result<bool> {
    match fs::remove_file(file(config)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn file(config: &Config) -> PathBuf {
    config.data_dir.join("QUARANTINE")
}
