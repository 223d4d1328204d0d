//! The tags of a request for a session: session tags, and which of them go on to sessions that are begun from it.

use std::collections::BTreeMap;

use trent_api::{ApiError, protocol, sts};
use trent_audit::json::Object;
use trent_identity::Session;
use trent_identity::directory::principals::Tag;
use trent_policy::{Action, ConditionKey, Values};
use trent_service::action;

/// What passing tags takes, besides the permission for the session itself.
pub(crate) static TAG_SESSION: Action = action!("sts:TagSession");

/// The condition keys of tags in a request.
pub(crate) const CONDITION_KEYS: [&str; 2] = ["aws:RequestTag/${TagKey}", "aws:TagKeys"];

/// The tags that a session is asked for with.
#[derive(Default)]
pub(crate) struct SessionTags {
    tags: Vec<Tag>,
    by_key: BTreeMap<String, String>,
    transitive: Vec<String>,
    inherited: Vec<Tag>,
}

impl SessionTags {
    /// The tags of a request, besides those that the session of its caller hands on.
    pub(crate) fn new(tags: Option<&[sts::Tag]>, transitive: Option<&[String]>, callers: Option<&Session>) -> Self {
        let tags: Vec<_> = tags
            .unwrap_or_default()
            .iter()
            .map(|tag| Tag {
                key: tag.key.clone(),
                value: tag.value.clone(),
            })
            .collect();
        Self {
            by_key: tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
            tags,
            transitive: transitive.unwrap_or_default().to_vec(),
            inherited: callers.map(handed_on).unwrap_or_default(),
        }
    }

    /// Refuses tags that would replace one that the caller's session hands on.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let clash = |tag: &Tag| {
            self.inherited
                .iter()
                .any(|inherited| same_key(&inherited.key, &tag.key))
        };
        if self.tags.iter().any(clash) {
            return Err(protocol::validation(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key \
                 from the calling session.",
            ));
        }
        Ok(())
    }

    /// Whether there are any, so that the caller must be allowed to pass them.
    pub(crate) fn any(&self) -> bool {
        !(self.tags.is_empty() && self.transitive.is_empty() && self.inherited.is_empty())
    }

    /// All tags of the session, and the keys of those that it hands on.
    pub(crate) fn of_session(&self) -> (Vec<Tag>, Vec<String>) {
        let handed_on = self.inherited.iter().map(|tag| tag.key.clone());
        (
            self.inherited.iter().chain(&self.tags).cloned().collect(),
            handed_on.chain(self.transitive.iter().cloned()).collect(),
        )
    }

    /// The values of the request's condition keys.
    pub(crate) fn condition<'a>(&'a self, key: &'a ConditionKey) -> Values<'a> {
        match key.lower() {
            "aws:tagkeys" => Values::Names(&self.by_key),
            "sts:transitivetagkeys" => Values::Strings(&self.transitive),
            _ => key
                .suffix("aws:requesttag/")
                .map_or(Values::Absent, |name| Values::Under {
                    map: &self.by_key,
                    name,
                }),
        }
    }

    /// Adds the tags to what the record shows of the request.
    pub(crate) fn record(&self, parameters: &mut Object) {
        if !self.tags.is_empty() {
            let objects = self.tags.iter().map(|tag| {
                let mut pair = Object::new();
                pair.string("key", &tag.key).string("value", &tag.value);
                pair
            });
            parameters.objects("tags", objects);
        }
        if !self.transitive.is_empty() {
            parameters.strings("transitiveTagKeys", self.transitive.iter().map(String::as_str));
        }
    }

    /// Adds the tags that come from the caller's session to what the record shows beside the request.
    pub(crate) fn record_inherited(&self, facts: &mut Object) {
        if !self.inherited.is_empty() {
            let pairs = self.inherited.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
            facts.map("incomingTransitiveTags", pairs);
        }
    }
}

/// The tags that sessions begun from a session inherit.
fn handed_on(session: &Session) -> Vec<Tag> {
    let transitive = |tag: &&Tag| session.transitive_tag_keys.iter().any(|key| same_key(key, &tag.key));
    session.tags.iter().filter(transitive).cloned().collect()
}

/// Case does not tell tag keys apart.
fn same_key(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
