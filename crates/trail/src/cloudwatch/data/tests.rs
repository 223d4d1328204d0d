use std::fs;

use super::*;
use day::DAY;

/// 2026-11-23T00:00:00Z.
const TODAY: i64 = 20_780 * DAY;

fn series(key: &str) -> Series {
    Series {
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        namespace: "AWS/KMS".to_owned(),
        name: "SuccessfulRequest".to_owned(),
        dimensions: vec![("KeyId".to_owned(), key.to_owned())],
        unit: "Count".to_owned(),
    }
}

fn sums(data: &Data, key: &str, from: i64, until: i64) -> Vec<(i64, f64)> {
    let read = data.read(&[Arc::new(series(key))], from, until).expect("readable");
    read[0].iter().map(|(at, values)| (*at, values.sum)).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

#[test]
fn what_was_recorded_is_there_after_a_restart_minute_by_minute() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("metrics");
    let data = Data::open(&path, TODAY).expect("opens");
    data.record(
        TODAY + 1,
        vec![(series("a"), Statistics::ones(2)), (series("b"), Statistics::one(7.0))],
    )
    .expect("written");
    data.record(TODAY + MINUTE, vec![(series("a"), Statistics::ones(3))])
        .expect("written");
    drop(data);
    let data = Data::open(&path, TODAY + MINUTE).expect("opens");
    data.record(
        TODAY + 2 * MINUTE,
        vec![(series("b"), Statistics::one(5.0)), (series("c"), Statistics::one(1.0))],
    )
    .expect("written");
    let all = |key| sums(&data, key, TODAY, TODAY + DAY);
    assert_eq!(all("a"), [(TODAY, 2.0), (TODAY + MINUTE, 3.0)]);
    assert_eq!(all("b"), [(TODAY, 7.0), (TODAY + 2 * MINUTE, 5.0)]);
    assert_eq!(all("c"), [(TODAY + 2 * MINUTE, 1.0)]);
    assert_eq!(sums(&data, "a", TODAY + 1, TODAY + MINUTE), []);
    assert_eq!(files(&path), ["2026-11-23.minutes.jsonl"]);
    assert_eq!(data.metrics("111122223333", "us-east-1").len(), 3);
    assert!(data.metrics("111122223333", "us-west-2").is_empty());
    assert!(data.metrics("111122223334", "us-east-1").is_empty());
}

#[test]
fn a_torn_line_costs_its_minute_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = Data::open(folder.path(), TODAY).expect("opens");
    data.record(TODAY, vec![(series("a"), Statistics::ones(1))])
        .expect("written");
    data.record(TODAY + MINUTE, vec![(series("b"), Statistics::ones(2))])
        .expect("written");
    drop(data);
    let file = folder.path().join("2026-11-23.minutes.jsonl");
    let whole = fs::read(&file).expect("a file");
    for kept in 0..whole.len() {
        // Whatever a crash has left there.
        fs::write(&file, [&whole[..kept], b"\xff\0"].concat()).expect("a file");
        let data = Data::open(folder.path(), TODAY).expect("opens");
        data.record(
            TODAY + 2 * MINUTE,
            vec![(series("b"), Statistics::ones(9)), (series("a"), Statistics::ones(8))],
        )
        .expect("written");
        let first = whole.iter().position(|byte| *byte == b'\n').expect("a line") < kept;
        let mut expected = vec![(TODAY + 2 * MINUTE, 8.0)];
        if first {
            expected.insert(0, (TODAY, 1.0));
        }
        assert_eq!(sums(&data, "a", TODAY, TODAY + DAY), expected, "{kept}");
        assert_eq!(
            sums(&data, "b", TODAY, TODAY + DAY),
            [(TODAY + 2 * MINUTE, 9.0)],
            "{kept}"
        );
    }
}

/// MON-201, MON-417, REF-119: each minute for two weeks at least, each hour for a year.
#[test]
fn minutes_are_kept_for_two_weeks_and_hours_for_a_year() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = Data::open(folder.path(), TODAY).expect("opens");
    let minutes = [0, 1, 59, 60, 61];
    for minute in minutes {
        data.record(TODAY + minute * MINUTE, vec![(series("a"), Statistics::one(1.0))])
            .expect("written");
    }
    let on = |day: i64| {
        let values = vec![(series("b"), Statistics::one(1.0))];
        data.record(TODAY + day * DAY, values).expect("written");
    };
    on(14);
    let each = sums(&data, "a", TODAY, TODAY + DAY);
    assert_eq!(each.len(), minutes.len(), "two weeks later all are there");
    assert_eq!(data.metrics("111122223333", "us-east-1").len(), 2);
    on(16);
    let hour = 60 * MINUTE;
    assert_eq!(
        sums(&data, "a", TODAY, TODAY + DAY),
        [(TODAY, 3.0), (TODAY + hour, 2.0)]
    );
    let listed = data.metrics("111122223333", "us-east-1");
    assert_eq!(listed.len(), 1, "what had no value for two weeks is not listed");
    on(365);
    assert_eq!(
        sums(&data, "a", TODAY, TODAY + DAY).len(),
        2,
        "a year later the hours are there"
    );
    on(456);
    assert_eq!(sums(&data, "a", TODAY, TODAY + DAY), []);
}

#[test]
fn a_minute_has_no_more_values_than_are_kept() {
    let data = Data::in_memory();
    let many = (0..=OF_A_MINUTE).map(|key| (series(&key.to_string()), Statistics::ones(1)));
    data.record(TODAY, many).expect("kept");
    assert_eq!(data.metrics("111122223333", "us-east-1").len(), OF_A_MINUTE);
}

#[test]
fn a_folder_that_cannot_be_written_loses_that_minute_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("metrics");
    let data = Data::open(&path, TODAY).expect("opens");
    data.record(TODAY, vec![(series("a"), Statistics::ones(1))])
        .expect("written");
    let aside = folder.path().join("aside");
    fs::rename(&path, &aside).expect("moved");
    assert!(
        data.record(TODAY + MINUTE, vec![(series("b"), Statistics::ones(2))])
            .is_err()
    );
    fs::rename(&aside, &path).expect("moved back");
    data.record(
        TODAY + 2 * MINUTE,
        vec![(series("b"), Statistics::ones(3)), (series("a"), Statistics::ones(4))],
    )
    .expect("written");
    assert_eq!(
        sums(&data, "a", TODAY, TODAY + DAY),
        [(TODAY, 1.0), (TODAY + 2 * MINUTE, 4.0)]
    );
    assert_eq!(sums(&data, "b", TODAY, TODAY + DAY), [(TODAY + 2 * MINUTE, 3.0)]);
}
