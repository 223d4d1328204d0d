//! Tells the binary which commit it is built from, so that `trent --version` can say it.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=TRENT_BUILD_COMMIT");
    let profile = std::env::var("PROFILE").unwrap_or_default();
    println!("cargo::rustc-env=TRENT_BUILD_PROFILE={profile}");
    let commit = std::env::var("TRENT_BUILD_COMMIT").ok().or_else(|| {
        // Debug builds are rebuilt all the time; following every commit would relink each of them.
        if profile == "debug" {
            return None;
        }
        println!("cargo::rerun-if-changed=../../.git/logs/HEAD");
        let asked = Command::new("git")
            .args(["rev-parse", "--short=12", "HEAD"])
            .output()
            .ok()?;
        asked
            .status
            .success()
            .then(|| String::from_utf8_lossy(&asked.stdout).trim().to_owned())
    });
    println!("cargo::rustc-env=TRENT_BUILD_COMMIT={}", commit.unwrap_or_default());
}
