//! What a Region does with a letter: one step, which the letter's mark is part of.

use std::collections::BTreeSet;

use trent_api::ApiError;
use trent_audit::json::Object;
use trent_names::Region;
use trent_service::{OnBehalf, ServiceEvent, internal};
use trent_store::RegionTxn;
use trent_store::mail::Mark;

use super::editions::{release_material, report, to_the_next};
use super::share;
use crate::Kms;
use crate::facts::key_changed;
use crate::keys::roster::Turns;
use crate::keys::{Key, KeySpace};
use crate::lifecycle::{Step, rotation};
use crate::metadata;
use crate::records::letters::{Asked, Ceded, Founding, Note, Report, Says, Shared};
use crate::records::{Deletion, KeyRecord, Manager, Related, RotationKind};
use crate::service_role;
use crate::state::KeyState;

/// The length of a day of a waiting period, in milliseconds.
const DAY: i64 = 86_400_000;

/// A letter that is being applied.
pub(super) struct Receipt<'a> {
    pub(super) kms: &'a Kms,
    pub(super) space: &'a KeySpace,
    /// The Region that wrote it.
    pub(super) from: &'a Region,
    pub(super) now: i64,
}

/// A step in the making.
struct Draft {
    step: Step,
    note: Note,
}

impl Draft {
    fn txn(&mut self) -> &mut RegionTxn {
        &mut self.step.txn
    }

    /// Answers, or passes something on.
    fn post(&mut self, to: &Region, says: Says) {
        let body = Note::of(self.note.account, self.note.key, says);
        self.step.txn.post(to, body);
    }
}

impl Receipt<'_> {
    /// The step that applies a letter. Whatever it says, it is applied once this is committed: one that comes too late for
    /// its key changes nothing.
    pub(super) async fn step(&self, body: &[u8], mark: &Mark) -> Result<Step, ApiError> {
        let note: Note = minicbor::decode(body)
            .map_err(|error| internal(format_args!("a letter of {} cannot be read: {error}", self.from)))?;
        let key = self.space.latest_key(note.account, note.key).await?;
        let mut draft = Draft {
            step: Step::silent(self.space.store.txn()),
            note: note.clone(),
        };
        mark.note(draft.txn());
        match (note.says, key) {
            (Says::Found(founding), None) => self.found(&mut draft, founding).await?,
            (Says::Shared(shared), Some(key)) => self.take_over(&mut draft, &key, shared).await?,
            // Its end was told to a primary that is gone as well. If it only comes later, its first report has it listed.
            (Says::Shared(shared), None) => draft.post(&shared.primary, Says::Gone(self.space.region().clone())),
            // Who is told of itself is about to become the primary, and has nobody to report to.
            (Says::Ask(primary), Some(key)) if key.record.replica_of.is_some() && primary != *self.space.region() => {
                draft.post(&primary, Says::Report(report(self.space.region(), &key.record)));
            }
            (Says::Report(told), Some(key)) => match &key.record.replica_of {
                Some(primary) => draft.post(primary, Says::Report(told)),
                None => self.note_report(&mut draft, &key, &told),
            },
            (Says::Gone(region), Some(key)) => match &key.record.replica_of {
                Some(primary) => draft.post(primary, Says::Gone(region)),
                None => self.note_loss(&mut draft, &key, &region),
            },
            (Says::Offer, key) => self.answer_offer(&mut draft, key.as_deref()),
            (Says::Accept, Some(key)) => self.cede(&mut draft, &key),
            (Says::Decline, Some(key)) => self.keep(&mut draft, &key),
            (Says::Cede(ceded), Some(key)) => self.become_primary(&mut draft, &key, ceded),
            // Gone as well: a letter may be the primary, but not for good.
            (Says::Cede(ceded), None) => {
                if let Some((next, says)) = to_the_next(ceded) {
                    draft.post(&next, says);
                }
            }
            (says, _) => {
                tracing::debug!(from = %self.from, key = %note.key, ?says, "a letter is about a key that is no longer so");
            }
        }
        Ok(draft.step)
    }

    /// A replica begins: everything of its own is there, what it shares is still to come.
    async fn found(&self, draft: &mut Draft, founding: Founding) -> Result<(), ApiError> {
        let asked = founding.asked.clone();
        let record = founded(&draft.note, founding);
        // It was let in when it was asked for, whatever has come since.
        let place = (record.account, record.id);
        let rosters = &self.space.rosters;
        let counted = rosters.enroll(draft.txn(), place, None, &Turns::default()).await;
        counted.map_err(internal)?;
        self.space.insert(draft.txn(), &record);
        let planned = self.space.planned(record);
        let mut shown = Object::new();
        shown.object("keyMetadata", metadata::audited(&metadata::of(&planned)?));
        draft.step.events.push(ServiceEvent {
            on_behalf: asked.map(Asked::on_behalf),
            response: Some(shown.finish()),
            ..self.event("CreateKey", &planned)
        });
        Ok(())
    }

    async fn take_over(&self, draft: &mut Draft, key: &Key, shared: Shared) -> Result<(), ApiError> {
        let is_news = key.record.replica_of.is_some() && shared.edition > key.record.edition();
        if !is_news {
            return Ok(());
        }
        let primary = shared.primary.clone();
        let record = share::taken_over(self.kms, self.space.region(), key, shared).await?;
        self.space.update(draft.txn(), key, &record);
        draft.step.events.extend(self.rotation(key, rotated_with(key, &record)));
        draft.post(&primary, Says::Report(report(self.space.region(), &record)));
        Ok(())
    }

    /// A replica that is behind is sent what there is; once none is, a new material may be used.
    fn note_report(&self, draft: &mut Draft, key: &Key, told: &Report) {
        let Some(mut related) = key.record.related.clone() else {
            return;
        };
        if !related.replicas.contains(&told.region) {
            // What was passed on may be older than the replica's end; what it says itself is not.
            if told.region == *self.from {
                self.list(draft, key, &told.region);
            }
            return;
        }
        if told.edition < related.edition {
            draft.post(&told.region, Says::Share);
            return;
        }
        let agreed_before = related.replicas.is_subset(&related.confirmed);
        related.confirmed.insert(told.region.clone());
        if told.complete {
            related.lacking.remove(&told.region);
        } else {
            related.lacking.insert(told.region.clone());
        }
        let agree = related.replicas.is_subset(&related.confirmed);
        let mut record = key.record.clone();
        record.related = Some(related);
        let rotated = release_material(&mut record, self.now);
        self.space.update(draft.txn(), key, &record);
        draft.step.events.extend(self.rotation(key, rotated));
        if agree && !agreed_before {
            draft.step.events.push(self.synchronized(key));
        }
    }

    /// A replica that was taken for gone, and is not. Whatever is written of it is shared with it.
    fn list(&self, draft: &mut Draft, key: &Key, region: &Region) {
        let mut record = key.record.clone();
        record.related.get_or_insert_default().replicas.insert(region.clone());
        if record.state == KeyState::PendingDeletion {
            record.state = KeyState::PendingReplicaDeletion;
            record.deletion = record.deletion.map(|deletion| Deletion { at: None, ..deletion });
        }
        self.space.update(draft.txn(), key, &record);
    }

    /// One replica less; the last one's end begins the waiting period of a primary that is to be deleted.
    fn note_loss(&self, draft: &mut Draft, key: &Key, region: &Region) {
        let mut record = key.record.clone();
        let Some(related) = &mut record.related else { return };
        if !related.replicas.remove(region) {
            return;
        }
        related.lacking.remove(region);
        let is_last = related.replicas.is_empty();
        if related.moving.as_ref() == Some(region) {
            related.moving = None;
            related.asked = None;
            record.state = record.unless_lacking(KeyState::Enabled);
        }
        if is_last {
            let rotated = release_material(&mut record, self.now);
            draft.step.events.extend(self.rotation(key, rotated));
            if record.state == KeyState::PendingReplicaDeletion {
                record.state = KeyState::PendingDeletion;
                record.deletion = record.deletion.map(|deletion| Deletion {
                    at: Some(self.now.saturating_add(i64::from(deletion.window_days) * DAY)),
                    ..deletion
                });
            }
        }
        self.space.update(draft.txn(), key, &record);
    }

    /// Whoever is in use and a replica of the asker becomes the primary, and says so each time that it is asked.
    fn answer_offer(&self, draft: &mut Draft, key: Option<&Key>) {
        let here = Some(self.space.region());
        let may_move = |key: &&Key| match key.record.past_expiry(self.now).state {
            KeyState::Enabled => true,
            KeyState::Updating => key.record.related.as_ref().and_then(|it| it.moving.as_ref()) == here,
            _ => false,
        };
        let of_asker = key.filter(|key| key.record.replica_of.as_ref() == Some(self.from));
        let Some(key) = of_asker.filter(may_move) else {
            draft.post(self.from, Says::Decline);
            return;
        };
        let mut record = key.record.clone();
        record.state = KeyState::Updating;
        record.related.get_or_insert_default().moving = Some(self.space.region().clone());
        self.space.update(draft.txn(), key, &record);
        draft.post(self.from, Says::Accept);
    }

    /// The primary is one no longer: from now on the letter is, until it arrives. The new one must know of every change by
    /// then, so what was changed since the offer goes first, and the offer is made again behind it.
    fn cede(&self, draft: &mut Draft, key: &Key) {
        let mut record = key.record.clone();
        let Some(related) = record.related.as_mut().filter(|_| is_moving_to(key, self.from)) else {
            return;
        };
        if !related.confirmed.contains(self.from) {
            draft.post(self.from, Says::Offer);
            return;
        }
        related.replicas.remove(self.from);
        related.replicas.insert(self.space.region().clone());
        related.confirmed.clear();
        let ceded = Ceded {
            edition: related.edition,
            replicas: related.replicas.clone(),
            lacking: std::mem::take(&mut related.lacking),
            asked: related.asked.take(),
        };
        record.replica_of = Some(self.from.clone());
        self.space.update(draft.txn(), key, &record);
        draft.post(self.from, Says::Cede(ceded));
    }

    fn keep(&self, draft: &mut Draft, key: &Key) {
        let mut record = key.record.clone();
        let Some(related) = record.related.as_mut().filter(|_| is_moving_to(key, self.from)) else {
            return;
        };
        related.moving = None;
        related.asked = None;
        record.state = record.unless_lacking(KeyState::Enabled);
        self.space.update(draft.txn(), key, &record);
    }

    fn become_primary(&self, draft: &mut Draft, key: &Key, ceded: Ceded) {
        let mut record = key.record.clone();
        if record.replica_of.take().is_none() {
            return;
        }
        if record.state == KeyState::Updating {
            record.state = record.unless_lacking(KeyState::Enabled);
        }
        record.related = Some(Box::new(Related {
            replicas: ceded.replicas,
            edition: ceded.edition.max(record.edition()),
            confirmed: BTreeSet::new(),
            lacking: ceded.lacking,
            moving: None,
            asked: None,
        }));
        let rotated = release_material(&mut record, self.now);
        self.space.update(draft.txn(), key, &record);
        draft.step.events.extend(self.rotation(key, rotated));
        draft.step.events.push(ServiceEvent {
            on_behalf: ceded.asked.map(|asked| self.as_primary(asked, key)),
            ..self.event("UpdatePrimaryRegion", key)
        });
    }

    /// The call that made a key the primary, as its Region knows it: by the key's own ARN, and not from where it came.
    fn as_primary(&self, asked: Asked, key: &Key) -> OnBehalf {
        let mut parameters = Object::new();
        parameters
            .string("keyId", &key.arn)
            .string("primaryRegion", self.space.region().as_str());
        OnBehalf {
            parameters: Some(parameters.finish()),
            ..asked.on_behalf()
        }
    }

    /// The record of a rotation that is completed with this step.
    fn rotation(&self, key: &Key, how: Option<RotationKind>) -> Option<ServiceEvent> {
        Some(rotation::event(self.space, key, how?, self.now))
    }

    /// The record of replicas that have all that their primary shares.
    fn synchronized(&self, key: &Key) -> ServiceEvent {
        let partition = self.space.region().partition();
        ServiceEvent {
            additional: Some(service_role::told(partition, key.record.account)),
            ..self.event("SynchronizeMultiRegionKey", key)
        }
    }

    /// What is done to a key here because of a call, or of a change, elsewhere.
    fn event(&self, name: &'static str, key: &Key) -> ServiceEvent {
        ServiceEvent {
            name,
            region: self.space.region().clone(),
            account: key.record.account,
            arn: key.arn.as_str().to_owned(),
            at: self.now,
            as_call: true,
            on_behalf: None,
            details: None,
            additional: None,
            response: Some(key_changed(key)),
        }
    }
}

/// How a replica was rotated by what it took over: it had another current material before.
fn rotated_with(before: &Key, after: &KeyRecord) -> Option<RotationKind> {
    let (before, after) = (before.record.current()?, after.current()?);
    after
        .rotated
        .filter(|_| before.id != after.id)
        .map(|rotated| rotated.how)
}

/// Whether a key is a primary that offered its place to the key of this Region.
fn is_moving_to(key: &Key, region: &Region) -> bool {
    let moving = key.record.related.as_ref().and_then(|related| related.moving.as_ref());
    key.record.replica_of.is_none() && key.record.state == KeyState::Updating && moving == Some(region)
}

/// The record of a replica that has nothing of its primary's yet.
pub(crate) fn founded(note: &Note, founding: Founding) -> KeyRecord {
    KeyRecord {
        account: note.account,
        id: note.key,
        manager: Manager::Customer,
        spec: founding.spec,
        usage: founding.usage,
        origin: founding.origin,
        state: KeyState::Creating,
        description: founding.description,
        created: founding.created,
        policy: founding.policy.into(),
        policy_principals: founding.policy_principals,
        tags: founding.tags,
        aliases: BTreeSet::new(),
        destruction_key: Vec::new().into(),
        materials: Vec::new(),
        replica_of: Some(founding.primary),
        public_key: None,
        deletion: None,
        rotation: None,
        related: Some(Box::new(Related {
            replicas: founding.replicas,
            ..Related::default()
        })),
        on_demand: None,
    }
}
