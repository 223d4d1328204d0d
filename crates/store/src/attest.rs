//! The attestor: a keyed digest over all live records, renewed by every commit and compared with all of them at open.
//!
//! The digest is the exclusive or of a keyed pseudorandom element per record (key, revision and sealed value): a set
//! hash, so a commit updates it from what it changes alone. It never leaves memory; the engine only gets its
//! authentication code, so nobody without the key learns an element or can look for another set with the same digest
//! (the incremental set hash of Bellare and Micciancio in its keyed form).

use bytes::{BufMut, Bytes, BytesMut};
use parking_lot::{Mutex, RwLock};
use trent_crypto::record::RecordSealer;

use crate::{
    engine::{Engine, MAX_PAGE, Range, Revision, Versioned},
    error::OpenError,
    feed::Change,
    head::{self, Standing},
    head_file::{HeadKeeper, Reporter},
    witness::Witness,
};

/// Keys that start with this are outside the sealing: what has to be read before the sealer exists.
pub const RESERVED_PREFIX: &[u8] = b"meta/";

/// The exclusive or of the elements of a set of records.
#[derive(Clone, Copy, PartialEq, Eq)]
struct SetDigest([u8; 32]);

impl SetDigest {
    const EMPTY: Self = Self([0; 32]);

    /// Puts a record in, or takes it out again: the same operation.
    fn toggle(&mut self, sealer: &RecordSealer, key: &[u8], stored: &Versioned) {
        let mut value = BytesMut::with_capacity(8 + stored.value.len());
        value.put_u64(stored.revision.0);
        value.put_slice(&stored.value);
        for (byte, element) in self.0.iter_mut().zip(sealer.element(key, &value)) {
            *byte ^= element;
        }
    }
}

/// Keeps the digest and attests every commit.
pub(crate) struct Attestor {
    sealer: RecordSealer,
    state: Mutex<(Revision, SetDigest)>,
    /// Nothing had been attested when the store was read.
    new: bool,
    reporter: RwLock<Option<Reporter>>,
}

impl Attestor {
    /// Reads the whole store and checks it against its head. A store without a head must hold nothing but reserved
    /// records: it is new.
    pub(crate) async fn verify(engine: &dyn Engine, sealer: RecordSealer) -> Result<Self, OpenError> {
        let snapshot = engine.snapshot().await?;
        let revision = snapshot.revision();
        let mut digest = SetDigest::EMPTY;
        let mut only_reserved = true;
        let mut after = None;
        loop {
            let page = snapshot.range(&Range::everything(after, MAX_PAGE)).await?;
            for (key, stored) in &page.items {
                only_reserved &= key.starts_with(RESERVED_PREFIX);
                digest.toggle(&sealer, key, stored);
            }
            match page.items.last() {
                Some((last, _)) if page.more => after = Some(last.clone()),
                _ => break,
            }
        }
        let head = snapshot.head().await?;
        let state = Mutex::new((revision, digest));
        let attestor = Self {
            sealer,
            state,
            new: head.is_none(),
            reporter: RwLock::default(),
        };
        match head {
            Some(head) => attestor.check(revision, &head)?,
            None if only_reserved => {}
            None => return Err(OpenError::BadHead("it is missing, though there are records")),
        }
        Ok(attestor)
    }

    fn check(&self, revision: Revision, head: &[u8]) -> Result<(), OpenError> {
        let claimed = head::revision(head).ok_or(OpenError::BadHead("it has an unknown format"))?;
        if claimed != revision {
            return Err(OpenError::BadHead("it is of another revision than the store"));
        }
        let (_, digest) = *self.state.lock();
        if self
            .sealer
            .verify(&attested(revision, digest), &head[head.len() - head::MAC..])
        {
            Ok(())
        } else {
            Err(OpenError::Tampered { revision })
        }
    }

    /// Where the store stands.
    pub(crate) fn standing(&self) -> Standing {
        // Released before the head is made, which locks again.
        let revision = self.state.lock().0;
        Standing {
            revision,
            head: self.head(),
            new: self.new,
        }
    }

    /// The head of the present state.
    fn head(&self) -> Bytes {
        let (revision, digest) = *self.state.lock();
        let mut head = BytesMut::with_capacity(1 + 8 + head::MAC);
        head.put_u8(head::FORMAT);
        head.put_u64(revision.0);
        head.put_slice(&self.sealer.attest(&attested(revision, digest)));
        head.freeze()
    }

    /// From now on durable heads go to the head file.
    pub(crate) fn report_to(&self, keeper: &HeadKeeper) {
        *self.reporter.write() = Some(keeper.reporter());
    }
}

impl Witness for Attestor {
    fn attest(&self, revision: Revision, changes: &[Change]) -> Bytes {
        let mut state = self.state.lock();
        state.0 = revision;
        for change in changes {
            for stored in [&change.before, &change.after].into_iter().flatten() {
                state.1.toggle(&self.sealer, &change.key, stored);
            }
        }
        drop(state);
        self.head()
    }

    fn durable(&self, _: Revision, head: &Bytes) {
        if let Some(reporter) = &*self.reporter.read() {
            reporter.report(head.clone());
        }
    }
}

/// What a head's authentication code covers.
fn attested(revision: Revision, digest: SetDigest) -> Vec<u8> {
    [
        b"trent store head\0".as_slice(),
        &[head::FORMAT],
        &revision.0.to_be_bytes(),
        &digest.0,
    ]
    .concat()
}
