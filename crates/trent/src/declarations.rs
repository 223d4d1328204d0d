//! Reading declarations from disk, with the files that their policies stand in: paths are taken from the folder of the
//! declaration.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use trent_identity::{Bootstrap, Seed};
use zeroize::Zeroizing;

use crate::Failure;

/// A bootstrap file and all that belongs to it.
pub(crate) struct Declaration {
    /// Its text, which holds secrets.
    pub(crate) text: Zeroizing<String>,
    /// The files that it names, with their texts.
    pub(crate) files: BTreeMap<String, String>,
    /// What it declares.
    pub(crate) bootstrap: Bootstrap,
}

/// Reads and checks a bootstrap file.
pub(crate) fn bootstrap(path: &Path) -> Result<Declaration, Failure> {
    let text = read(path)?;
    let files = RefCell::new(BTreeMap::new());
    let file = |name: &str| {
        let text = beside(path, name)?;
        files.borrow_mut().insert(name.to_owned(), text.clone());
        Ok(text)
    };
    let bootstrap = Bootstrap::parse(&text, &file).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Declaration {
        text,
        files: files.into_inner(),
        bootstrap,
    })
}

/// Reads and checks a seed file.
pub(crate) fn seed(path: &Path) -> Result<Seed, Failure> {
    let text = read(path)?;
    let seed = Seed::parse(&text, &|name: &str| beside(path, name));
    seed.map_err(|error| format!("{}: {error}", path.display()).into())
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(Zeroizing::new(text))
}

fn beside(declaration: &Path, name: &str) -> Result<String, String> {
    let folder = declaration.parent().unwrap_or(Path::new(""));
    std::fs::read_to_string(folder.join(name)).map_err(|error| error.to_string())
}
