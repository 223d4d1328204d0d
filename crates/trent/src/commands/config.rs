//! `trent config check`: what is in force, where it comes from, what is wrong.

use std::io;

use crate::Failure;
use crate::config::{Config, ConfigFlags};

pub(crate) fn check(flags: &ConfigFlags) -> Result<(), Failure> {
    if Config::load(flags).for_serving().explain(&mut io::stdout().lock())? {
        Ok(())
    } else {
        Err("the configuration is not valid".into())
    }
}
