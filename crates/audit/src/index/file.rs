//! An index in a file, written once and read by a few reads of some kilobytes each.
//!
//! ```text
//! header | places | lists of records | terms of one record | their directory | terms of several | their directory
//! ```
//!
//! Places and terms stand in blocks, each with a checksum behind it; a directory has the first term of each block. A term
//! of one record has that beside it, one of several has the place of a list: the differences from record to record, seven
//! bits to a byte. All numbers are little-endian.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

use itertools::Itertools;
use uuid::Uuid;

use super::{
    Draft, Having, Index, Place, Term, Unusable,
    hash::hash,
    terms::{own_key, term},
};
use crate::recorded::Attribute;

const MAGIC: u64 = u64::from_le_bytes(*b"TRAILIX1");

/// Numbers of the header, its checksum not among them.
const FIELDS: usize = 13;
const HEADER: usize = (FIELDS + 1) * 8;

/// Entries of a block.
const PER_BLOCK: usize = 512;
const CHECK: usize = 8;

/// Bytes of an entry: a place, a term of one record, a term of several.
const PLACE: usize = 12;
const SINGLE: usize = 8;
const LISTED: usize = 20;

/// The bits of a place's first word that are the length.
const LENGTH_BITS: u32 = 24;

/// The segment that an index is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Of {
    /// Its id.
    pub(crate) segment: Uuid,
    /// Its length.
    pub(crate) length: u64,
}

/// A table of entries in blocks.
#[derive(Clone, Copy)]
struct Table {
    at: u64,
    entries: u64,
    width: usize,
}

impl Table {
    fn blocks(self) -> u64 {
        self.entries.div_ceil(PER_BLOCK as u64)
    }

    fn block_at(self, block: u64) -> u64 {
        self.at + block * (PER_BLOCK * self.width + CHECK) as u64
    }

    fn block_length(self, block: u64) -> usize {
        let left = self.entries.saturating_sub(block * PER_BLOCK as u64);
        usize::try_from(left).unwrap_or(PER_BLOCK).min(PER_BLOCK) * self.width
    }

    /// Where it ends, and its directory starts.
    fn end(self) -> u64 {
        self.at + self.entries * self.width as u64 + self.blocks() * CHECK as u64
    }
}

/// The index of a closed segment.
pub(crate) struct IndexFile {
    file: File,
    key: u64,
    times: (u32, u32),
    places: Table,
    singles: Table,
    listed: Table,
    /// The block of places that was read last.
    held: Option<(u64, Vec<u8>)>,
}

impl IndexFile {
    /// Opens the index of a segment.
    pub(crate) fn open(path: &Path, segment: &Of) -> Result<Self, Unusable> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Unusable::Damaged),
            Err(error) => return Err(error.into()),
        };
        let mut header = [0; HEADER];
        read(&file, &mut header, 0)?;
        let field = |at: usize| u64::from_le_bytes(header[at * 8..][..8].try_into().unwrap_or_default());
        let key = field(1);
        let of = Of {
            segment: Uuid::from_u64_pair(field(2), field(3)),
            length: field(4),
        };
        if field(0) != MAGIC || field(FIELDS) != hash(key, &header[..FIELDS * 8]) || of != *segment {
            return Err(Unusable::Damaged);
        }
        let table = |at: usize, entries: usize, width| Table {
            at: field(at),
            entries: field(entries),
            width,
        };
        let time = |at| u32::try_from(field(at)).unwrap_or(u32::MAX);
        Ok(Self {
            key,
            times: (time(5), time(6)),
            places: table(7, 8, PLACE),
            singles: table(9, 10, SINGLE),
            listed: table(11, 12, LISTED),
            held: None,
            file,
        })
    }

    fn block(&self, table: Table, block: u64) -> Result<Vec<u8>, Unusable> {
        let mut bytes = vec![0; table.block_length(block)];
        self.checked(&mut bytes, table.block_at(block))?;
        Ok(bytes)
    }

    /// Reads what has a checksum behind it.
    fn checked(&self, bytes: &mut Vec<u8>, at: u64) -> Result<(), Unusable> {
        let length = bytes.len();
        bytes.resize(length + CHECK, 0);
        read(&self.file, bytes, at)?;
        let check = hash(self.key ^ at, &bytes[..length]).to_le_bytes();
        if bytes[length..] != check {
            return Err(Unusable::Damaged);
        }
        bytes.truncate(length);
        Ok(())
    }

    /// The entry of a term, if it has one.
    fn find(&self, table: Table, term: Term) -> Result<Option<Vec<u8>>, Unusable> {
        let mut directory = vec![0; usize::try_from(table.blocks() * 4).map_err(|_| Unusable::Damaged)?];
        self.checked(&mut directory, table.end())?;
        let (firsts, _) = directory.as_chunks::<4>();
        let block = firsts.partition_point(|first| u32::from_le_bytes(*first) <= term);
        let Some(block) = block.checked_sub(1) else {
            return Ok(None);
        };
        let block = self.block(table, block as u64)?;
        let entries: Vec<&[u8]> = block.chunks_exact(table.width).collect();
        let found = entries.binary_search_by_key(&term, |entry| word(entry, 0));
        Ok(found.ok().map(|at| entries[at].to_vec()))
    }
}

impl Index for IndexFile {
    fn records(&self) -> u32 {
        u32::try_from(self.places.entries).unwrap_or(u32::MAX)
    }

    fn times(&self) -> (u32, u32) {
        self.times
    }

    fn having(&self, attribute: Attribute, value: &str) -> Result<Having, Unusable> {
        let term = term(self.key, attribute, value);
        if let Some(entry) = self.find(self.listed, term)? {
            return Ok(Having::Listed {
                records: word(&entry, 4),
                length: word(&entry, 8),
                at: u64::from_le_bytes(entry[12..20].try_into().unwrap_or_default()),
            });
        }
        let entry = self.find(self.singles, term)?;
        Ok(Having::Records(
            entry.map(|entry| word(&entry, 4)).into_iter().collect(),
        ))
    }

    fn read(&self, having: Having) -> Result<Vec<u32>, Unusable> {
        match having {
            Having::Records(records) => Ok(records),
            Having::Listed { records, at, length } => {
                let mut list = vec![0; length as usize];
                self.checked(&mut list, at)?;
                unpacked(&list, records).ok_or(Unusable::Damaged)
            }
        }
    }

    fn place(&mut self, record: u32) -> Result<Place, Unusable> {
        if u64::from(record) >= self.places.entries {
            return Err(Unusable::Damaged);
        }
        let (block, within) = (u64::from(record) / PER_BLOCK as u64, record as usize % PER_BLOCK);
        let bytes = match self.held.take() {
            Some((held, bytes)) if held == block => bytes,
            _ => self.block(self.places, block)?,
        };
        let entry = &bytes[within * PLACE..][..PLACE];
        let packed = u64::from_le_bytes(entry[..8].try_into().unwrap_or_default());
        let place = Place {
            offset: packed >> LENGTH_BITS,
            length: u32::try_from(packed & ((1 << LENGTH_BITS) - 1)).unwrap_or(0),
            time: word(entry, 8),
        };
        self.held = Some((block, bytes));
        Ok(place)
    }
}

/// Reads exactly so much; a file that ends before is damaged.
fn read(file: &File, bytes: &mut [u8], at: u64) -> Result<(), Unusable> {
    file.read_exact_at(bytes, at).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Unusable::Damaged,
        _ => Unusable::Io(error),
    })
}

fn word(entry: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(entry[at..at + 4].try_into().unwrap_or_default())
}

/// Records from the differences between them.
fn unpacked(list: &[u8], records: u32) -> Option<Vec<u32>> {
    let mut found = Vec::with_capacity(list.len());
    let (mut record, mut step, mut shift) = (0_u32, 0_u32, 0);
    for byte in list {
        step |= u32::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            record = record.checked_add(step)?;
            found.push(record);
            (step, shift) = (0, 0);
        }
    }
    (found.len() == records as usize).then_some(found)
}

fn pack(list: &mut Vec<u8>, mut step: u32) {
    while step >= 0x80 {
        list.push(step.to_le_bytes()[0] | 0x80);
        step >>= 7;
    }
    list.push(step.to_le_bytes()[0]);
}

/// Writes the index of a segment. It has its name once it is whole; it need not be durable.
pub(super) fn write(path: &Path, draft: Draft, segment: &Of) -> io::Result<()> {
    let made = path.with_extension(format!("index-{}", Uuid::new_v4().simple()));
    let outcome = write_to(&made, draft, segment).and_then(|()| fs::rename(&made, path));
    if outcome.is_err() {
        // The first error is the one to tell.
        drop(fs::remove_file(&made));
    }
    outcome
}

fn write_to(path: &Path, draft: Draft, segment: &Of) -> io::Result<()> {
    let (key, times) = (own_key(), draft.times());
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut out = Blocks {
        out: BufWriter::with_capacity(256 * 1024, file),
        at: 0,
        key,
    };
    out.raw(&[0; HEADER])?;
    let (places, pairs) = draft.into_pairs();
    let mut entries = Vec::with_capacity(places.len() * PLACE);
    for place in &places {
        let packed = place.offset << LENGTH_BITS | u64::from(place.length.min((1 << LENGTH_BITS) - 1));
        entries.extend_from_slice(&packed.to_le_bytes());
        entries.extend_from_slice(&place.time.to_le_bytes());
    }
    let places = out.blocks(&entries, PLACE)?;
    let (mut singles, mut listed, mut list) = (Vec::new(), Vec::new(), Vec::new());
    for (term, of_term) in &pairs.chunk_by(|(term, _)| *term) {
        let term = term.to_le_bytes();
        let records: Vec<u32> = of_term.map(|(_, record)| record).collect();
        if let [record] = records[..] {
            singles.extend_from_slice(&term);
            singles.extend_from_slice(&record.to_le_bytes());
            continue;
        }
        list.clear();
        let mut before = 0;
        for record in &records {
            pack(&mut list, record - before);
            before = *record;
        }
        let at = out.checked(&list)?;
        listed.extend_from_slice(&term);
        listed.extend_from_slice(&u32::try_from(records.len()).unwrap_or(u32::MAX).to_le_bytes());
        listed.extend_from_slice(&u32::try_from(list.len()).unwrap_or(u32::MAX).to_le_bytes());
        listed.extend_from_slice(&at.to_le_bytes());
    }
    let singles = out.sorted(&singles, SINGLE)?;
    let listed = out.sorted(&listed, LISTED)?;
    let (high, low) = segment.segment.as_u64_pair();
    let fields: [u64; FIELDS] = [
        MAGIC,
        key,
        high,
        low,
        segment.length,
        times.0.into(),
        times.1.into(),
        places.at,
        places.entries,
        singles.at,
        singles.entries,
        listed.at,
        listed.entries,
    ];
    let mut header: Vec<u8> = fields.iter().flat_map(|field| field.to_le_bytes()).collect();
    header.extend_from_slice(&hash(key, &header).to_le_bytes());
    let file = out.out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.write_all_at(&header, 0)
}

/// A file that is written from its beginning.
struct Blocks {
    out: BufWriter<File>,
    at: u64,
    key: u64,
}

impl Blocks {
    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Bytes and their checksum; tells where they are.
    fn checked(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let at = self.at;
        self.raw(bytes)?;
        self.raw(&hash(self.key ^ at, bytes).to_le_bytes())?;
        Ok(at)
    }

    fn blocks(&mut self, entries: &[u8], width: usize) -> io::Result<Table> {
        let table = Table {
            at: self.at,
            entries: (entries.len() / width) as u64,
            width,
        };
        for block in entries.chunks(PER_BLOCK * width) {
            self.checked(block)?;
        }
        Ok(table)
    }

    /// The same with a directory behind.
    fn sorted(&mut self, entries: &[u8], width: usize) -> io::Result<Table> {
        let table = self.blocks(entries, width)?;
        let firsts = entries.chunks(PER_BLOCK * width).flat_map(|block| &block[..4]);
        let directory: Vec<u8> = firsts.copied().collect();
        self.checked(&directory)?;
        Ok(table)
    }
}
