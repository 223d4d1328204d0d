//! `trent quotas ...`: what accounts may have, how often they may ask, and other values for one of them.

use serde_json::{Value, json};

use crate::Failure;
use crate::cli::{QuotaArguments, QuotasCommand};
use crate::config::Config;
use crate::operator_client;

/// Lists quotas, or changes one.
pub(crate) fn run(command: &QuotasCommand) -> Result<(), Failure> {
    match command {
        QuotasCommand::List { of, json } => list(of, None, *json),
        QuotasCommand::Get { quota, of, json } => list(of, Some(quota), *json),
        QuotasCommand::Set { quota, value, of } => set(quota, Some(value), of),
        QuotasCommand::Reset { quota, of } => set(quota, None, of),
    }
}

fn list(of: &QuotaArguments, quota: Option<&str>, as_json: bool) -> Result<(), Failure> {
    let config = Config::load(&of.config).into_config()?;
    let mut input = subject(of);
    if let Some(quota) = quota {
        input["Quota"] = quota.into();
    }
    let answer = operator_client::call(&config.operator_socket, "ListQuotas", &input)?;
    if as_json {
        println!("{answer}");
        return Ok(());
    }
    let quotas = answer["Quotas"].as_array().map_or(&[][..], Vec::as_slice);
    println!(
        "{:<60} {:<32} {:>10} {:>10} {:>8}  ADJUSTABLE",
        "QUOTA", "CODE", "VALUE", "DEFAULT", "USED"
    );
    for quota in quotas {
        let text = |name: &str| quota[name].as_str().unwrap_or_default();
        let used = quota["Usage"]
            .as_u64()
            .map_or_else(|| "-".to_owned(), |used| used.to_string());
        let adjustable = if quota["Adjustable"] == true { "yes" } else { "no" };
        println!(
            "{:<60} {:<32} {:>10} {:>10} {used:>8}  {adjustable}",
            text("QuotaName"),
            text("QuotaCode"),
            text("Value"),
            text("DefaultValue"),
        );
    }
    Ok(())
}

fn set(quota: &str, value: Option<&str>, of: &QuotaArguments) -> Result<(), Failure> {
    let config = Config::load(&of.config).into_config()?;
    let Some(account) = of.account else {
        return Err("whose quota is it? Say --account; for everybody, set it in the configuration".into());
    };
    let mut input = subject(of);
    input["Quota"] = quota.into();
    if let Some(value) = value {
        input["Value"] = value.into();
    }
    operator_client::call(&config.operator_socket, "SetQuota", &input)?;
    match value {
        Some(value) => println!("The quota `{quota}` of account {account} is {value} from now on."),
        None => println!("The quota `{quota}` of account {account} is what the configuration says from now on."),
    }
    Ok(())
}

fn subject(of: &QuotaArguments) -> Value {
    let mut input = json!({});
    if let Some(account) = of.account {
        input["AccountId"] = account.to_string().into();
    }
    if let Some(region) = &of.region {
        input["Region"] = region.as_str().into();
    }
    input
}
