//! `trent audit verify --log-files`: checks log files and digests, wherever they were copied to. Needs no server.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use trent_delivery::outlets::{Checked, LogFilesFault, PublicKeys, public_key, public_keys_in, verify_log_files};

use super::verify::{Bar, FAULT};
use crate::Failure;
use crate::cli::audit::VerifyArguments;

pub(super) fn run(folder: &Path, arguments: &VerifyArguments) -> Result<ExitCode, Failure> {
    let given = arguments.public_key.as_deref();
    let keys = match given {
        Some(path) => public_key(path).map(|key| PublicKeys::from([key])),
        None => public_keys_in(folder),
    };
    let keys = keys.map_err(|error| format!("{}: {error}", given.unwrap_or(folder).display()))?;
    let mut bar = Bar::default();
    let checked = verify_log_files(folder, &keys, |progress| bar.show(progress));
    bar.clear();
    match checked {
        Ok(checked) => {
            if arguments.json {
                println!("{}", told(&checked));
            } else {
                print(&checked, given.is_some());
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(fault @ LogFilesFault::Altered { .. }) => {
            if arguments.json {
                println!("{}", json!({"Intact": false, "Fault": fault.to_string()}));
            } else {
                println!("The log files are not what was written: {fault}");
            }
            Ok(ExitCode::from(FAULT))
        }
        Err(error) => Err(error.into()),
    }
}

fn told(checked: &Checked) -> serde_json::Value {
    json!({
        "Intact": true,
        "Digests": checked.digests,
        "LogFiles": checked.log_files,
        "NotInDigests": checked.not_in_digests,
        "BeginsWith": checked.begins_with,
        "Keys": checked.keys,
    })
}

fn print(checked: &Checked, is_key_given: bool) {
    let Checked { digests, log_files, .. } = checked;
    println!("The log files are intact: {digests} digests and the {log_files} log files that they name.");
    for object in &checked.begins_with {
        println!("{object} names a digest before it, which is not there: it is the first of its account and Region.");
    }
    if let Some(first) = checked.not_in_digests.first() {
        println!(
            "{} log files are in no digest: none has come since they were written, or somebody else put them there. The \
             first is {first}.",
            checked.not_in_digests.len()
        );
    }
    for key in &checked.keys {
        println!("Signed by the key {key}.");
    }
    if !is_key_given {
        println!(
            "That key was found in the same folder: whoever could replace everything could replace it too. Give a copy \
                  of your own with `--public-key`."
        );
    }
}
