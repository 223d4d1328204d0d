//! Sinks of the trail: outlets that get the records that their owner wants.

use async_trait::async_trait;
use serde::Deserialize;
use trent_audit::{Entry, Position};

use super::{Outlet, Taken, Undelivered};

/// Which records a sink gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of these accounts; of all and of none, if there are none here.
    pub accounts: Vec<String>,
    /// Those of these Regions; of all, if there are none here.
    pub regions: Vec<String>,
    /// None of calls of these services, such as `kms.amazonaws.com`.
    pub excluded_sources: Vec<String>,
}

/// What of a record a filter looks at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    recipient_account_id: Option<String>,
    aws_region: String,
    event_source: String,
}

impl Filter {
    fn is_open(&self) -> bool {
        *self == Self::default()
    }

    fn takes(&self, record: &[u8]) -> bool {
        let has = |list: &[String], text: &str| list.iter().any(|entry| entry == text);
        serde_json::from_slice::<About>(record).is_ok_and(|about| {
            (self.accounts.is_empty() || about.recipient_account_id.is_some_and(|id| has(&self.accounts, &id)))
                && (self.regions.is_empty() || has(&self.regions, &about.aws_region))
                && !has(&self.excluded_sources, &about.event_source)
        })
    }
}

/// An outlet behind its filter.
pub struct Sink {
    filter: Filter,
    outlet: Box<dyn Outlet>,
}

impl Sink {
    /// The outlet gets what the filter lets through.
    pub fn new(filter: Filter, outlet: Box<dyn Outlet>) -> Self {
        Self { filter, outlet }
    }
}

#[async_trait]
impl Outlet for Sink {
    async fn take(&mut self, records: &[Entry]) -> Taken {
        if self.filter.is_open() {
            return self.outlet.take(records).await;
        }
        let wanted = records
            .iter()
            .enumerate()
            .filter(|(_, record)| self.filter.takes(&record.json));
        let (places, wanted): (Vec<usize>, Vec<Entry>) = wanted.map(|(place, record)| (place, record.clone())).unzip();
        // Even of none: on a busy server what is not for it is all that tells it the time.
        let taken = self.outlet.take(&wanted).await;
        Taken {
            // What lies before the first that it has not taken is done with.
            count: places.get(taken.count).copied().unwrap_or(records.len()),
            ..taken
        }
    }

    async fn idle(&mut self) -> Result<(), Undelivered> {
        self.outlet.idle().await
    }

    fn settled(&self) -> Option<Position> {
        self.outlet.settled()
    }

    fn memory(&self) -> Vec<u8> {
        self.outlet.memory()
    }

    fn awaits_saving(&self) -> bool {
        self.outlet.awaits_saving()
    }

    async fn saved(&mut self) -> Result<(), Undelivered> {
        self.outlet.saved().await
    }

    fn begin(&mut self, at: Position, memory: &[u8]) {
        self.outlet.begin(at, memory);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_asks_whose_where_and_of_what() {
        let record = |account: Option<&str>, region: &str, source: &str| {
            json!({"recipientAccountId": account, "awsRegion": region, "eventSource": source}).to_string()
        };
        let kms = record(Some("111122223333"), "us-east-1", "kms.amazonaws.com");
        let sts = record(Some("444455556666"), "us-west-2", "sts.amazonaws.com");
        let nobodys = record(None, "us-east-1", "trent.amazonaws.com");
        let list = |text: &str| vec![text.to_owned()];
        for (filter, expected) in [
            (Filter::default(), [true, true, true]),
            (
                Filter {
                    accounts: list("111122223333"),
                    ..Filter::default()
                },
                [true, false, false],
            ),
            (
                Filter {
                    regions: list("us-west-2"),
                    ..Filter::default()
                },
                [false, true, false],
            ),
            (
                Filter {
                    excluded_sources: list("kms.amazonaws.com"),
                    ..Filter::default()
                },
                [false, true, true],
            ),
        ] {
            let found = [&kms, &sts, &nobodys].map(|record| filter.takes(record.as_bytes()));
            assert_eq!(found, expected, "{filter:?}");
        }
    }
}
