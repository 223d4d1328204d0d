//! Numbers with their names, and how they are written down.

use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabel, EncodeLabelSet, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use trent_metrics::{BOUNDS, Observed};

/// The labels of a number.
pub(super) type Labels = Vec<(&'static str, String)>;

/// What a name stands for: the numbers of one kind, told apart by their labels.
#[derive(Debug)]
pub(super) struct Family {
    /// The name, without what the format adds to it (`_total` of a counter).
    name: &'static str,
    /// What it counts or measures.
    help: &'static str,
    kind: MetricType,
    samples: Vec<(Labels, Value)>,
}

#[derive(Debug)]
enum Value {
    Count(u64),
    Level(f64),
    Times(Observed),
    /// The labels are all there is to say.
    Info,
}

impl Family {
    /// Numbers that only grow.
    pub(super) fn counters(name: &'static str, help: &'static str) -> Self {
        Self::of(name, help, MetricType::Counter)
    }

    /// Numbers that come and go.
    pub(super) fn gauges(name: &'static str, help: &'static str) -> Self {
        Self::of(name, help, MetricType::Gauge)
    }

    /// How long things took.
    pub(super) fn times(name: &'static str, help: &'static str) -> Self {
        Self::of(name, help, MetricType::Histogram)
    }

    /// What does not change while the server runs.
    pub(super) fn info(name: &'static str, help: &'static str, labels: Labels) -> Self {
        let mut family = Self::of(name, help, MetricType::Info);
        family.samples.push((labels, Value::Info));
        family
    }

    const fn of(name: &'static str, help: &'static str, kind: MetricType) -> Self {
        Self {
            name,
            help,
            kind,
            samples: Vec::new(),
        }
    }

    /// Adds a count.
    pub(super) fn count(&mut self, labels: Labels, count: u64) {
        self.samples.push((labels, Value::Count(count)));
    }

    /// Adds a level.
    #[expect(clippy::cast_precision_loss, reason = "the format has floating-point numbers alone")]
    pub(super) fn level(&mut self, labels: Labels, level: i64) {
        self.samples.push((labels, Value::Level(level as f64)));
    }

    /// Adds a moment or a time in seconds.
    pub(super) fn seconds(&mut self, labels: Labels, time: Duration) {
        self.samples.push((labels, Value::Level(time.as_secs_f64())));
    }

    /// Adds so many of something in so much time, for each second.
    #[expect(clippy::cast_precision_loss, reason = "the format has floating-point numbers alone")]
    pub(super) fn rate(&mut self, labels: Labels, number: u64, time: Duration) {
        self.samples
            .push((labels, Value::Level(number as f64 / time.as_secs_f64())));
    }

    /// Adds times.
    pub(super) fn observed(&mut self, labels: Labels, times: Observed) {
        self.samples.push((labels, Value::Times(times)));
    }

    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut encoder = encoder.encode_descriptor(self.name, self.help, None, self.kind)?;
        for (labels, value) in &self.samples {
            let labels = LabelSet(labels);
            match value {
                Value::Info => encoder.encode_info(&labels)?,
                value if labels.0.is_empty() => value.encode(&mut encoder)?,
                value => value.encode(&mut encoder.encode_family(&labels)?)?,
            }
        }
        Ok(())
    }
}

impl Value {
    fn encode(&self, encoder: &mut MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
        match self {
            Self::Count(count) => encoder.encode_counter::<NoLabelSet, _, f64>(count, None),
            Self::Level(level) => encoder.encode_gauge(level),
            Self::Times(times) => {
                let bounds = BOUNDS.iter().map(Duration::as_secs_f64).chain([f64::INFINITY]);
                let sizes: Vec<_> = bounds.zip(times.sizes).collect();
                encoder.encode_histogram::<NoLabelSet>(times.sum.as_secs_f64(), times.count(), &sizes, None)
            }
            Self::Info => Ok(()),
        }
    }
}

/// Labels as the format's library takes them.
#[derive(Debug)]
struct LabelSet<'a>(&'a [(&'static str, String)]);

impl EncodeLabelSet for LabelSet<'_> {
    fn encode(&self, encoder: &mut prometheus_client::encoding::LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        for (name, value) in self.0 {
            (*name, value.as_str()).encode(encoder.encode_label())?;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct All(Vec<Family>);

impl Collector for All {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.iter().try_for_each(|family| family.encode(&mut encoder))
    }
}

/// Writes families down in the `OpenMetrics` text format.
pub(super) fn text(families: Vec<Family>) -> String {
    let mut registry = Registry::with_prefix("trent");
    registry.register_collector(Box::new(All(families)));
    let mut text = String::new();
    // Writing to a text in memory does not fail.
    let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_written_as_the_format_has_it() {
        let mut counters = Family::counters("cakes", "Cakes that were eaten");
        counters.count(vec![("kind", "with \"cream\"".to_owned())], 3);
        let mut gauges = Family::gauges("plates", "Plates on the table");
        gauges.level(Vec::new(), -1);
        let mut times = Family::times("bite_duration_seconds", "Time that a bite took");
        let histogram = trent_metrics::Histogram::<1>::default();
        histogram.observe(Duration::from_millis(1));
        histogram.observe(Duration::from_mins(1));
        times.observed(Vec::new(), histogram.read());
        let info = Family::info("kitchen", "The kitchen", vec![("floor", "1".to_owned())]);
        let text = text(vec![counters, gauges, times, info]);
        for line in [
            "# HELP trent_cakes Cakes that were eaten",
            "# TYPE trent_cakes counter",
            "trent_cakes_total{kind=\"with \\\"cream\\\"\"} 3",
            "trent_plates -1.0",
            "trent_bite_duration_seconds_sum 60.001",
            "trent_bite_duration_seconds_count 2",
            "trent_bite_duration_seconds_bucket{le=\"0.0005\"} 0",
            "trent_bite_duration_seconds_bucket{le=\"0.001\"} 1",
            "trent_bite_duration_seconds_bucket{le=\"10.0\"} 1",
            "trent_bite_duration_seconds_bucket{le=\"+Inf\"} 2",
            "trent_kitchen_info{floor=\"1\"} 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|written| written == line), "{line} in\n{text}");
        }
    }
}
