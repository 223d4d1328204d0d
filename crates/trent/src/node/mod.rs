//! A node put together: store, keystore, accounts and trail, as the configuration says. Every command that touches the
//! data goes through here, so that they all hold the same lock and make the same checks.

mod keyring;
mod migration;
mod record;
mod seal;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use trent_audit::{Chains, Drain, LineError, MemoryLog, OpenError, Trail};
use trent_identity::declaration::plan::{self, ApplyError, Plan, Position, Scope};
use trent_identity::directory::Planned;
use trent_identity::{Bootstrap, Directory};
use trent_keystore::{KeyFileSeal, Keyring, Keystore, Seal, SoftwareKeystore};
use trent_names::{AccountId, Region};
use trent_service::{Clock, ClockGuard, MovableClock, Quotas, RequestQuotas, SteadyClock, SystemClock, granted_quotas};
use trent_store::{DataFolder, Engine, Ledger, MemoryEngine, Mode, Options, Sealed};

use crate::config::{AuditMode, Config, SealKind};
use crate::seals::{self, SealFailure};

pub(crate) use migration::Migrated;
pub(crate) use record::Deed;
pub(crate) use seal::NodeSeal;
use seal::SealName;

/// The trail of a development server in memory keeps this much.
const MEMORY_TRAIL: usize = 16 << 20;

/// Why a node could not be put together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenFailure {
    /// The data folder or the store in it.
    #[error(transparent)]
    Store(#[from] trent_store::OpenError),
    /// Reading the store.
    #[error(transparent)]
    Read(#[from] trent_store::StoreError),
    /// Writing to the store.
    #[error(transparent)]
    Commit(#[from] trent_store::CommitError),
    /// The seal.
    #[error(transparent)]
    Seal(#[from] crate::seals::SealFailure),
    /// The keyring.
    #[error(transparent)]
    Keyring(#[from] trent_keystore::KeyringError),
    /// A server without a trail is nothing but a measurement.
    #[error(
        "audit.mode is DISCARD-EVERY-RECORD, which measures what the audit trail costs: it is for `serve --dev` alone"
    )]
    NoTrail,
    /// The store was never finished.
    #[error("the store has no keyring: making it was interrupted; remove the data folder and run `trent init` again")]
    NoKeyring,
    /// The ledger of destroyed keys.
    #[error(transparent)]
    Ledger(#[from] trent_store::LedgerError),
    /// The trail.
    #[error("the audit trail cannot be opened: {0}")]
    Trail(#[from] trent_audit::OpenError),
    /// Records that a crash left behind could not be brought into the trail.
    #[error("the audit records of the last run cannot be completed: {0}")]
    Drain(#[from] trent_audit::DrainError),
    /// The record of what the operator did.
    #[error("it cannot be recorded: {0}")]
    Record(#[from] trent_audit::TrailError),
    /// A folder of ours.
    #[error("cannot use {}: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A seal that another store uses.
    #[error(
        "{} is the seal of another store (its head file is beside it); name another file with `seal.key_file`", .0.display()
    )]
    SealInUse(PathBuf),
}

/// A node: everything below the listeners.
pub(crate) struct Node {
    pub(crate) store: Sealed,
    /// The store's file, if it is in one.
    pub(crate) store_file: Option<PathBuf>,
    pub(crate) keystore: Arc<dyn Keystore>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) trail: Trail,
    pub(crate) drain: Arc<Drain>,
    pub(crate) mode: Mode,
    /// The policy clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// The same, where it can be moved.
    pub(crate) dev_clock: Option<Arc<MovableClock>>,
    /// Which keys were destroyed; a development server keeps no such thing.
    pub(crate) ledger: Option<Arc<Ledger>>,
    /// Whether the policy clock is believed.
    pub(crate) guard: Arc<ClockGuard>,
    /// What accounts may have, and how often they may ask.
    pub(crate) quotas: Arc<Quotas>,
    /// What of that they have used up.
    pub(crate) request_quotas: Arc<RequestQuotas>,
    /// What protects the keyring.
    pub(crate) seal: Arc<NodeSeal>,
    /// What protects the keys, in words.
    pub(crate) boundary: String,
    home_region: Region,
    /// Locked as long as the node lives.
    _folder: Option<DataFolder>,
}

/// What is opened before the node can be: engine, seal and keyring.
struct Parts {
    engine: Arc<dyn Engine>,
    keyring: Keyring,
    /// Where it is kept; `None` in memory.
    folder: Option<DataFolder>,
    seal: SealName,
}

impl Node {
    /// Makes a new deployment's node. What it made is taken away again if it cannot be finished.
    pub(crate) async fn create(config: &Config) -> Result<Self, OpenFailure> {
        let (seal, made_seal) = new_seal(config)?;
        let made = Self::create_under(config, &*seal).await;
        if made.is_err() && made_seal {
            // The seal of a store that does not exist protects nothing.
            let _ = std::fs::remove_file(&config.seal.key_file);
        }
        made
    }

    async fn create_under(config: &Config, seal: &dyn Seal) -> Result<Self, OpenFailure> {
        let folder = DataFolder::create(&config.data_dir, Mode::Production)?;
        let engine: Arc<dyn Engine> = Arc::new(folder.engine()?);
        let (keyring, name) = keyring::create(&*engine, seal).await?;
        let options = Options {
            head_file: Some(config.head_file()),
            accept_rollback: true,
            replication_delay: None,
        };
        let parts = Parts {
            engine,
            keyring,
            folder: Some(folder),
            seal: name,
        };
        Self::assemble(config, parts, Mode::Production, options).await
    }

    /// Opens an existing deployment's node, and completes the trail before anything new can happen.
    pub(crate) async fn open(config: &Config, accept_rollback: bool) -> Result<Self, OpenFailure> {
        let folder = DataFolder::open(&config.data_dir, Mode::Production)?;
        let seal = seals::open(&config.seal, &config.data_dir)?;
        let engine: Arc<dyn Engine> = Arc::new(folder.engine()?);
        let (keyring, name) = keyring::open(&*engine, &*seal).await?;
        let options = Options {
            head_file: Some(config.head_file()),
            accept_rollback,
            replication_delay: None,
        };
        let parts = Parts {
            engine,
            keyring,
            folder: Some(folder),
            seal: name,
        };
        Self::assemble(config, parts, Mode::Production, options).await
    }

    /// What the trail of a stopped deployment is checked against. Nothing but the store is opened.
    pub(crate) async fn chains(config: &Config) -> Result<Chains, OpenFailure> {
        let folder = DataFolder::open(&config.data_dir, Mode::Production)?;
        let seal = seals::open(&config.seal, &config.data_dir)?;
        let engine: Arc<dyn Engine> = Arc::new(folder.engine()?);
        let (keyring, _) = keyring::open(&*engine, &*seal).await?;
        let options = Options {
            head_file: Some(config.head_file()),
            accept_rollback: false,
            replication_delay: None,
        };
        let store = Sealed::open(engine, keyring.record_sealer(), options).await?;
        let chains = Chains::load(&store).await?;
        store.close().await;
        Ok(chains)
    }

    /// A development node: in memory, or in a folder of its own if one was named.
    pub(crate) async fn development(config: &Config, delay: Option<Duration>) -> Result<Self, OpenFailure> {
        let options = Options {
            head_file: None,
            accept_rollback: false,
            replication_delay: delay,
        };
        let parts = if config.data_dir_chosen {
            development_folder(config).await?
        } else {
            Parts {
                engine: Arc::new(MemoryEngine::new()),
                keyring: Keyring::generate(&trent_keystore::SystemRandomness)?,
                folder: None,
                seal: SealName {
                    kind: seal::MEMORY,
                    id: String::new(),
                },
            }
        };
        Self::assemble(config, parts, Mode::Development, options).await
    }

    async fn assemble(config: &Config, parts: Parts, mode: Mode, options: Options) -> Result<Self, OpenFailure> {
        let Parts {
            engine,
            keyring,
            folder,
            seal,
        } = parts;
        if mode == Mode::Production && config.audit_mode == AuditMode::Discarding {
            return Err(OpenFailure::NoTrail);
        }
        let older_store = options.accept_rollback;
        let store_file = folder.as_ref().map(DataFolder::store_file);
        let ledger = match mode {
            Mode::Production => Some(Arc::new(Ledger::open(&config.ledger_file(), keyring.record_sealer())?)),
            Mode::Development => None,
        };
        let store = Sealed::open(engine, keyring.record_sealer(), options).await?;
        // After the store, which has the keys that the trail's file is checked with.
        let trail = match folder {
            _ if config.audit_mode == AuditMode::Discarding => {
                tracing::error!("nothing is recorded: audit.mode is DISCARD-EVERY-RECORD");
                Trail::discarding()
            }
            Some(_) => open_trail(config, &store, older_store).await?,
            None => Trail::in_memory(MemoryLog::new(MEMORY_TRAIL)),
        };
        let keystore: Arc<dyn Keystore> = Arc::new(SoftwareKeystore::new(&keyring));
        let directory = Arc::new(Directory::new(&store, Arc::clone(&keystore)));
        let drain = Arc::new(Drain::new(trail.clone(), &store, &config.regions));
        drain.run_once().await?;
        let dev_clock = (mode == Mode::Development).then(Arc::<MovableClock>::default);
        let (clock, guard): (Arc<dyn Clock>, _) = if let Some(clock) = &dev_clock {
            (Arc::clone(clock) as _, ClockGuard::trusting(Arc::clone(clock) as _))
        } else {
            let clock: Arc<dyn Clock> = Arc::new(SteadyClock::default());
            let guard = ClockGuard::open(&store, Arc::clone(&clock), Box::new(since_boot)).await?;
            (clock, guard)
        };
        let quotas = Arc::new(Quotas::new(config.quotas.clone()));
        granted_quotas::load(&store, &quotas).await?;
        Ok(Self {
            store: store.clone(),
            keystore,
            directory,
            store_file,
            trail,
            drain,
            mode,
            clock,
            dev_clock,
            guard: Arc::new(guard),
            ledger,
            request_quotas: Arc::new(RequestQuotas::new(Arc::clone(&quotas))),
            quotas,
            seal: Arc::new(NodeSeal::new(seal.clone(), keyring, store.clone())),
            boundary: format!(
                "software keystore in the server's process; at rest sealed by {}",
                seal.kind
            ),
            home_region: config.regions[0].clone(),
            _folder: folder,
        })
    }

    /// The time that records carry.
    pub(crate) fn now() -> Duration {
        SystemClock.now()
    }

    /// Commits a change to an account together with the record of it.
    pub(crate) async fn commit<T>(&self, planned: Planned<T>, deed: &Deed<'_>) -> Result<T, trent_store::CommitError> {
        let Planned {
            mut transaction,
            output,
        } = planned;
        trent_audit::enqueue(&mut transaction, &deed.render(&self.home_region), &self.trail);
        self.directory.store().commit(transaction).await?;
        self.drain.nudge();
        Ok(output)
    }

    /// Records something that the operator did and that is no change to an account.
    pub(crate) async fn note(&self, deed: &Deed<'_>) -> Result<(), trent_audit::TrailError> {
        self.trail.append_durably(&[deed.render(&self.home_region)]).await
    }

    /// Brings a declaration about, transaction by transaction, each with its record. Tells what was done. Nothing is
    /// begun that cannot be finished: the whole plan is tried first.
    pub(crate) async fn declare(&self, bootstrap: &Bootstrap, deed: &'static str) -> Result<Plan, ApplyError> {
        let planned = plan::plan(&self.directory, bootstrap, Self::now()).await?;
        let mut position = Position::default();
        while let Some(batch) = plan::next(&self.directory, bootstrap, position, Self::now()).await? {
            let lines: Vec<String> = batch.changes.iter().map(ToString::to_string).collect();
            let deed = Deed::of_the_operator(deed).with_changes(&lines);
            let deed = match batch.scope {
                Scope::Account(id) => deed.on(id),
                Scope::Organization | Scope::Services => deed,
            };
            let planned = Planned {
                transaction: batch.transaction,
                output: (),
            };
            self.commit(planned, &deed)
                .await
                .map_err(trent_identity::DirectoryError::from)?;
            position = batch.next;
        }
        Ok(planned)
    }

    /// Brings the trail up to date and closes everything.
    pub(crate) async fn close(self) -> Result<(), trent_audit::DrainError> {
        let finished = self.drain.finish().await;
        self.store.close().await;
        self.trail.close();
        finished
    }
}

/// The time since the machine was started, during which it slept included.
fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The account ids of the operator's commands, for messages.
pub(crate) fn random_account_id() -> AccountId {
    let random = uuid::Uuid::new_v4().as_u128();
    // The first digit is not zero: spreadsheets and YAML eat leading zeros.
    let number = 100_000_000_000 + random % 900_000_000_000;
    number.to_string().parse().expect("twelve digits")
}

/// A seal for a new store: the key file that is there, unless a store uses it, or a new one, or a passphrase. Tells whether
/// a file was made.
fn new_seal(config: &Config) -> Result<(Box<dyn Seal>, bool), OpenFailure> {
    let in_use = config.seal.kind != SealKind::File || config.seal.key_file.exists();
    if in_use && config.head_file().exists() {
        return Err(OpenFailure::SealInUse(config.seal.key_file.clone()));
    }
    Ok(seals::make(&config.seal, &config.data_dir)?)
}

/// Opens the trail. If the operator put back an older store (`older_store`), files with chains that this store does not
/// know are put aside, whole, and the trail goes on behind what it knows.
async fn open_trail(config: &Config, store: &Sealed, older_store: bool) -> Result<Trail, OpenFailure> {
    let folder = config.data_dir.join("audit");
    make_private_folder(&folder)?;
    let mode = match config.audit_mode {
        AuditMode::Durable => trent_audit::Mode::Durable,
        AuditMode::Buffered => trent_audit::Mode::buffered(),
        AuditMode::Discarding => trent_audit::Mode::Discarding,
    };
    let path = folder.join("trail.jsonl");
    let mut aside = 0;
    let opened = loop {
        match Trail::open(&path, mode, store).await {
            Err(OpenError::Damaged {
                path: newer,
                reason: LineError::UnknownChain(_),
                ..
            }) if older_store => {
                aside += 1;
                let name = format!("trail-aside-{}-{aside}.jsonl", Node::now().as_secs());
                let aside = folder.join(name);
                std::fs::rename(&newer, &aside).map_err(|error| OpenFailure::Folder { path: newer, error })?;
                tracing::warn!(file = %aside.display(), "a part of the audit trail is newer than the store; it was put aside");
            }
            opened => break opened?,
        }
    };
    if opened.torn.bytes > 0 {
        tracing::warn!(
            bytes = opened.torn.bytes,
            records = opened.torn.records,
            "the audit trail's last batch was torn by a crash and cut off"
        );
    }
    Ok(opened.trail)
}

/// A folder stamped for development, which keeps its own seal: nothing in it is worth a separate one.
async fn development_folder(config: &Config) -> Result<Parts, OpenFailure> {
    let (seal_file, engine_folder) = (config.data_dir.join("dev-seal.key"), config.data_dir.join("store"));
    let (folder, engine, keyring, name);
    if config.data_dir.join("FORMAT").exists() {
        folder = DataFolder::open(&config.data_dir, Mode::Development)?;
        let seal = KeyFileSeal::open(&seal_file, &engine_folder).map_err(SealFailure::from)?;
        engine = Arc::new(folder.engine()?);
        (keyring, name) = keyring::open(&*engine, &seal).await?;
    } else {
        folder = DataFolder::create(&config.data_dir, Mode::Development)?;
        let seal = KeyFileSeal::create(&seal_file, &engine_folder).map_err(SealFailure::from)?;
        engine = Arc::new(folder.engine()?);
        (keyring, name) = keyring::create(&*engine, &seal).await?;
    }
    Ok(Parts {
        engine,
        keyring,
        folder: Some(folder),
        seal: SealName {
            kind: "a key file in the data folder",
            ..name
        },
    })
}

fn make_private_folder(path: &Path) -> Result<(), OpenFailure> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| OpenFailure::Folder {
            path: path.to_owned(),
            error,
        })
}
