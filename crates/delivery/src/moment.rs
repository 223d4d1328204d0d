//! Moments as texts.

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// `2026-01-02T03:04:05Z`
const ISO: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// `20260102T0304Z`
const TO_THE_MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute]Z");

/// `20260102T030405Z`
const TO_THE_SECOND: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// `2026/01/02`
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]/[month]/[day]");

/// A time in seconds since the Unix epoch, as records have it.
pub(crate) fn text_of(seconds: i64) -> String {
    formatted(seconds, ISO)
}

/// The same for names of files, to the minute.
pub(crate) fn minute_of(seconds: i64) -> String {
    formatted(seconds, TO_THE_MINUTE)
}

/// The same, to the second.
pub(crate) fn second_of(seconds: i64) -> String {
    formatted(seconds, TO_THE_SECOND)
}

/// The day, as folders have it.
pub(crate) fn day_of(seconds: i64) -> String {
    formatted(seconds, DAY)
}

/// This moment, in seconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

fn formatted(seconds: i64, form: &[BorrowedFormatItem<'_>]) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // The forms have nothing that a moment lacks.
    moment.format(form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_the_forms_of_records_files_and_folders() {
        let moment = 1_767_323_045;
        assert_eq!(text_of(moment), "2026-01-02T03:04:05Z");
        assert_eq!(minute_of(moment), "20260102T0304Z");
        assert_eq!(second_of(moment), "20260102T030405Z");
        assert_eq!(day_of(moment), "2026/01/02");
    }
}
