//! What watches the server while it serves: the counting of keys, and the publishing of what accounts can ask for.

use std::sync::Arc;

use tokio::task::JoinHandle;
use trent_kms::Kms;
use trent_trail::cloudwatch::Data;

use super::KeyCounts;
use super::published::Publisher;
use crate::Failure;
use crate::config::Config;
use crate::node::Node;

/// The watching.
pub(crate) struct Monitoring {
    publisher: Arc<Publisher>,
    tasks: [JoinHandle<()>; 2],
}

impl Monitoring {
    /// Begins it. What accounts can ask for is kept beside the store, in memory if that is.
    pub(crate) fn start(config: &Config, node: &Node, kms: &Arc<Kms>) -> Result<Self, Failure> {
        let data = if node.store_file.is_some() {
            let folder = config.data_dir.join("metrics");
            let now = i64::try_from(node.clock.now().as_millis()).unwrap_or(i64::MAX);
            let opened = Data::open(&folder, now);
            opened.map_err(|error| format!("{}: {error}", folder.display()))?
        } else {
            Data::in_memory()
        };
        let publisher = Arc::new(Publisher {
            data: Arc::new(data),
            kms: Arc::clone(kms),
            keys: Arc::default(),
            clock: Arc::clone(&node.clock),
        });
        let counting = Arc::clone(&publisher);
        let publishing = Arc::clone(&publisher);
        let tasks = [
            tokio::spawn(async move { counting.keys.count_regularly(&counting.kms).await }),
            tokio::spawn(async move { publishing.publish_regularly().await }),
        ];
        Ok(Self { publisher, tasks })
    }

    /// What was measured of keys.
    pub(crate) fn data(&self) -> Arc<Data> {
        Arc::clone(&self.publisher.data)
    }

    /// The keys as they were counted last.
    pub(crate) fn keys(&self) -> Arc<KeyCounts> {
        Arc::clone(&self.publisher.keys)
    }

    /// Ends it, and publishes what is left.
    pub(crate) async fn stop(self) {
        for task in &self.tasks {
            task.abort();
        }
        self.publisher.finish().await;
    }
}
