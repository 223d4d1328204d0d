//! A folder that stands for a bucket.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::Place;

/// The folder. It has no place for metadata of files.
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at this path, which is made when something is put there.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

#[async_trait]
impl Place for Folder {
    fn name(&self) -> String {
        self.0.display().to_string()
    }

    async fn put(&self, object: &str, content: Vec<u8>, _metadata: &[(&'static str, String)]) -> io::Result<()> {
        let (folder, object) = (self.0.clone(), object.to_owned());
        // Where others need not wait for the disk.
        let written = tokio::task::spawn_blocking(move || write(&folder, &object, &content)).await;
        written.map_err(io::Error::other)?
    }
}

/// Writes a file under the folder, whole or not at all, on the disk when this answers.
fn write(folder: &Path, object: &str, content: &[u8]) -> io::Result<()> {
    let path = folder.join(object);
    let parent = path.parent().unwrap_or(folder);
    DirBuilder::new().recursive(true).mode(0o750).create(parent)?;
    let unfinished = path.with_extension("unfinished");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o640)
        .open(&unfinished)?;
    file.write_all(content).and_then(|()| file.sync_all())?;
    std::fs::rename(&unfinished, &path)?;
    File::open(parent)?.sync_all()
}
