//! Rules: which events go to which targets.

use super::event::Event;
use super::pattern::Pattern;

/// Whether a rule is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleState {
    /// It is, for everything but calls that change nothing.
    Enabled,
    /// It is not.
    Disabled,
    /// It is, for calls that change nothing too.
    EnabledWithAllManagementEvents,
}

impl RuleState {
    /// How it is written.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("ENABLED", Self::Enabled),
        ("DISABLED", Self::Disabled),
        (
            "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
            Self::EnabledWithAllManagementEvents,
        ),
    ];
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it is called.
    pub name: String,
    /// Which events it is about.
    pub pattern: Pattern,
    /// Whether it is followed.
    pub state: RuleState,
    /// The targets that get these events, by their names.
    pub targets: Vec<String>,
}

impl Rule {
    fn matches(&self, event: &Event<'_>) -> bool {
        match self.state {
            RuleState::Disabled => false,
            RuleState::Enabled if event.is_read_only() => false,
            RuleState::Enabled | RuleState::EnabledWithAllManagementEvents => self.pattern.matches(event),
        }
    }
}

/// The rules that send events to one target. One that several of them are about goes there once.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Those of all rules that name a target.
    pub fn of_target(rules: &[Rule], target: &str) -> Self {
        let names = |rule: &&Rule| rule.targets.iter().any(|name| name == target);
        Self(rules.iter().filter(names).cloned().collect())
    }

    /// Whether the target gets an event.
    pub fn matches(&self, event: &Event<'_>) -> bool {
        self.0.iter().any(|rule| rule.matches(event))
    }
}
