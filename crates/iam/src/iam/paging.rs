//! Pages of lists: how many items, and the marker that continues.
//!
//! A marker says after which item the next page begins and not after how many, so nothing is skipped or repeated when
//! the list changes between two pages. It is opaque to clients, and refused by any other operation than the one that
//! gave it. It needs no seal: it is looked up inside the caller's own account, and whatever it names, the page behind it
//! is one that the caller may read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use trent_api::{ApiError, protocol};
use trent_identity::UniqueId;
use trent_identity::directory::Listing;

/// Items of a page whose request does not say.
const DEFAULT: usize = 100;

/// What stands between the parts of a marker; in no name of an operation.
const SEPARATOR: char = '\n';

/// A page that was asked for.
pub(crate) struct Page {
    operation: &'static str,
    /// How many items at most.
    pub(crate) limit: usize,
    after: Option<String>,
}

/// A page: what is on it, and the marker of the next one if there is one.
pub(crate) struct Paged<T> {
    /// What is on it.
    pub(crate) items: Vec<T>,
    /// Whether there are more.
    pub(crate) is_truncated: Option<bool>,
    /// How to ask for them.
    pub(crate) marker: Option<String>,
}

impl Page {
    /// The page that a request to an operation asks for.
    pub(crate) fn of(operation: &'static str, marker: Option<&str>, max_items: Option<i32>) -> Result<Self, ApiError> {
        let limit = max_items.and_then(|items| usize::try_from(items).ok());
        let after = marker.map(|marker| read(operation, marker).ok_or_else(invalid));
        Ok(Self {
            operation,
            limit: limit.unwrap_or(DEFAULT),
            after: after.transpose()?,
        })
    }

    /// The position of the last item of the page before.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The same, where positions are unique ids.
    pub(crate) fn after_id(&self) -> Result<Option<UniqueId>, ApiError> {
        let id = self.after().map(UniqueId::parse);
        id.transpose().map_err(|_| invalid())
    }

    /// The page of a list that is all there: its items, each with its position, in whatever order.
    pub(crate) fn cut<T>(&self, items: impl IntoIterator<Item = (String, T)>) -> Paged<T> {
        let behind = |position: &str| self.after().is_none_or(|after| position > after);
        let mut items: Vec<(String, T)> = items.into_iter().filter(|(position, _)| behind(position)).collect();
        items.sort_by(|(one, _), (other, _)| one.cmp(other));
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let last = items.last().filter(|_| more).map(|(position, _)| position.clone());
        self.end(items.into_iter().map(|(_, item)| item).collect(), last.as_deref())
    }

    /// The page that the directory gave.
    pub(crate) fn of_listing<R, T>(&self, listing: Listing<R>, show: impl FnMut((UniqueId, R)) -> T) -> Paged<T> {
        let last = listing.next;
        let items = listing.items.into_iter().map(show).collect();
        self.end(items, last.as_ref().map(UniqueId::as_str))
    }

    /// A page that ends at `last`, if the list goes on there.
    pub(crate) fn end<T>(&self, items: Vec<T>, last: Option<&str>) -> Paged<T> {
        Paged {
            items,
            is_truncated: Some(last.is_some()),
            marker: last.map(|last| BASE64.encode(format!("{}{SEPARATOR}{last}", self.operation))),
        }
    }
}

fn read(operation: &str, marker: &str) -> Option<String> {
    let text = String::from_utf8(BASE64.decode(marker).ok()?).ok()?;
    let (of, position) = text.split_once(SEPARATOR)?;
    (of == operation).then(|| position.to_owned())
}

/// What a marker that no page gave is answered with.
pub(crate) fn invalid() -> ApiError {
    protocol::validation("Invalid Marker.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters() -> impl Iterator<Item = (String, char)> {
        ['d', 'b', 'a', 'c', 'e']
            .into_iter()
            .map(|letter| (letter.to_string(), letter))
    }

    #[test]
    fn pages_follow_each_other_until_the_list_ends() {
        let mut seen = String::new();
        let mut marker: Option<String> = None;
        loop {
            let page = Page::of("ListLetters", marker.as_deref(), Some(2)).expect("a page");
            let paged = page.cut(letters());
            assert_eq!(paged.is_truncated, Some(paged.marker.is_some()));
            seen.extend(paged.items);
            marker = paged.marker;
            if marker.is_none() {
                break;
            }
        }
        assert_eq!(seen, "abcde");
    }

    #[test]
    fn a_marker_counts_for_the_operation_that_gave_it() {
        let page = Page::of("ListLetters", None, Some(1)).expect("a page");
        let marker = page.cut(letters()).marker.expect("there are more");
        assert!(Page::of("ListLetters", Some(&marker), None).is_ok());
        for (operation, marker) in [
            ("ListUsers", marker.as_str()),
            ("ListLetters", "????"),
            ("ListLetters", "QQ=="),
        ] {
            let refused = Page::of(operation, Some(marker), None).err().expect("it is refused");
            assert_eq!(
                (refused.code, refused.message()),
                ("ValidationException", "Invalid Marker.")
            );
        }
    }
}
