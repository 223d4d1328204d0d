//! Collectors of OpenTelemetry: where they are, and what traces they get.

use std::path::PathBuf;

use super::features::Feature;
use super::sources::{Problem, Reader};
use super::value;

/// What collectors of OpenTelemetry need.
pub(super) const OTLP: Feature = Feature {
    name: "otlp",
    is_built: cfg!(feature = "otlp"),
};

/// Where OpenTelemetry has traces sent.
const TRACES_PATH: &str = "/v1/traces";

/// Where a collector takes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CollectorAddress {
    /// The address.
    pub(crate) url: String,
    /// The file of the headers that each request has.
    pub(crate) headers_file: Option<PathBuf>,
    /// Whose certificates count, if not those of the machine's authorities.
    pub(crate) ca_file: Option<PathBuf>,
}

impl CollectorAddress {
    /// An address as it is written; what names a collector alone is completed with the path that its standard says.
    pub(super) fn read(
        url: &str,
        path: &str,
        headers_file: Option<&str>,
        ca_file: Option<&str>,
    ) -> Result<Self, String> {
        let url = value::trusted_url(url, "address of a collector")?;
        let ca_file = value::authorities(ca_file, &url)?;
        let names_alone = url
            .parse::<hyper::Uri>()
            .is_ok_and(|url| url.path() == "/" && url.query().is_none());
        Ok(Self {
            url: if names_alone {
                format!("{}{path}", url.trim_end_matches('/'))
            } else {
                url
            },
            headers_file: headers_file.map(value::path).transpose()?,
            ca_file,
        })
    }
}

/// What is told of requests as traces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TracesSettings {
    /// To whom.
    pub(crate) collector: CollectorAddress,
    /// Of which share of the requests whose callers do not say.
    pub(crate) share: f64,
}

/// The traces' settings, if there are to be any.
pub(super) fn traces(r: &mut Reader) -> Option<TracesSettings> {
    let url = r.read(
        "traces.otlp",
        "collector of OpenTelemetry that gets a span of each request, over HTTP; none by default",
        "",
        |text| match text {
            "" => Ok(None),
            url => OTLP.needed_by("traces.otlp").map(|()| Some(url.to_owned())),
        },
    )?;
    let headers = r.read_optional_path(
        "traces.headers_file",
        "file of headers for it, each a line `name: value`",
    );
    let authorities = r.read_optional_path("traces.ca_file", "certificates of who may say that they are it");
    let share = r.read(
        "traces.share",
        "share of requests that are told of, if their callers do not say whether they are, from `0` to `1`",
        "1",
        share,
    )?;
    let paths = [&headers, &authorities].map(|path| path.as_ref().map(|path| path.display().to_string()));
    let [headers, authorities] = [paths[0].as_deref(), paths[1].as_deref()];
    let url = url?;
    match CollectorAddress::read(&url, TRACES_PATH, headers, authorities) {
        Ok(collector) => Some(TracesSettings { collector, share }),
        Err(message) => {
            r.problems.push(Problem {
                at: None,
                message: format!("`traces.otlp`: {message}"),
            });
            None
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!(
            "`{text}` is no share; write a number from `0` to `1`, such as `0.1`"
        )),
    }
}
