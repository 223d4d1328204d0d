//! What grants and policies add to a request: Trent beside itself. The same user encrypts under a key without grants,
//! under keys with many, and a user with large policies encrypts under the first key.

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use serde_json::{Value, json};

use crate::{
    affinity, bulk,
    error::BenchError,
    histogram::Latencies,
    load::{Loop, Measured, Run},
    process,
    requests::{Pool, Signer},
    servers::{Audit, Deployment, REGION},
};

const ACCOUNT: &str = "111122223333";

/// Access keys of the bootstrap file: the account's root user, a user with one small policy, one with ten large ones.
const ROOT: (&str, &str) = ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY");
const PLAIN: (&str, &str) = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
const LADEN: (&str, &str) = ("AKIAJQ5CMEXAMPLE2222", "7MDENGbPxRfiCYwJalrXUtnFEMIKEXAMPLEKEY22");

/// Managed policies of the second user.
const POLICIES: usize = 10;

/// The size of each: what a managed policy may have is 6,144 characters.
const POLICY_SIZE: usize = 6000;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The trent program
    #[arg(long, default_value = "target/release/trent")]
    trent: PathBuf,
    /// Where the deployment's folder is made
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// Grants on each of the two keys that have some
    #[arg(long, default_value_t = 50_000, value_parser = bulk::count)]
    grants: usize,
    /// Connections
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Rounds; each measures every case, and medians are reported
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
}

/// What a user encrypts under.
struct Case {
    name: String,
    signer: Signer,
    key: String,
    measured: Vec<Measured>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), BenchError> {
    let cores = affinity::cores()?;
    let (Some(&server_core), Some(&generator_core)) = (cores.first(), cores.get(1)) else {
        return Err(BenchError::TooFewCores(cores.len()));
    };
    affinity::pin(server_core)?;
    let world = world();
    let trent = Deployment::start(&arguments.trent, &arguments.folder, Audit::Buffered, Some(&world))?;
    affinity::pin(generator_core)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("starting the runtime"))?;
    runtime.block_on(compare(arguments, trent))
}

async fn compare(arguments: &Arguments, trent: Deployment) -> Result<(), BenchError> {
    trent.ready().await?;
    let root = signer(&trent, ROOT);
    let without = create_key(&root).await?;
    let own = create_key(&root).await?;
    let of_others = create_key(&root).await?;
    let grantees = [
        (&own, format!("arn:aws:iam::{ACCOUNT}:user/plain")),
        (&of_others, other()),
    ];
    for (key, grantee) in &grantees {
        create_grants(&root, key, grantee, arguments.grants).await?;
    }
    let many = arguments.grants;
    let case = |name: String, keys, key: &str| Case {
        name,
        signer: signer(&trent, keys),
        key: key.to_owned(),
        measured: Vec::new(),
    };
    let mut cases = [
        case("no grants, one policy".to_owned(), PLAIN, &without),
        case(format!("{many} grants of the caller's own"), PLAIN, &own),
        case(format!("{many} grants of others"), PLAIN, &of_others),
        case(
            format!("no grants, {POLICIES} policies of {POLICY_SIZE} bytes"),
            LADEN,
            &without,
        ),
    ];
    for round in 0..arguments.rounds {
        let mut order: Vec<_> = cases.iter_mut().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for case in order {
            case.measure(&trent, arguments).await?;
        }
    }
    let trent = trent.restart(&arguments.trent)?;
    let held = memory_of_grants(&trent, &without, &own).await?;
    println!("{}\n", table(&cases)?);
    println!(
        "After a restart the first use of {many} grants made the server grow by {held} KiB: {} bytes for each.",
        held * 1024 / (many as u64).max(1)
    );
    Ok(())
}

/// By how many KiB a server that holds no grants yet grows when a grantee's are first asked for.
async fn memory_of_grants(trent: &Deployment, without: &str, own: &str) -> Result<u64, BenchError> {
    trent.ready().await?;
    let grantee = signer(trent, PLAIN);
    // What any first request takes is not counted.
    for _ in 0..1000 {
        grantee.call("Encrypt", &plaintext(without)).await?;
    }
    let before = process::resident_kib(trent.server.pid())?;
    grantee.call("Encrypt", &plaintext(own)).await?;
    Ok(process::resident_kib(trent.server.pid())?.saturating_sub(before))
}

/// An Encrypt that one of the grants is for.
fn plaintext(key: &str) -> Value {
    json!({
        "KeyId": key,
        "Plaintext": "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=",
        "EncryptionContext": { "tenant": "7" },
    })
}

impl Case {
    async fn measure(&mut self, trent: &Deployment, arguments: &Arguments) -> Result<(), BenchError> {
        let pool = Pool::of(vec![self.signer.request("Encrypt", &plaintext(&self.key))?]);
        let run = Run {
            address: trent.server.address,
            pid: trent.server.pid(),
            pool: &pool,
            connections: arguments.connections,
            pacing: Loop::Closed,
            first: 0,
            duration: Duration::from_secs(arguments.seconds),
        };
        let measured = run.measure(Duration::from_millis(500)).await?;
        eprintln!("{}: {:.0}/s", self.name, measured.rate());
        self.measured.push(measured);
        Ok(())
    }

    fn median(&self, of: impl Fn(&Measured) -> f64) -> f64 {
        let mut values: Vec<f64> = self.measured.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(0.0)
    }
}

/// The first case is what the others are compared with.
fn table(cases: &[Case]) -> Result<String, BenchError> {
    let mut text = String::from("| Encrypt with | req/s | CPU us/req | p99 us | cost |\n|---|---:|---:|---:|---:|\n");
    let cost = |case: &Case| case.median(Measured::server_micros);
    let first = cases.first().map_or(1.0, cost);
    for case in cases {
        let mut latencies = Latencies::new();
        for run in &case.measured {
            latencies.add(&run.latencies);
        }
        writeln!(
            text,
            "| {} | {:.0} | {:.2} | {:.0} | {:.2}x |",
            case.name,
            case.median(Measured::rate),
            cost(case),
            latencies.micros(0.99),
            cost(case) / first
        )
        .map_err(|error| BenchError::Answer(error.to_string()))?;
    }
    Ok(text)
}

async fn create_key(root: &Signer) -> Result<String, BenchError> {
    // Of a team that no policy is about: a key without the tag would fail every condition at once.
    let tags = json!([{ "TagKey": "team", "TagValue": "team-of-the-bench" }]);
    let created = root.call("CreateKey", &json!({ "Tags": tags })).await?;
    let id = created["KeyMetadata"]["KeyId"].as_str();
    id.map(str::to_owned)
        .ok_or_else(|| BenchError::Answer(created.to_string()))
}

/// Each grant is for an encryption context of its own, as a service makes them for its resources.
async fn create_grants(root: &Signer, key: &str, grantee: &str, grants: usize) -> Result<(), BenchError> {
    let (key, grantee) = (key.to_owned(), grantee.to_owned());
    let request = move |number: usize| {
        json!({
            "KeyId": key,
            "GranteePrincipal": grantee,
            "Operations": ["Encrypt", "Decrypt"],
            "Constraints": { "EncryptionContextEquals": { "tenant": number.to_string() } },
        })
    };
    bulk::call_each(root, "CreateGrant", grants, request).await?;
    Ok(())
}

fn signer(trent: &Deployment, (access_key_id, secret): (&str, &str)) -> Signer {
    Signer {
        address: trent.server.address,
        access_key_id: access_key_id.to_owned(),
        secret: secret.to_owned(),
        region: REGION.to_owned(),
    }
}

/// Whom the other grants are to.
fn other() -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/other")
}

/// The account and its users, as a bootstrap file.
fn world() -> String {
    let allowing = json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*" },
    });
    let mut policies = String::new();
    for number in 0..POLICIES {
        let document = large_policy(number);
        let declared = [
            "[[accounts.policies]]\nname = \"large-",
            &number.to_string(),
            "\"\ndocument = '''",
        ];
        policies.extend(declared);
        policies.extend([&document, "'''\n\n"]);
    }
    let attached: Value = (0..POLICIES)
        .map(|number| format!("arn:aws:iam::{ACCOUNT}:policy/large-{number}"))
        .collect();
    let [root, plain, laden] = [ROOT, PLAIN, LADEN].map(access_key);
    format!(
        "[[accounts]]
id = \"{ACCOUNT}\"
name = \"bench\"
access_keys = [{root}]

{policies}[[accounts.users]]
name = \"plain\"
access_keys = [{plain}]
inline_policies = {{ allow = '''{allowing}''' }}

[[accounts.users]]
name = \"laden\"
access_keys = [{laden}]
attached_policies = {attached}

[[accounts.users]]
name = \"other\"
"
    )
}

fn access_key((id, secret): (&str, &str)) -> String {
    format!("{{ id = \"{id}\", secret = \"{secret}\" }}")
}

/// Statements about keys of other teams, and, in the last policy, the one that allows.
fn large_policy(number: usize) -> String {
    let mut statements = Vec::new();
    if number + 1 == POLICIES {
        statements.push(json!({ "Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*" }));
    }
    loop {
        let team = statements.len();
        let of_team = json!({
            "Sid": format!("Team{team}"),
            "Effect": "Allow",
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"],
            "Resource": format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/*"),
            "Condition": { "StringEquals": { "aws:ResourceTag/team": format!("team-{number}-{team}") } },
        });
        statements.push(of_team);
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let text = document.to_string();
        if text.len() > POLICY_SIZE {
            statements.pop();
            return json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        }
    }
}
