//! The path through the flowchart as a diagram, in the language of Mermaid.

use std::fmt::Write;

use super::Explanation;

impl Explanation {
    /// A flowchart of the questions that were asked, each with its answer and what it rests on.
    pub fn to_mermaid(&self) -> String {
        let mut out = String::from("flowchart TD\n");
        let asked = format!("{} asks for {} on {}", self.principal, self.action, self.resource);
        line(&mut out, format_args!("asked([\"{}\"])", escaped(&asked)));
        let (mut before, mut label) = ("asked".to_owned(), String::new());
        for step in &self.steps {
            let node = format!("s{}", step.number);
            let text = format!("{}: {}", step.number, step.question);
            line(&mut out, format_args!("{node}{{\"{}\"}}", escaped(&text)));
            edge(&mut out, &before, &label, &node);
            let answer = if step.answer { "yes" } else { "no" };
            label = match &step.ground {
                Some(ground) => format!("{answer}: {ground}"),
                None => answer.to_owned(),
            };
            before = node;
        }
        let outcome = format!("{}: {}", self.decision, self.reason);
        line(&mut out, format_args!("outcome[\"{}\"]", escaped(&outcome)));
        edge(&mut out, &before, &label, "outcome");
        out
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = writeln!(out, "    {text}");
}

fn edge(out: &mut String, from: &str, label: &str, to: &str) {
    if label.is_empty() {
        line(out, format_args!("{from} --> {to}"));
    } else {
        line(out, format_args!("{from} -->|\"{}\"| {to}", escaped(label)));
    }
}

/// A text between quotes: what Mermaid or a browser would take for something else is written as an entity.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            '`' => out.push_str("#96;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}
