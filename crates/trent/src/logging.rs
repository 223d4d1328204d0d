//! Log lines: to standard error, as text or JSON, each with the id of the request that it belongs to.

use std::fmt::{self, Write as _};
use std::io::IsTerminal;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Registry};

use crate::config::{Config, LogFormat};

/// Starts logging as configured, and sends panics to the log rather than past it. What takes spans besides gets them.
pub(crate) fn start(config: &Config, spans: Option<Box<dyn Layer<Registry> + Send + Sync>>) {
    let filter = EnvFilter::new(&config.log_level);
    let with_ansi = std::io::stderr().is_terminal();
    // A second call in one process can only come from a test; the first subscriber stays.
    let _ = match spans {
        None => {
            let lines = tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(std::io::stderr)
                .with_ansi(with_ansi)
                .event_format(Lines(config.log_format));
            tracing::subscriber::set_global_default(lines.finish())
        }
        Some(spans) => {
            let lines = tracing_subscriber::fmt::layer()
                .with_writer(std::io::stderr)
                .with_ansi(with_ansi)
                .event_format(Lines(config.log_format))
                .with_filter(filter);
            tracing::subscriber::set_global_default(Registry::default().with(spans).with(lines))
        }
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let cause = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(place, cause, "a panic was caught");
    }));
}

/// Formats one event as one line.
struct Lines(LogFormat);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut fields = Fields::default();
        event.record(&mut fields);
        let request = trent_server::current_request_id();
        let about = event.metadata();
        match self.0 {
            LogFormat::Text => {
                write!(
                    out,
                    "{time} {:>5} {}: {}",
                    about.level().as_str(),
                    about.target(),
                    OneLine(&fields.message)
                )?;
                for (name, value) in &fields.others {
                    write!(out, " {name}={}", OneLine(value.text()))?;
                }
                if let Some(id) = request {
                    write!(out, " request_id={id}")?;
                }
            }
            LogFormat::Json => {
                write!(
                    out,
                    "{{\"timestamp\":\"{time}\",\"level\":\"{}\",\"target\":",
                    about.level().as_str()
                )?;
                write!(
                    out,
                    "{},\"message\":{}",
                    Quoted(about.target()),
                    Quoted(&fields.message)
                )?;
                if let Some(id) = request {
                    write!(out, ",\"request_id\":\"{id}\"")?;
                }
                for (name, value) in &fields.others {
                    write!(out, ",{}:", Quoted(name))?;
                    match value {
                        Value::Literal(text) => out.write_str(text)?,
                        Value::Text(text) => write!(out, "{}", Quoted(text))?,
                    }
                }
                out.write_char('}')?;
            }
        }
        writeln!(out)
    }
}

/// The fields of one event.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, Value)>,
}

enum Value {
    /// Already valid JSON: a number or a boolean.
    Literal(String),
    Text(String),
}

impl Value {
    fn text(&self) -> &str {
        match self {
            Self::Literal(text) | Self::Text(text) => text,
        }
    }
}

impl Fields {
    fn literal(&mut self, field: &Field, value: &impl ToString) {
        self.others.push((field.name(), Value::Literal(value.to_string())));
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.literal(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.literal(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.literal(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.others.push((field.name(), Value::Text(value.to_owned())));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// Text that cannot start a new line or move the terminal's cursor: what a client sends must not forge a log line.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// A JSON string.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = serde_json::to_string(self.0).map_err(|_| fmt::Error)?;
        f.write_str(&quoted)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, work: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .event_format(Lines(format))
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        let bytes = captured.0.lock().expect("not poisoned").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn a_client_cannot_forge_a_line() {
        let text = logged(LogFormat::Text, || {
            tracing::warn!(operation = "x\n2026 ERROR forged\u{1b}[2J", "refused");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(
            text.contains("refused operation=x\\n2026 ERROR forged\\u{1b}[2J"),
            "{text}"
        );
    }

    #[test]
    fn json_lines_parse_and_keep_types() {
        let text = logged(LogFormat::Json, || {
            tracing::info!(status = 200, ok = true, name = "a\"b", "answered");
        });
        let line: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(line["message"], "answered");
        assert_eq!(line["status"], 200);
        assert_eq!(line["ok"], true);
        assert_eq!(line["name"], "a\"b");
        assert_eq!(line["level"], "INFO");
    }
}
