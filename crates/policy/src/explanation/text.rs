//! An explanation for people to read.

use std::fmt::{self, Display, Formatter};

use super::{Change, Explanation, Ground, Near, Remedy};

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.principal)?;
        writeln!(f, "{} on {}", self.action, self.resource)?;
        writeln!(f, "{} ({})\n", self.decision, self.code)?;
        let widest = self.steps.iter().map(|step| step.question.len()).max().unwrap_or(0);
        for step in &self.steps {
            let answer = if step.answer { "yes" } else { "no" };
            write!(f, "  {:<2}  {:<widest$}  ", step.number, step.question)?;
            match &step.ground {
                Some(ground) => writeln!(f, "{answer:<3}  {ground}")?,
                None => writeln!(f, "{answer}")?,
            }
        }
        writeln!(f, "\n{}", self.reason)?;
        if !self.near.is_empty() {
            writeln!(f, "\nWould allow, but for conditions:")?;
            for near in &self.near {
                writeln!(f, "  {near}")?;
            }
        }
        self.changes(f)
    }
}

impl Explanation {
    fn changes(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.possible {
            return writeln!(f, "\nNo change of policies can allow it.");
        }
        if self.remedies.is_empty() {
            return Ok(());
        }
        let together = match self.remedies.len() {
            _ if self.more => ", all of it and more",
            0 | 1 => "",
            _ => ", all of it",
        };
        writeln!(f, "\nWhat would allow it{together}:")?;
        for remedy in &self.remedies {
            writeln!(f, "  - {}", remedy.sentence())?;
            if let Some(addition) = &remedy.addition {
                writeln!(f, "    {addition}")?;
            }
        }
        if let Some(operation) = &self.grant {
            writeln!(
                f,
                "  or instead a grant of {operation} on the key to {}",
                self.principal
            )?;
        }
        Ok(())
    }
}

impl Remedy {
    /// What is to be done.
    pub fn sentence(&self) -> String {
        let conditions = self.conditions.join(", ");
        match self.change {
            Change::RemoveStatement if conditions.is_empty() => format!("remove or narrow {}", self.ground),
            Change::RemoveStatement => {
                format!(
                    "remove or narrow {}, or ask so that its conditions do not hold ({conditions})",
                    self.ground
                )
            }
            Change::MeetConditions => format!("ask so that the conditions of {} hold ({conditions})", self.ground),
            Change::AddStatement => match (self.ground.kind.as_str(), &self.ground.policy) {
                ("identity", _) => "attach an identity policy with this statement to the caller".to_owned(),
                ("session", _) => "begin the session with a policy that has this statement".to_owned(),
                ("resource", _) => "add this statement to the key policy".to_owned(),
                ("serviceControl" | "resourceControl", _) => format!(
                    "attach a {} with this statement to {}",
                    kind_in_words(&self.ground.kind),
                    self.ground.target.as_deref().unwrap_or("the organization")
                ),
                (kind, name) => format!(
                    "add this statement to {} {}",
                    kind_in_words(kind),
                    name.as_deref().unwrap_or_default()
                ),
            },
        }
    }
}

/// A statement as one finds it: its id or number, its line, its policy.
impl Display for Ground {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let policy = self.policy.as_deref().unwrap_or_default();
        match self.kind.as_str() {
            "grant" => return write!(f, "grant {policy}"),
            "rootUser" => return f.write_str("being the root user, who needs no IAM policy"),
            "policy" => return write!(f, "policy {policy}"),
            "region" => return write!(f, "Region {policy}"),
            "organization" => return f.write_str(self.target.as_deref().unwrap_or_default()),
            _ => {}
        }
        match (&self.sid, self.statement) {
            (Some(sid), _) => write!(f, "statement \"{sid}\"")?,
            (None, Some(index)) => write!(f, "statement {}", index + 1)?,
            (None, None) => {}
        }
        if let Some(line) = self.line {
            write!(f, " (line {line}) of ")?;
        }
        match self.kind.as_str() {
            "resource" => f.write_str("the key policy")?,
            kind => write!(f, "{} {policy}", kind_in_words(kind))?,
        }
        match &self.target {
            Some(target) => write!(f, " at {target}"),
            None => Ok(()),
        }
    }
}

impl Display for Near {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.ground)?;
        for (index, unmet) in self.unmet.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            let found = if unmet.present {
                "does not hold"
            } else {
                "the request has no such key"
            };
            write!(f, "{comma}{} {} ({found})", unmet.operator, unmet.key)?;
        }
        Ok(())
    }
}

fn kind_in_words(kind: &str) -> &str {
    match kind {
        "identity" => "identity policy",
        "permissionsBoundary" => "permissions boundary",
        "session" => "session policy",
        "serviceControl" => "service control policy",
        "resourceControl" => "resource control policy",
        "endpoint" => "endpoint policy",
        "trust" => "trust policy",
        other => other,
    }
}
