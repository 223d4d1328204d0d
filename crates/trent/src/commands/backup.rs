//! `trent backup`: the whole store in one file, sealed as it is.
//!
//! The file is written under another name beside its own, read back and checked, and gets its name last: a file of the
//! given name is a backup that was found whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;
use trent_store::backup::{self, Summary};
use trent_store::{DataFolder, Mode};

use crate::Failure;
use crate::cli::BackupArguments;
use crate::commands::runtime;
use crate::config::Config;
use crate::operator_client::{self, OperatorError};

pub(crate) fn run(arguments: &BackupArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.config).into_config()?;
    let file = std::path::absolute(&arguments.file)?;
    let partial = partial_of(&file);
    if let Some(there) = [&file, &partial].into_iter().find(|path| path.exists()) {
        return Err(format!("{} exists already; it is left as it is", there.display()).into());
    }
    let taken = take(&config, &partial).and_then(|how| {
        let summary = backup::verify(&mut BufReader::new(File::open(&partial)?))?;
        fs::rename(&partial, &file)?;
        if let Some(folder) = file.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok((how, summary))
    });
    let (how, summary) = match taken {
        Ok(taken) => taken,
        Err(error) => {
            // It may never have been made.
            let _ = fs::remove_file(&partial);
            return Err(error);
        }
    };
    println!(
        "Backed up {} records at revision {} from {how} into {}, and checked the file.",
        summary.records,
        summary.revision,
        file.display()
    );
    println!(
        "To restore it you also need the seal, which is not part of it: {}",
        config.seal.in_words()
    );
    Ok(())
}

/// Has the running server write the copy, or writes it here if none runs. The server writes nowhere but to its own
/// folders, so it is taken over from there.
fn take(config: &Config, partial: &Path) -> Result<&'static str, Failure> {
    let data = std::path::absolute(&config.data_dir)?;
    let spool = data.join(format!("backup-{}.partial", std::process::id()));
    let asked = operator_client::call(&config.operator_socket, "Backup", &json!({"Path": spool}));
    let taken = asked.map(|_| take_over(&spool, partial));
    // It may never have been made.
    let _ = fs::remove_file(&spool);
    match taken {
        Ok(taken) => {
            taken?;
            Ok("the running server")
        }
        Err(OperatorError::NotRunning { .. }) => {
            copy(config, partial)?;
            Ok("the stopped store")
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives a file another name, perhaps on another disk, and never over something: a rename would replace it.
fn take_over(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
            io::copy(&mut File::open(from)?, &mut file)?;
            file.sync_all()
        }
        linked => linked,
    }
}

fn copy(config: &Config, partial: &Path) -> Result<Summary, Failure> {
    let folder = DataFolder::open(&config.data_dir, Mode::Production)?;
    let engine = folder.engine()?;
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(partial)?;
    let mut out = BufWriter::new(file);
    let summary = runtime()?.block_on(backup::write(&engine, folder.mode(), &mut out))?;
    out.flush()?;
    out.into_inner()
        .map_err(std::io::IntoInnerError::into_error)?
        .sync_all()?;
    Ok(summary)
}

fn partial_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}
