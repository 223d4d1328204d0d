//! `cargo xtask spec`.
#[derive(clap::Args)]
pub(crate) struct Arguments {}
pub(crate) fn run(_: &Arguments, _: &std::path::Path) -> Result<(), String> {
    Err("not yet".to_owned())
}
