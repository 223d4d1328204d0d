//! What the audit record of an operation of IAM shows of its request or its reply. Nothing that is put in here is secret.

use trent_api::iam;
use trent_audit::json::{Fragment, Object};

/// The longest document that a record holds whole, in bytes.
const DOCUMENT: usize = 32 * 1024;

/// Members, in order; those that are absent from the request are absent here.
#[derive(Default)]
pub(crate) struct Parameters(Object);

impl Parameters {
    pub(crate) fn text<'a>(mut self, name: &'static str, value: impl Into<Option<&'a str>>) -> Self {
        if let Some(value) = value.into() {
            self.0.string(name, value);
        }
        self
    }

    /// A policy.
    pub(crate) fn document<'a>(mut self, name: &'static str, value: impl Into<Option<&'a str>>) -> Self {
        if let Some(value) = value.into() {
            self.0.text(name, value, DOCUMENT);
        }
        self
    }

    pub(crate) fn number(mut self, name: &'static str, value: Option<i32>) -> Self {
        if let Some(value) = value {
            self.0.integer(name, value.into());
        }
        self
    }

    pub(crate) fn flag(mut self, name: &'static str, value: Option<bool>) -> Self {
        if let Some(value) = value {
            self.0.boolean(name, value);
        }
        self
    }

    pub(crate) fn list(mut self, name: &'static str, values: Option<&[String]>) -> Self {
        if let Some(values) = values {
            self.0.strings(name, values.iter().map(String::as_str));
        }
        self
    }

    pub(crate) fn tags(mut self, tags: Option<&[iam::Tag]>) -> Self {
        if let Some(tags) = tags {
            let tags = tags.iter().map(|tag| {
                let mut object = Object::new();
                object.string("key", &tag.key).string("value", &tag.value);
                object
            });
            self.0.objects("tags", tags);
        }
        self
    }

    /// Where a page begins and how long it is.
    pub(crate) fn page(self, marker: Option<&str>, max_items: Option<i32>) -> Self {
        self.text("marker", marker).number("maxItems", max_items)
    }

    /// Members of a member.
    pub(crate) fn object(mut self, name: &'static str, members: Self) -> Self {
        self.0.object(name, members.0);
        self
    }

    /// All of it, if there is any.
    pub(crate) fn finish(self) -> Option<Fragment> {
        (!self.0.is_empty()).then(|| self.0.finish())
    }
}
