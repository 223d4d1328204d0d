//! What unlocks the store.

use std::path::PathBuf;

use super::sources::Reader;
use super::value;

/// The kinds of seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SealKind {
    /// A key in a file
    File,
    /// A passphrase, asked for or read from a file
    Passphrase,
}

/// The seal, and where its secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SealSettings {
    pub(crate) kind: SealKind,
    /// The key's file. With another kind of seal there is none, and only the files beside it are there.
    pub(crate) key_file: PathBuf,
    /// A file with the passphrase; none if it is a credential of the service or is asked for.
    pub(crate) passphrase_file: Option<PathBuf>,
}

impl SealSettings {
    pub(super) fn read(r: &mut Reader) -> Option<Self> {
        let kind = r.read(
            "seal.kind",
            "what unlocks the store: `file`, a key file, or `passphrase`",
            "file",
            |text| value::one_of(&[("file", SealKind::File), ("passphrase", SealKind::Passphrase)], text),
        );
        let default = super::default_seal_file();
        let key_file = r.read(
            "seal.key_file",
            "file that unlocks the store; outside data_dir",
            &default,
            value::path,
        );
        let passphrase_file = r.read_optional_path(
            "seal.passphrase_file",
            "file with the seal's passphrase; without one it is the credential `trent-seal-passphrase` of systemd, or asked for",
        );
        Some(Self {
            kind: kind?,
            key_file: key_file?,
            passphrase_file,
        })
    }

    /// What somebody needs to open the store, in words.
    pub(crate) fn in_words(&self) -> String {
        match self.kind {
            SealKind::File => self.key_file.display().to_string(),
            SealKind::Passphrase => "the passphrase of the seal".to_owned(),
        }
    }
}
