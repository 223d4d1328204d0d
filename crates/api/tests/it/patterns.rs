//! The pattern tables against a real regular-expression engine.

use crate::model::model;
use proptest::prelude::*;
use regex::Regex;
use trent_api::kms;
use trent_api::pattern::Pattern;
use trent_api::shape::{Shape, Structure};

/// The model's expression in the engine's dialect: the whole text, ASCII classes, a dot that stops at ends of lines.
pub(crate) fn engine(source: &str) -> Regex {
    let same = source
        .replace("\\w", "a-zA-Z0-9_")
        .replace("\\s", "\\t-\\r ")
        .replace("\\d", "[0-9]")
        .replace(":.+", ":[^\\n\\r\\u0085\\u2028\\u2029]+");
    Regex::new(&format!("^(?:{same})$")).expect("the model's pattern")
}

fn collect(structure: &'static Structure, found: &mut Vec<&'static Pattern>) {
    for member in structure.members {
        let mut shape = member.shape;
        while let Shape::List { element, .. } = shape {
            shape = element;
        }
        match shape {
            Shape::Structure(nested) => collect(nested, found),
            Shape::Text(text) => found.extend(text.pattern),
            _ => {}
        }
    }
}

fn patterns() -> Vec<&'static Pattern> {
    let mut found = Vec::new();
    for operation in kms::OPERATIONS {
        collect(operation.input, &mut found);
        operation
            .output
            .into_iter()
            .for_each(|output| collect(output, &mut found));
    }
    found.sort_by_key(|pattern| pattern.source);
    found.dedup_by_key(|pattern| pattern.source);
    found
}

#[test]
fn the_samples_of_the_model_match() {
    let model = model();
    for (name, shape) in &model.shapes {
        if let Some(source) = shape["pattern"].as_str() {
            let pattern = patterns()
                .into_iter()
                .find(|pattern| pattern.source == source)
                .expect(source);
            let sample = model.valid(name);
            assert!(pattern.matches(sample.as_str().expect("text")), "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Texts that nearly match decide as the engine decides: matching ones with a few characters put in or left out.
    #[test]
    fn the_tables_decide_as_an_engine_does(at in any::<prop::sample::Index>(), cut in 0_usize..4, put in "[ -~\\n\\u{85}\\u{ff}\\u{100}]{0,3}", noise in "\\PC{0,20}") {
        let model = model();
        for pattern in patterns() {
            let engine = engine(pattern.source);
            let samples = model.shapes.iter().filter(|(_, shape)| shape["pattern"].as_str() == Some(pattern.source));
            for (name, _) in samples {
                let sample: Vec<char> = model.valid(name).as_str().expect("text").chars().collect();
                let at = at.index(sample.len());
                let behind = (at + cut).min(sample.len());
                let near: String = sample[..at].iter().copied().chain(put.chars()).chain(sample[behind..].iter().copied()).collect();
                prop_assert_eq!(pattern.matches(&near), engine.is_match(&near), "{} {:?}", pattern.source, near);
            }
            prop_assert_eq!(pattern.matches(&noise), engine.is_match(&noise), "{} {:?}", pattern.source, noise);
        }
    }
}
