//! Drives a running server with the AWS SDK for Rust and checks what it answers.
//!
//! `TRENT_ENDPOINT` says where the server is, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` who calls. Prints one
//! line for each check and exits with an error at the first that fails.

mod checks;

use std::process::ExitCode;

use aws_credential_types::Credentials;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::{BehaviorVersion, Config, Region};

/// What stops the run: a refused call, or an answer that is not what it should be.
pub(crate) type Failure = Box<dyn std::error::Error>;

fn client() -> Result<Client, Failure> {
    let credentials = Credentials::new(
        std::env::var("AWS_ACCESS_KEY_ID")?,
        std::env::var("AWS_SECRET_ACCESS_KEY")?,
        None,
        None,
        "environment",
    );
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(std::env::var("TRENT_ENDPOINT")?)
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Ok(Client::from_conf(config))
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match client() {
        Ok(client) => checks::run(&client).await,
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(passed) => {
            println!("{passed} passed, 0 failed");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("failed: {failure}");
            ExitCode::FAILURE
        }
    }
}
