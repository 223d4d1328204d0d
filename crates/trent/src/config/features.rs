//! What a build may be without.

/// A part that is built in only if it is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Feature {
    /// What it is asked for by.
    pub(super) name: &'static str,
    /// Whether this build has it.
    pub(super) is_built: bool,
}

impl Feature {
    /// Refuses a setting that needs it, if this build is without.
    pub(super) fn needed_by(self, setting: &str) -> Result<(), String> {
        if self.is_built {
            return Ok(());
        }
        let Self { name, .. } = self;
        Err(format!(
            "`{setting}` needs the feature `{name}`, and this build is without; `cargo build --release --features {name}` \
             makes one that has it"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_is_without_is_refused_with_the_name_of_what_it_lacks() {
        let with = |is_built| Feature { name: "otlp", is_built };
        assert_eq!(with(true).needed_by("traces.otlp"), Ok(()));
        let refusal = with(false).needed_by("traces.otlp").expect_err("refused");
        assert!(
            refusal.starts_with("`traces.otlp` needs the feature `otlp`"),
            "{refusal}"
        );
        assert!(refusal.contains("`cargo build --release --features otlp`"), "{refusal}");
    }
}
