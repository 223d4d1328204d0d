//! Where settings come from: flags, the environment, one TOML file, the built-in defaults, in this order.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

/// What every environment variable of ours starts with.
const PREFIX: &str = "TRENT_";

/// Where the value in force was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said anything.
    Default,
    /// Line of the configuration file.
    File(usize),
    /// An environment variable.
    Environment(String),
    /// A command-line flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(line) => write!(f, "file, line {line}"),
            Self::Environment(name) => write!(f, "environment, {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// Something in the configuration that cannot be obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where it stands.
    pub(crate) at: Option<Origin>,
    /// What is wrong and, where that can be said, what would be right.
    pub(crate) message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) => write!(f, "{at}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// One setting as found: its text and the place.
#[derive(Clone, Debug)]
struct Found {
    text: String,
    origin: Origin,
}

/// Everything that was said, before anything is interpreted.
#[derive(Default)]
pub(crate) struct Sources {
    file: BTreeMap<String, Found>,
    environment: BTreeMap<String, String>,
    flags: BTreeMap<&'static str, Found>,
    problems: Vec<Problem>,
}

impl Sources {
    /// Reads the environment and, if one is named, the file.
    pub(crate) fn gather(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Self {
        let mut sources = Self {
            environment: environment.filter(|(name, _)| name.starts_with(PREFIX)).collect(),
            ..Self::default()
        };
        if let Some(path) = file {
            match std::fs::read_to_string(path) {
                Ok(text) => sources.read_toml(&text),
                Err(error) => sources.problems.push(Problem {
                    at: None,
                    message: format!("cannot read {}: {error}", path.display()),
                }),
            }
        }
        sources
    }

    /// A command-line flag outranks everything else.
    pub(crate) fn flag(&mut self, key: &'static str, flag: &'static str, text: Option<String>) {
        if let Some(text) = text {
            self.flags.insert(
                key,
                Found {
                    text,
                    origin: Origin::Flag(flag),
                },
            );
        }
    }

    fn read_toml(&mut self, text: &str) {
        let line = |offset: usize| 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        match DeTable::parse(text) {
            Ok(document) => self.read_table("", document.get_ref(), &line),
            Err(error) => self.problems.push(Problem {
                at: error.span().map(|span| Origin::File(line(span.start))),
                message: format!("not valid TOML: {}", error.message()),
            }),
        }
    }

    fn read_table(&mut self, prefix: &str, table: &DeTable<'_>, line: &dyn Fn(usize) -> usize) {
        for (name, value) in table {
            let key = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            let origin = Origin::File(line(name.span().start));
            match value.get_ref() {
                DeValue::Table(inner) => self.read_table(&key, inner, line),
                DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
                    for (at, item) in items.iter().enumerate() {
                        if let Some(inner) = item.get_ref().as_table() {
                            self.read_table(&format!("{key}.{at}"), inner, line);
                        }
                    }
                }
                scalar => match scalar_text(scalar) {
                    Some(text) => {
                        self.file.insert(key, Found { text, origin });
                    }
                    None => self.problems.push(Problem {
                        at: Some(origin),
                        message: format!("`{key}` may be a string, a number, a boolean or a list of strings"),
                    }),
                },
            }
        }
    }
}

/// The text of a TOML value; a list is written with commas, as in the environment.
fn scalar_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Array(items) => {
            let texts: Option<Vec<_>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}

/// One effective setting, as `config check` shows it.
pub(crate) struct Explained {
    pub(crate) key: &'static str,
    pub(crate) value: String,
    pub(crate) origin: Origin,
    pub(crate) meaning: &'static str,
    /// Whether a variable can say it too.
    pub(crate) has_variable: bool,
}

/// Takes settings out of the sources one by one, and remembers which keys exist.
pub(crate) struct Reader {
    sources: Sources,
    pub(crate) explained: Vec<Explained>,
    pub(crate) problems: Vec<Problem>,
    /// Odd, but nothing that must stop the server.
    pub(crate) notes: Vec<Problem>,
}

impl Reader {
    pub(crate) fn new(mut sources: Sources) -> Self {
        let problems = std::mem::take(&mut sources.problems);
        Self {
            sources,
            explained: Vec::new(),
            problems,
            notes: Vec::new(),
        }
    }

    /// The value of `key`, or the default if nobody set it. A value that does not parse is a problem, and the
    /// default stands in, so that one run finds every problem.
    pub(crate) fn read<T>(
        &mut self,
        key: &'static str,
        meaning: &'static str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let variable = variable_of(key);
        let found = if let Some(found) = self.sources.flags.remove(key) {
            self.sources.environment.remove(&variable);
            self.sources.file.remove(key);
            found
        } else if let Some(text) = self.sources.environment.remove(&variable) {
            self.sources.file.remove(key);
            Found {
                text,
                origin: Origin::Environment(variable),
            }
        } else if let Some(found) = self.sources.file.remove(key) {
            found
        } else {
            Found {
                text: default.to_owned(),
                origin: Origin::Default,
            }
        };
        let value = parse(&found.text);
        self.explained.push(Explained {
            key,
            value: found.text,
            origin: found.origin.clone(),
            meaning,
            has_variable: true,
        });
        match value {
            Ok(value) => Some(value),
            Err(message) => {
                self.problems.push(Problem {
                    at: Some(found.origin),
                    message: format!("`{key}`: {message}"),
                });
                parse(default).ok()
            }
        }
    }

    /// A path that may be left out.
    pub(crate) fn read_optional_path(&mut self, key: &'static str, meaning: &'static str) -> Option<PathBuf> {
        self.read(key, meaning, "", |text| {
            if text.is_empty() {
                Ok(None)
            } else {
                super::value::path(text).map(Some)
            }
        })
        .flatten()
    }

    /// The tables of an array, each with some of these members; `parse` says which must be there. Only the file can have
    /// them.
    pub(crate) fn read_tables<const N: usize, T>(
        &mut self,
        key: &'static str,
        meaning: &'static str,
        members: [&str; N],
        parse: impl Fn([Option<&str>; N]) -> Result<T, String>,
    ) -> Vec<T> {
        let mut items = Vec::new();
        let mut shown = Vec::new();
        let mut origin = Origin::Default;
        for at in 0.. {
            let prefix = format!("{key}.{at}.");
            let Some(first) = self.sources.file.range(prefix.clone()..).next() else {
                break;
            };
            if !first.0.starts_with(&prefix) {
                break;
            }
            let begins = first.1.origin.clone();
            let found = members.map(|member| self.sources.file.remove(&format!("{prefix}{member}")));
            if found.iter().all(Option::is_none) {
                // What else the table has is refused at the end, as any setting that does not exist.
                continue;
            }
            match parse(std::array::from_fn(|member| {
                found[member].as_ref().map(|found| found.text.as_str())
            })) {
                Ok(item) => items.push(item),
                Err(message) => self.problems.push(Problem {
                    at: Some(begins.clone()),
                    message: format!("`{key}`: {message}"),
                }),
            }
            // A document may have lines; a setting is shown in one.
            let words = found.iter().flatten().flat_map(|found| found.text.split_whitespace());
            shown.push(words.collect::<Vec<_>>().join(" "));
            if at == 0 {
                origin = begins;
            }
        }
        self.explained.push(Explained {
            key,
            value: shown.join(", "),
            origin,
            meaning,
            has_variable: false,
        });
        items
    }

    /// What was said and matches no setting: refused in the file, pointed out in the environment (where other
    /// software may own the name: an orchestrator injects `<SERVICE>_PORT` and the like).
    pub(crate) fn finish(&mut self) {
        for (key, found) in std::mem::take(&mut self.sources.file) {
            let hint = self.suggestion(&key, ToOwned::to_owned);
            self.problems.push(Problem {
                at: Some(found.origin),
                message: format!("there is no setting `{key}`{hint}"),
            });
        }
        for name in std::mem::take(&mut self.sources.environment).into_keys() {
            if NOT_SETTINGS.contains(&name.as_str()) {
                continue;
            }
            let hint = self.suggestion(&name, variable_of);
            self.notes.push(Problem {
                at: Some(Origin::Environment(name)),
                message: format!("no setting has this name; ignored{hint}"),
            });
        }
    }

    fn suggestion(&self, unknown: &str, spelling: impl Fn(&'static str) -> String) -> String {
        self.explained
            .iter()
            .map(|known| spelling(known.key))
            .map(|known| (distance(unknown, &known), known))
            .min()
            .filter(|(distance, known)| *distance <= known.len().div_ceil(3))
            .map(|(_, known)| format!("; did you mean `{known}`?"))
            .unwrap_or_default()
    }
}

/// Variables of ours that are flags of commands, not settings.
const NOT_SETTINGS: &[&str] = &["TRENT_CONFIG"];

/// The environment variable that overrides `key`.
pub(crate) fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}

/// Levenshtein's edit distance, in one row.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[right.len()]
}
