//! The command line.

pub(crate) mod audit;
pub(crate) mod quotas;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use trent_names::{AccountId, PrincipalArn};

use crate::config::{ConfigFlags, SealKind, duration, span};
use crate::version::VERSION;
pub(crate) use audit::AuditCommand;
pub(crate) use quotas::{QuotaArguments, QuotasCommand};

/// A self-hosted key management service that speaks the AWS KMS API
#[derive(Parser)]
#[command(name = "trent", version = VERSION, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the AWS API
    Serve(ServeArguments),
    /// Make a new deployment: data folder, seal and first account
    Init(InitArguments),
    /// Look into the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Copy the whole store into a file, from a running server or a stopped one; the seal is never part of it
    Backup(BackupArguments),
    /// Make a data folder from a backup and the seal that it was made under
    Restore(RestoreArguments),
    /// Look after accounts while the server is stopped
    #[command(subcommand)]
    Account(AccountCommand),
    /// Ask a running server why a principal may or may not do something, and what would change it
    Explain(ExplainArguments),
    /// Ask a running server who may do something with a key, and through what
    WhoCan(WhoCanArguments),
    /// Decide scenarios from standard input (JSON), with no server and no state
    Simulate(SimulateArguments),
    /// Say what is doubtful about policies or grants in files, with no server and no state
    Lint(LintArguments),
    /// Decide the cases of suites and compare with what they expect, with no server and no state
    PolicyTest(PolicyTestArguments),
    /// Check signatures of SM2 keys, and encrypt to them, by their public keys alone
    #[command(subcommand)]
    Sm2(Sm2Command),
    /// Wrap key material for its import, with the public key of `GetParametersForImport`; for tests
    Wrap(WrapArguments),
    /// Compose a key policy from who administers a key and who uses it
    KeyPolicy(KeyPolicyArguments),
    /// List the actions of KMS with what each is done to
    Actions(ActionsArguments),
    /// Move the policy clock of a running development server; confirm a production server's clock
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Tell what is left of keys that were deleted
    #[command(subcommand)]
    Destruction(DestructionCommand),
    /// Look after the seal and the root keys that it protects
    #[command(subcommand)]
    Seal(SealCommand),
    /// Look after temporary credentials
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Show what accounts may have and how often they may ask; set other values
    #[command(subcommand)]
    Quotas(QuotasCommand),
    /// Look after keys that nobody can manage
    #[command(subcommand)]
    Key(KeyCommand),
    /// Bring about what a bootstrap file declares, on a running server or a stopped one
    Apply(ApplyArguments),
    /// Look into the audit trail, and check it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Ask a running server what it is and how it is
    Status(StatusArguments),
    /// Look over the configuration, the files, the machine and the running server, and tell what is wrong
    Doctor(DoctorArguments),
}

#[derive(Args, Clone)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
    /// Serve for development: everything in memory, credentials that nobody named are believed
    #[arg(long)]
    pub(crate) dev: bool,
    /// Accounts, keys and aliases to have at start (TOML or JSON)
    #[arg(long, value_name = "FILE", requires = "dev")]
    pub(crate) seed: Option<PathBuf>,
    /// Let a development server listen beyond this machine
    #[arg(long, requires = "dev")]
    pub(crate) dev_allow_remote: bool,
    /// Further host names by which clients may address a development server
    #[arg(long, value_name = "NAME", requires = "dev")]
    pub(crate) dev_host: Vec<String>,
    /// Show changes this much later, as a replicated service may
    #[arg(long, value_name = "DURATION", requires = "dev", value_parser = duration)]
    pub(crate) replication_delay: Option<Duration>,
    /// Serve although the store is older than what it was seen to be, or although its head file is gone: say this
    /// after putting back an older copy on purpose, never otherwise
    #[arg(long, conflicts_with = "dev")]
    pub(crate) accept_rollback: bool,
}

#[derive(Args)]
pub(crate) struct InitArguments {
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
    /// The first account's id; made up if not given
    #[arg(long, value_name = "12 DIGITS", value_parser = account_id)]
    pub(crate) account_id: Option<AccountId>,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show each setting with its source, and every problem with its line
    Check(ConfigFlags),
}

#[derive(Args)]
pub(crate) struct BackupArguments {
    /// The file to write; it must not exist
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args)]
pub(crate) struct RestoreArguments {
    /// The backup
    #[arg(required_unless_present = "release")]
    pub(crate) file: Option<PathBuf>,
    /// Let a store be served that was restored without the ledger of destroyed keys (and restore nothing)
    #[arg(long, conflicts_with = "file")]
    pub(crate) release: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Subcommand)]
pub(crate) enum AccountCommand {
    /// Replace a lost root access key: every older root access key of the account stops working
    ReplaceRootKey {
        /// The account
        #[arg(value_name = "ACCOUNT_ID", value_parser = account_id)]
        account: AccountId,
        #[command(flatten)]
        config: ConfigFlags,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Give a key whose policy nobody can change any more the default policy, and so back to its account
    Recover(RecoverArguments),
}

#[derive(Args)]
pub(crate) struct RecoverArguments {
    /// The ARN of the key
    #[arg(value_name = "KEY_ARN")]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Subcommand)]
pub(crate) enum ClockCommand {
    /// Move it on: sessions end, and dates of policies come, that much earlier
    Advance {
        /// How far: a whole number and a unit, as in 90s, 20m, 36h or 8d, or as ISO 8601 has it, as in P8D
        #[arg(value_name = "DURATION", value_parser = span)]
        by: Duration,
        #[command(flatten)]
        config: ConfigFlags,
    },
    /// Say that the clock of a running server is right, so that the keys whose deletion waits for that are deleted
    Confirm {
        #[command(flatten)]
        config: ConfigFlags,
    },
}

#[derive(Subcommand)]
pub(crate) enum DestructionCommand {
    /// List the keys that were deleted for good, and where something of them may still be
    Status {
        #[command(flatten)]
        config: ConfigFlags,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum SealCommand {
    /// Put the keyring under another seal while the server is stopped; the old seal opens the store no more
    Migrate(MigrateArguments),
    /// Ask a running server what its seal is, and what each root generation still protects
    Status {
        #[command(flatten)]
        config: ConfigFlags,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub(crate) struct MigrateArguments {
    /// The kind of the new seal
    #[arg(long, value_name = "KIND")]
    pub(crate) to: SealKind,
    /// The new key file; made if it is not there
    #[arg(long, value_name = "FILE", required_if_eq("to", "file"))]
    pub(crate) key_file: Option<PathBuf>,
    /// A file with the new passphrase, which is asked for otherwise
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Subcommand)]
pub(crate) enum SessionsCommand {
    /// End every session of an account, or of one of its users or roles, that was begun until now
    Revoke(RevokeArguments),
}

#[derive(Args)]
pub(crate) struct RevokeArguments {
    /// The account
    #[arg(long, value_name = "ACCOUNT_ID", value_parser = account_id)]
    pub(crate) account: AccountId,
    /// Only those of this user, and those that it began
    #[arg(long, value_name = "NAME", conflicts_with = "role")]
    pub(crate) user: Option<String>,
    /// Only those of this role, and those that they began
    #[arg(long, value_name = "NAME")]
    pub(crate) role: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
    /// Who: the ARN of a root user, a user, a role or a role's session
    #[arg(long, value_name = "ARN", required_unless_present = "request")]
    pub(crate) principal: Option<String>,
    /// What, such as kms:Decrypt
    #[arg(long, required_unless_present = "request")]
    pub(crate) action: Option<String>,
    /// The key: its id or ARN, or an alias
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The Region, if the key is not named by an ARN and not in the first Region served
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// A condition key of the request, such as aws:SourceIp=203.0.113.7; several values of one key: say it again
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) context: Vec<String>,
    /// A pair of the request's encryption context
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) encryption_context: Vec<String>,
    /// The address that the request comes from: short for --context aws:SourceIp=ADDRESS, or aws:VpcSourceIp with
    /// --vpc-endpoint
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) source_ip: Option<IpAddr>,
    /// The service that asks on behalf of the principal, such as s3
    #[arg(long, value_name = "NAME", conflicts_with = "vpc_endpoint")]
    pub(crate) via_service: Option<String>,
    /// The private endpoint that the request comes through, as the server's configuration has it
    #[arg(long, value_name = "ID")]
    pub(crate) vpc_endpoint: Option<String>,
    /// A request that was made, by its id: shows what was recorded and decides it again as of now
    #[arg(long, visible_alias = "at", value_name = "ID", conflicts_with_all = ["source_ip", "principal", "action", "key", "region", "context", "encryption_context", "via_service", "vpc_endpoint"])]
    pub(crate) request: Option<String>,
    /// Print the answer as JSON
    #[arg(long, conflicts_with = "mermaid")]
    pub(crate) json: bool,
    /// Print the path through the flowchart as a Mermaid diagram
    #[arg(long)]
    pub(crate) mermaid: bool,
}

#[derive(Args)]
pub(crate) struct WhoCanArguments {
    /// What, such as kms:Decrypt
    #[arg(required_unless_present = "all_actions")]
    pub(crate) action: Option<String>,
    /// The key: its id or ARN, or an alias ARN
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    /// The Region, if the key is not named by an ARN and not in the first Region served
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Every action on a key, crossed with everybody who can do one of them
    #[arg(long, conflicts_with = "action")]
    pub(crate) all_actions: bool,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args)]
pub(crate) struct SimulateArguments {
    /// One scenario in each line, rather than one in all
    #[arg(long)]
    pub(crate) lines: bool,
}

#[derive(Args)]
pub(crate) struct LintArguments {
    /// The documents; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// What they are; grants are the answer of `aws kms list-grants`
    #[arg(long, value_enum, default_value = "key")]
    pub(crate) kind: LintKind,
    /// The account that the policies are in
    #[arg(long, value_name = "12 DIGITS", value_parser = account_id)]
    pub(crate) account: Option<AccountId>,
    /// The spec of the key, as `create-key` takes it
    #[arg(long, value_name = "SPEC")]
    pub(crate) key_spec: Option<String>,
    /// The usage of the key, if its spec has several
    #[arg(long, value_name = "USAGE", requires = "key_spec")]
    pub(crate) key_usage: Option<String>,
    /// Of grants: the key is an AWS managed key
    #[arg(long)]
    pub(crate) managed_key: bool,
    /// Of grants: how many days old one may be
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    pub(crate) max_age: u32,
    /// The least that ends with 2
    #[arg(long, value_enum, default_value = "warning")]
    pub(crate) fail_on: FailOn,
    /// Print the findings as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `trent lint` looks over.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintKind {
    /// Key policies
    Key,
    /// Policies of users, groups and roles
    Identity,
    /// Permissions boundaries
    Boundary,
    /// Service control policies
    Scp,
    /// Resource control policies
    Rcp,
    /// Trust policies of roles
    Trust,
    /// Session policies
    Session,
    /// VPC endpoint policies
    Endpoint,
    /// Grants
    Grants,
}

/// Which findings make `trent lint` end with 2.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Invalid documents
    Error,
    /// Warnings too
    Warning,
    /// Everything
    Note,
    /// Nothing
    Never,
}

#[derive(Args)]
pub(crate) struct PolicyTestArguments {
    /// The suites (JSON); - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Print the results as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is done with the public key of an SM2 key, wherever it is
#[derive(Args)]
pub(crate) struct WrapArguments {
    /// The wrapping key, as `GetParametersForImport` gives it (DER) or in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) public_key: String,
    /// The wrapping algorithm that the key was asked for with
    #[arg(long, value_name = "NAME")]
    pub(crate) algorithm: String,
    /// The key material: raw bytes, or a private key in PKCS#8 (DER); `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) material: String,
}

#[derive(Subcommand)]
pub(crate) enum Sm2Command {
    /// Compute the digest that is signed, for a distinguishing id of one's own
    Digest(Sm2DigestArguments),
    /// Check a signature; ends with 2 if it is not the key's
    Verify(Sm2VerifyArguments),
    /// Encrypt to standard output, in the form that `Decrypt` reads
    Encrypt(Sm2EncryptArguments),
}

#[derive(Args)]
pub(crate) struct Sm2Key {
    /// The public key, as `GetPublicKey` gives it (DER) or in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) public_key: String,
}

#[derive(Args)]
pub(crate) struct Sm2DigestArguments {
    #[command(flatten)]
    pub(crate) key: Sm2Key,
    /// In whose name it is signed; 1234567812345678 if it is left out
    #[arg(long, value_name = "ID")]
    pub(crate) distinguishing_id: Option<String>,
    /// Print it as base64
    #[arg(long)]
    pub(crate) base64: bool,
    /// The message; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) message: String,
}

#[derive(Args)]
pub(crate) struct Sm2VerifyArguments {
    #[command(flatten)]
    pub(crate) key: Sm2Key,
    /// In whose name it was signed; 1234567812345678 if it is left out
    #[arg(long, value_name = "ID")]
    pub(crate) distinguishing_id: Option<String>,
    /// The signature (DER)
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: String,
    /// The message; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) message: String,
}

#[derive(Args)]
pub(crate) struct Sm2EncryptArguments {
    #[command(flatten)]
    pub(crate) key: Sm2Key,
    /// What to encrypt, 1 to 1024 bytes; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) plaintext: String,
}

#[derive(Args)]
pub(crate) struct KeyPolicyArguments {
    /// The account that the key is in
    #[arg(long, value_name = "12 DIGITS", value_parser = account_id)]
    pub(crate) account: AccountId,
    /// A user or role that administers the key; several: say it again
    #[arg(long, value_name = "ARN", value_parser = user_or_role)]
    pub(crate) administrator: Vec<PrincipalArn>,
    /// Administrators may not delete the key
    #[arg(long)]
    pub(crate) no_deletion: bool,
    /// A user or role that uses the key
    #[arg(long, value_name = "ARN", value_parser = user_or_role)]
    pub(crate) user: Vec<PrincipalArn>,
    /// Another account that uses the key, as far as its own IAM policies allow
    #[arg(long, value_name = "12 DIGITS", value_parser = account_id)]
    pub(crate) other_account: Vec<AccountId>,
    /// The spec of the key
    #[arg(long, value_name = "SPEC", default_value = "SYMMETRIC_DEFAULT")]
    pub(crate) key_spec: String,
    /// The usage of the key, if its spec has several
    #[arg(long, value_name = "USAGE")]
    pub(crate) key_usage: Option<String>,
    /// The key's material is imported
    #[arg(long)]
    pub(crate) imported: bool,
    /// The key is a multi-Region key
    #[arg(long)]
    pub(crate) multi_region: bool,
}

#[derive(Args)]
pub(crate) struct ActionsArguments {
    /// Only those of this access level: List, Read, Write, Permissions management or Tagging
    #[arg(long, value_name = "LEVEL")]
    pub(crate) access_level: Option<String>,
    /// Print everything that is known of each as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct ApplyArguments {
    /// The bootstrap file
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
    /// Show what would change, and change nothing; ends with 2 if there is anything to change
    #[arg(long)]
    pub(crate) plan: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
    /// Print what was found as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn user_or_role(text: &str) -> Result<PrincipalArn, String> {
    match PrincipalArn::parse(text) {
        Ok(arn @ (PrincipalArn::User { .. } | PrincipalArn::Role { .. })) => Ok(arn),
        _ => Err("the ARN of a user or a role is expected".to_owned()),
    }
}

fn account_id(text: &str) -> Result<AccountId, String> {
    text.parse().map_err(|_| "an account id is 12 digits".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
