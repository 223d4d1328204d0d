//! What the audit record of an operation shows, in the terms that operations have in common.

use std::collections::BTreeMap;

use trent_audit::json::{Fragment, Object};
use trent_service::{AuditedResource, Facts};

use crate::keys::Key;
use crate::reference::KeyTarget;

/// The request's members, as the record has them; members that are absent from the request are absent here.
#[derive(Default)]
pub(crate) struct Parameters {
    members: Object,
    beside: Option<Fragment>,
}

impl Parameters {
    pub(crate) fn text<'a>(mut self, name: &'static str, value: impl Into<Option<&'a str>>) -> Self {
        if let Some(value) = value.into() {
            self.members.string(name, value);
        }
        self
    }

    /// A text that may be as long as a key policy.
    pub(crate) fn document(mut self, name: &'static str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.members.text(name, value, crate::policy::MAX_POLICY_BYTES);
        }
        self
    }

    pub(crate) fn number(mut self, name: &'static str, value: Option<i32>) -> Self {
        if let Some(value) = value {
            self.members.integer(name, value.into());
        }
        self
    }

    pub(crate) fn flag(mut self, name: &'static str, value: Option<bool>) -> Self {
        if let Some(value) = value {
            self.members.boolean(name, value);
        }
        self
    }

    pub(crate) fn context(mut self, name: &'static str, pairs: Option<&BTreeMap<String, String>>) -> Self {
        if let Some(pairs) = pairs {
            self.members
                .map(name, pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        }
        self
    }

    pub(crate) fn object(mut self, name: &'static str, value: Option<Object>) -> Self {
        if let Some(value) = value {
            self.members.object(name, value);
        }
        self
    }

    pub(crate) fn list<'a>(mut self, name: &'static str, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.members.strings(name, values);
        self
    }

    pub(crate) fn pairs<'a>(
        mut self,
        name: &'static str,
        members: (&'static str, &'static str),
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let objects = pairs.into_iter().map(|(first, second)| {
            let mut pair = Object::new();
            pair.string(members.0, first).string(members.1, second);
            pair
        });
        self.members.objects(name, objects);
        self
    }

    /// What the record tells beside the request.
    pub(crate) fn beside(self, beside: Option<Fragment>) -> Self {
        Self { beside, ..self }
    }

    /// The facts of a call about these keys.
    pub(crate) fn about<'a>(self, keys: impl IntoIterator<Item = &'a KeyTarget>) -> Facts {
        self.with(keys.into_iter().filter_map(KeyTarget::audited).collect())
    }

    /// The facts of a call about these resources.
    pub(crate) fn with(self, resources: Vec<AuditedResource>) -> Facts {
        Facts {
            request_parameters: (!self.members.is_empty()).then(|| self.members.finish()),
            additional_event_data: self.beside,
            tells_of_keys: false,
            resources,
        }
    }
}

/// The request for a key as its record shows it, whoever makes the key and why.
pub(crate) struct AuditedRequest<'a> {
    pub(crate) policy: Option<&'a str>,
    pub(crate) description: &'a str,
    pub(crate) usage: &'a str,
    pub(crate) spec: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) bypass: bool,
    pub(crate) multi_region: bool,
}

impl AuditedRequest<'_> {
    pub(crate) fn shown<'t>(&self, tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> Parameters {
        Parameters::default()
            .document("policy", self.policy)
            .text("description", self.description)
            .text("keyUsage", self.usage)
            .text("customerMasterKeySpec", self.spec)
            .text("keySpec", self.spec)
            .text("origin", self.origin)
            .flag("bypassPolicyLockoutSafetyCheck", Some(self.bypass))
            .flag("multiRegion", Some(self.multi_region))
            .pairs("tags", ("tagKey", "tagValue"), tags)
    }
}

/// The reply's member that records of changes to a key show.
pub(crate) fn key_changed(key: &Key) -> Fragment {
    let mut object = Object::new();
    object.string("keyId", &key.arn);
    object.finish()
}
