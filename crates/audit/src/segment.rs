//! The files of a trail: the one that is written, and beside it the closed segments that came before.
//!
//! A closed segment is named by the number of its first record, `trail-00000000000000000001.jsonl`, and never written
//! again. Every segment is a file with a chain of its own, whose header continues the last line of the segment before.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::chain::{Header, Line};

/// Digits of the number in a name, so that names sort as numbers do.
const DIGITS: usize = 20;

/// A closed segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The number of its first record, as its name says.
    pub(crate) first: u64,
    pub(crate) path: PathBuf,
}

/// The closed segments of the trail whose open one is `path`, oldest first.
pub(crate) fn closed(path: &Path) -> io::Result<Vec<Segment>> {
    let stem = stem_of(path);
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder_of(path)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(first) = name.to_str().and_then(|name| number_in(name, &stem)) {
            found.push(Segment {
                first,
                path: entry.path(),
            });
        }
    }
    found.sort_unstable_by_key(|segment| segment.first);
    Ok(found)
}

fn number_in(name: &str, stem: &str) -> Option<u64> {
    let digits = name.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(".jsonl")?;
    let plain = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// What the segment that begins with record `first` is called once it is closed.
pub(crate) fn closed_path(path: &Path, first: u64) -> PathBuf {
    path.with_file_name(format!("{}-{first:0DIGITS$}.jsonl", stem_of(path)))
}

/// Where the next segment is made ready.
pub(crate) fn next_path(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}.next", stem_of(path)))
}

/// Where the index of a closed segment is.
pub(crate) fn index_path(segment: &Path) -> PathBuf {
    segment.with_extension("index")
}

/// Removes what a change of segments left that did not come to its end: the next segment, and the second name of the
/// one that is still open.
pub(crate) fn tidy(path: &Path) -> io::Result<()> {
    match fs::remove_file(next_path(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let Some(newest) = closed(path)?.pop() else {
        return Ok(());
    };
    let identity = |path: &Path| fs::metadata(path).map(|file| (file.dev(), file.ino()));
    match identity(path) {
        Ok(open) if open == identity(&newest.path)? => fs::remove_file(&newest.path),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The header that a segment begins with; `None` if it begins otherwise.
pub(crate) fn header_of(path: &Path) -> io::Result<Option<Header>> {
    header_in(&File::open(path)?)
}

/// The same of an open file, which is read from its beginning.
pub(crate) fn header_in(file: &File) -> io::Result<Option<Header>> {
    use std::os::unix::fs::FileExt;
    let mut start = vec![0; 512];
    let length = file.read_at(&mut start, 0)?;
    let line = start[..length].split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(match Line::parse(line) {
        Ok(Line::Header(header, _)) => Some(header),
        _ => None,
    })
}

/// The first record of a segment, if it has one.
pub(crate) fn first_record(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut lines = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        if let (Ok(Line::Record(_)), Some(b'\n')) = (Line::parse(line.trim_ascii_end()), line.last()) {
            return Ok(Some(line));
        }
        line.clear();
    }
    Ok(None)
}

/// Makes the names in a file's folder durable.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn stem_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_name_segments() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trail.jsonl");
        for name in [
            "trail.jsonl",
            "trail-aside-1700000000.jsonl",
            "trail-00000000000000000300.jsonl",
            "trail-00000000000000000001.jsonl",
            "trail-00000000000000000001.index",
            "trail-+0000000000000000001.jsonl",
            "trail-1.jsonl",
            "other-00000000000000000001.jsonl",
        ] {
            fs::write(folder.path().join(name), "").expect("written");
        }
        let found = closed(&path).expect("listed");
        let expected = [1, 300].map(|first| Segment {
            first,
            path: closed_path(&path, first),
        });
        assert_eq!(found, expected);
    }
}
