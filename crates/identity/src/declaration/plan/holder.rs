//! What users, groups and roles have in common, compared: policies, boundaries and tags.

use super::super::Path;
use super::super::documents::same;
use super::super::entities::DeclaredHolder;
use super::comparison::Comparison;
use super::step::{Owner, Step, Subject};
use crate::directory::principals::{HeldPolicies, PolicyReference, Tag};

impl Comparison<'_> {
    /// The inline and attached policies of a holder that has `held`.
    pub(super) fn held(&mut self, path: &Path, owner: &Owner, declared: &DeclaredHolder, held: &HeldPolicies) {
        let (inlines, attached) = (path.field("inline_policies"), path.field("attached_policies"));
        if self.prune {
            for policy in held
                .inline
                .iter()
                .filter(|policy| !declared.inline.contains_key(&policy.name))
            {
                let (owner, name) = (owner.clone(), policy.name.clone());
                self.add(&inlines, Step::RemoveInline { owner, name });
            }
            for reference in held
                .attached
                .iter()
                .filter(|reference| !declared.attached.contains(&reference.arn))
            {
                let (owner, arn) = (owner.clone(), reference.arn.clone());
                self.add(&attached, Step::Detach { owner, arn });
            }
        }
        for (name, document) in &declared.inline {
            let known = held.inline.iter().find(|policy| policy.name == *name);
            if known.is_some_and(|policy| same(&policy.document, document)) {
                continue;
            }
            let step = Step::PutInline {
                owner: owner.clone(),
                name: name.clone(),
                document: document.clone(),
                known: known.is_some(),
            };
            self.add(&inlines.field(name), step);
        }
        for (at, arn) in declared.attached.iter().enumerate() {
            if held.attached.iter().all(|reference| reference.arn != *arn) {
                let (owner, arn) = (owner.clone(), arn.clone());
                self.add(&attached.item(at), Step::Attach { owner, arn });
            }
        }
    }

    /// The permissions boundary of what is there already. It is set before anything is permitted; see `held`.
    pub(super) fn boundary(
        &mut self,
        path: &Path,
        owner: &Owner,
        declared: Option<&String>,
        boundary: Option<&PolicyReference>,
    ) {
        let path = path.field("permissions_boundary");
        match (declared, boundary) {
            (Some(arn), Some(reference)) if reference.arn == *arn => {}
            (Some(arn), _) => {
                let (owner, arn) = (owner.clone(), arn.clone());
                self.add(&path, Step::SetBoundary { owner, arn });
            }
            (None, Some(_)) if self.prune => self.add(&path, Step::RemoveBoundary { owner: owner.clone() }),
            (None, _) => {}
        }
    }

    /// The tags of what is there already.
    pub(super) fn tags(&mut self, path: &Path, subject: &Subject, declared: &[Tag], tags: &[Tag]) {
        let path = path.field("tags");
        let same_key = |one: &Tag, other: &Tag| one.key.to_lowercase() == other.key.to_lowercase();
        let gone = tags
            .iter()
            .filter(|tag| !declared.iter().any(|wanted| same_key(wanted, tag)));
        let gone: Vec<_> = gone.map(|tag| tag.key.clone()).collect();
        if self.prune && !gone.is_empty() {
            let subject = subject.clone();
            self.add(&path, Step::Untag { subject, keys: gone });
        }
        let new: Vec<_> = declared.iter().filter(|tag| !tags.contains(tag)).cloned().collect();
        if !new.is_empty() {
            let subject = subject.clone();
            self.add(&path, Step::Tag { subject, tags: new });
        }
    }
}
