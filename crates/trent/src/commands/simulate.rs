//! `trent simulate`: decides scenarios from standard input, with no server and no state.
//!
//! Whatever is wrong with a scenario is told in its own result line and stops nothing. A line is decided and its result
//! handed on before the next one is waited for, so that a program at the other end can talk with it; memory is bounded
//! by the longest scenario that is taken.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use trent_policy::{simulate, unreadable};

use super::Now;
use crate::Failure;
use crate::cli::SimulateArguments;

/// The longest scenario, in bytes: some hundred times the largest set of policies that may apply to one request.
const LONGEST: usize = 16 << 20;

pub(crate) fn run(arguments: &SimulateArguments) -> Result<(), Failure> {
    let (input, output) = (io::stdin().lock(), io::stdout().lock());
    match decide(input, output, arguments.lines) {
        // Whoever read the results has enough of them.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        decided => Ok(decided?),
    }
}

/// Decides what `input` holds, one scenario or one in each line, and writes a line for each to `output`.
fn decide(input: impl Read, output: impl Write, lines: bool) -> io::Result<()> {
    let mut output = BufWriter::with_capacity(64 << 10, output);
    let mut input = BufReader::with_capacity(64 << 10, input);
    let mut scenario = Vec::new();
    if !lines {
        (&mut input).take(LONGEST as u64 + 1).read_to_end(&mut scenario)?;
        write_result(&mut output, &scenario)?;
        return output.flush();
    }
    while read_line(&mut input, &mut scenario)? {
        if !scenario.trim_ascii().is_empty() {
            write_result(&mut output, &scenario)?;
        }
        if !input.buffer().contains(&b'\n') {
            output.flush()?;
        }
    }
    output.flush()
}

fn write_result(output: &mut impl Write, scenario: &[u8]) -> io::Result<()> {
    let result = if scenario.len() > LONGEST {
        unreadable(format_args!("the scenario is longer than {LONGEST} bytes"))
    } else {
        match std::str::from_utf8(scenario) {
            Ok(text) => simulate(text, &Now::of_clock().surroundings()),
            Err(error) => unreadable(error),
        }
    };
    output.write_all(result.as_bytes())?;
    output.write_all(b"\n")
}

/// Reads a line, without its end, into `line`; false at the end of the input. Of a line that is too long the rest is
/// passed over: what is kept is longer than a scenario may be.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut any = false;
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let length = end.unwrap_or(available.len());
        let room = (LONGEST + 1).saturating_sub(line.len());
        line.extend_from_slice(&available[..length.min(room)]);
        input.consume(end.map_or(length, |end| end + 1));
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    const SCENARIO: &str = r#"{"id":"ID","request":{"principal":"arn:aws:iam::111122223333:user/Alice",
        "action":"kms:ListKeys","resource":{"arn":"*"}},
        "identityPolicies":[{"name":"p","policy":{"Version":"2012-10-17",
        "Statement":{"Effect":"Allow","Action":"kms:List*","Resource":"*"}}}]}"#;

    fn scenario(id: &str) -> String {
        SCENARIO.replace('\n', "").replace("ID", id)
    }

    fn results(input: &[u8], lines: bool) -> Vec<serde_json::Value> {
        let mut output = Vec::new();
        decide(input, &mut output, lines).expect("nothing fails");
        let text = String::from_utf8(output).expect("text");
        assert!(text.is_empty() || text.ends_with('\n'));
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    #[test]
    fn one_scenario_may_span_lines_and_many_stand_in_one_each() {
        let one = results(SCENARIO.as_bytes(), false);
        assert_eq!((one.len(), &one[0]["decision"]), (1, &"Allow".into()));
        let many = format!("{}\r\n\n{}\n{}", scenario("a"), scenario("b"), scenario("c"));
        let many = results(many.as_bytes(), true);
        let ids: Vec<_> = many.iter().map(|result| result["id"].as_str()).collect();
        assert_eq!(ids, [Some("a"), Some("b"), Some("c")]);
        assert!(results(b"", true).is_empty());
        assert_eq!(results(b"", false)[0]["error"]["code"], "InvalidScenario");
    }

    #[test]
    fn a_bad_line_has_a_result_of_its_own_and_stops_nothing() {
        let mut input = b"{\n\xff\xfe\n[]\n{\"id\":7}\n".to_vec();
        input.extend(std::iter::repeat_n(b' ', LONGEST + 1));
        input.extend(b"\n");
        input.extend(std::iter::repeat_n(b'x', LONGEST * 2));
        input.extend(format!("\n{}", scenario("last")).into_bytes());
        let results = results(&input, true);
        assert_eq!(results.len(), 6, "a line of blanks is none");
        for result in &results[..5] {
            assert_eq!(result["error"]["code"], "InvalidScenario", "{result}");
        }
        assert_eq!(results[3]["id"], 7);
        assert_eq!(
            (&results[5]["id"], &results[5]["decision"]),
            (&"last".into(), &"Allow".into())
        );
    }

    /// Gives one line at a time, and only if the results of those before it have been written.
    struct Conversation {
        given: usize,
        answered: Rc<Cell<usize>>,
    }

    impl Read for Conversation {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert_eq!(self.answered.get(), self.given, "a result is held back");
            if self.given == 3 {
                return Ok(0);
            }
            self.given += 1;
            let line = scenario("x") + "\n";
            buffer[..line.len()].copy_from_slice(line.as_bytes());
            Ok(line.len())
        }
    }

    struct Counter(Rc<Cell<usize>>);

    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let ends = bytes.split(|byte| *byte == b'\n').count() - 1;
            self.0.set(self.0.get() + ends);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_answered_before_the_next_is_waited_for() {
        let answered = Rc::new(Cell::new(0));
        let input = Conversation {
            given: 0,
            answered: Rc::clone(&answered),
        };
        decide(input, Counter(Rc::clone(&answered)), true).expect("nothing fails");
        assert_eq!(answered.get(), 3);
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_an_error_of_its_kind() {
        let input = format!("{}\n", scenario("x"));
        let error = decide(input.as_bytes(), Closed, true).expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
