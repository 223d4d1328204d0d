//! The list of the operations of `CloudWatch` that are served. The rows stand beside the operations.

use trent_service::{Catalogue, Entry};

use super::CloudWatch;
use super::operations::get_metric_data::GetMetricData;
use super::operations::get_metric_statistics::GetMetricStatistics;
use super::operations::list_metrics::ListMetrics;

impl Catalogue for CloudWatch {
    fn catalogue() -> &'static [Entry<Self>] {
        const {
            &[
                Entry::built::<GetMetricData>(),
                Entry::built::<GetMetricStatistics>(),
                Entry::built::<ListMetrics>(),
            ]
        }
    }
}
