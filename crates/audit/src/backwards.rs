//! Reading a file's lines from the last to the first, so that looking for something recent costs what is recent.

use std::{fs::File, io, os::unix::fs::FileExt};

use crate::recovery::end_of_text;

const BLOCK: u64 = 256 * 1024;

/// The lines of a file from the end; a last line without its break is left out.
pub(crate) struct Backwards {
    file: File,
    /// Everything before this offset is still to be read.
    position: u64,
    /// What was read and not yet handed out; ends before a line break that was.
    held: Vec<u8>,
}

impl Backwards {
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let position = end_of_text(&file, file.metadata()?.len())?;
        let mut lines = Self {
            file,
            position,
            held: Vec::new(),
        };
        // Drop what follows the last line break, and the break itself.
        lines.read_until_break()?;
        let end = lines.held.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        lines.held.truncate(end);
        Ok(lines)
    }

    /// The line before the one handed out last; `None` before the first.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.read_until_break()?;
        if self.held.is_empty() && self.position == 0 {
            return Ok(None);
        }
        let Some(at) = self.held.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(Some(std::mem::take(&mut self.held)));
        };
        let line = self.held.split_off(at + 1);
        self.held.truncate(at);
        Ok(Some(line))
    }

    /// Reads blocks until a line break is held or nothing is left.
    fn read_until_break(&mut self) -> io::Result<()> {
        while self.position > 0 && !self.held.contains(&b'\n') {
            let start = self.position.saturating_sub(BLOCK);
            let mut block = vec![0; usize::try_from(self.position - start).unwrap_or(0)];
            self.file.read_exact_at(&mut block, start)?;
            block.append(&mut self.held);
            self.held = block;
            self.position = start;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn lines_of(content: &[u8]) -> Vec<Vec<u8>> {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(content).expect("written");
        let mut lines = Backwards::new(file).expect("opened");
        std::iter::from_fn(|| lines.next_line().expect("read")).collect()
    }

    #[test]
    fn lines_come_from_the_last_to_the_first() {
        assert_eq!(
            lines_of(b"one\ntwo\nthree\n"),
            [b"three".to_vec(), b"two".to_vec(), b"one".to_vec()]
        );
        assert_eq!(lines_of(b"one\ntwo\ntorn"), [b"two".to_vec(), b"one".to_vec()]);
        assert_eq!(lines_of(b""), Vec::<Vec<u8>>::new());
        assert_eq!(lines_of(b"torn"), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_line_may_span_blocks() {
        let long = vec![b'x'; usize::try_from(BLOCK * 2 + 7).expect("small")];
        let content = [b"first\n".as_slice(), &long, b"\nlast\n"].concat();
        assert_eq!(lines_of(&content), [b"last".to_vec(), long, b"first".to_vec()]);
    }

    #[test]
    fn every_block_boundary_gives_the_same_lines() {
        for filler in 0..40_u64 {
            let first = vec![b'a'; usize::try_from(BLOCK - 20 + filler).expect("small")];
            let content = [&first, b"\nsecond\nthird\n".as_slice()].concat();
            assert_eq!(lines_of(&content), [b"third".to_vec(), b"second".to_vec(), first]);
        }
    }
}
