//! The services of the AWS API, each behind its door: what every listener for the principals of accounts serves. The
//! listeners differ in nothing but the private endpoint that they are.

use std::sync::Arc;

use trent_admin::{Inquiries, Questions};
use trent_delivery::security_log::LimitedLog;
use trent_iam::{ForwardAccess, Iam, Sts};
use trent_identity::services::Forwarding;
use trent_identity::web_identity::{Fetch, Issuers, KeySource};
use trent_identity::{Authenticator, DevAuthenticator, Realm, VerifyingAuthenticator};
use trent_kms::Kms;
use trent_server::{DevGuard, Limits, Server};
use trent_service::{
    Admission, ByPolicy, Catalogue, Endpoint, Filters, Meter, Pipeline, Served, SignedAdmission, SystemClock,
    VpcEndpoint,
};
use trent_store::Mode;
use trent_trail::CloudTrail;
use trent_trail::cloudwatch::{CloudWatch, Data};

use crate::config::Config;
use crate::key_client::{self, KeyClient};
use crate::node::Node;
use crate::{Failure, deliveries};

/// The services.
pub(crate) struct Tenants {
    kms: Served<Kms>,
    iam: Served<Iam>,
    sts: Served<Sts>,
    inquiries: Served<Inquiries>,
    forwarding: Served<ForwardAccess>,
    cloudtrail: Served<CloudTrail>,
    cloudwatch: Served<CloudWatch>,
}

impl Tenants {
    /// The services over a node. Calls are held against `filters`; what was measured of keys is in `data`.
    pub(crate) async fn open(
        config: &Config,
        node: &Node,
        kms: Arc<Kms>,
        filters: &Arc<Filters>,
        data: Arc<Data>,
    ) -> Result<Self, Failure> {
        let log = deliveries::security_log(config, node)?;
        let log = log.as_ref();
        let regional = |service| Realm::new(config.regions.iter().cloned(), service);
        let issuers = issuers(config).await?;
        let iam = Arc::new(Iam::new(Arc::clone(&node.directory)));
        let sts = Arc::new(Sts::new(Arc::clone(&node.directory), issuers));
        let inquiries = Arc::new(Inquiries::new(Questions {
            directory: Arc::clone(&node.directory),
            service: Arc::clone(&kms) as _,
            endpoints: Vec::new(),
        })?);
        // Who has nothing but an identity token has nothing to sign with.
        let sts_door = door(node, regional("sts").with_global_endpoint(), log)
            .await?
            .open_to_unsigned(config.regions[0].clone());
        let forwarding = Forwarding::new(Arc::clone(&node.directory), &config.regions).await?;
        let forwarding = Arc::new(ForwardAccess::new(forwarding, Arc::new(SystemClock)));
        // Services call here, for themselves and for principals, and at no other door.
        let kms_door = door(node, regional("kms"), log).await?.open_to_services();
        let forwarding_door = door(node, regional(ForwardAccess::SIGNING_NAME), log)
            .await?
            .open_to_services();
        let cloudtrail = Arc::new(CloudTrail::new(node.trail.clone(), Arc::clone(&node.keystore)));
        let cloudwatch = Arc::new(CloudWatch::new(data));
        let cloudwatch_door = door(node, regional(CloudWatch::SIGNING_NAME), log).await?;
        Ok(Self {
            kms: served(node, kms_door, kms, filters),
            iam: served(node, door(node, regional("iam").global(), log).await?, iam, filters),
            sts: served(node, sts_door, sts, filters),
            inquiries: served(node, door(node, regional("trent"), log).await?, inquiries, filters),
            forwarding: served(node, forwarding_door, forwarding, filters),
            cloudtrail: served(
                node,
                door(node, regional("cloudtrail"), log).await?,
                cloudtrail,
                filters,
            ),
            cloudwatch: served(node, cloudwatch_door, cloudwatch, filters),
        })
    }

    /// What counts their calls.
    pub(crate) fn meters(&self) -> Vec<Arc<Meter>> {
        // Whoever adds a service is told here that its calls are to be counted.
        let Self {
            kms,
            iam,
            sts,
            inquiries,
            forwarding,
            cloudtrail,
            cloudwatch,
        } = self;
        let pipelines = [
            &kms.pipeline,
            &iam.pipeline,
            &sts.pipeline,
            &inquiries.pipeline,
            &forwarding.pipeline,
            &cloudtrail.pipeline,
            &cloudwatch.pipeline,
        ];
        pipelines.map(|pipeline| Arc::clone(&pipeline.meter)).into()
    }

    /// A server of all of them, for one listener.
    pub(crate) fn server(
        &self,
        node: &Node,
        limits: Limits,
        through: Option<&Arc<VpcEndpoint>>,
        dev_hosts: &[String],
    ) -> Server {
        let (store, trail) = (node.store.clone(), node.trail.clone());
        let others = vec![
            behind(&self.iam, through),
            behind(&self.sts, through),
            behind(&self.inquiries, through),
            behind(&self.forwarding, through),
            behind(&self.cloudtrail, through),
            behind(&self.cloudwatch, through),
        ];
        let server = Server::new(behind(&self.kms, through), others, limits)
            .with_health(move || store.engine().stopped().is_none() && trail.healthy());
        match node.mode {
            Mode::Development => server.for_development(DevGuard::new(dev_hosts.to_vec())),
            Mode::Production => server,
        }
    }
}

/// The issuers of identity tokens, with what of their keys has to be fetched.
async fn issuers(config: &Config) -> Result<Issuers, Failure> {
    for issuer in &config.issuers {
        if let KeySource::Url(from) = &issuer.keys {
            key_client::check(from).map_err(|error| format!("`identity.issuers`: {error}"))?;
        }
    }
    let client: Arc<dyn Fetch> = Arc::new(KeyClient::default());
    let issuers = Issuers::new(config.issuers.clone(), &client);
    let issuers = issuers.map_err(|error| format!("`identity.issuers`: {error}"))?;
    issuers.prepare().await;
    Ok(issuers)
}

/// The door for the principals of accounts, who sign for `realm`.
async fn door(node: &Node, realm: Realm, log: Option<&Arc<LimitedLog>>) -> Result<SignedAdmission, Failure> {
    let directory = Arc::clone(&node.directory);
    let authenticator: Arc<dyn Authenticator> = match node.mode {
        Mode::Development => Arc::new(DevAuthenticator::new(directory, realm).await?),
        Mode::Production => Arc::new(VerifyingAuthenticator::new(directory, realm).await?),
    };
    let admission = SignedAdmission::new(authenticator, Arc::clone(&node.clock));
    Ok(match log {
        Some(log) => admission.telling(Arc::clone(log) as _),
        None => admission,
    })
}

/// A service behind its door.
fn served<S: Catalogue>(node: &Node, door: SignedAdmission, service: Arc<S>, filters: &Arc<Filters>) -> Served<S> {
    Served {
        pipeline: pipeline::<S>(node, Box::new(door), filters),
        service,
        through: None,
    }
}

/// The same service, reached through a private endpoint or none.
fn behind<S: Catalogue>(served: &Served<S>, through: Option<&Arc<VpcEndpoint>>) -> Arc<dyn Endpoint> {
    Arc::new(Served {
        pipeline: Arc::clone(&served.pipeline),
        service: Arc::clone(&served.service),
        through: through.cloned(),
    })
}

/// The pipeline behind a door.
pub(crate) fn pipeline<S: Catalogue>(
    node: &Node,
    admission: Box<dyn Admission>,
    filters: &Arc<Filters>,
) -> Arc<Pipeline> {
    Arc::new(Pipeline {
        admission,
        authorizer: Box::new(ByPolicy),
        store: node.store.clone(),
        trail: node.trail.clone(),
        drain: Arc::clone(&node.drain),
        clock: Arc::clone(&node.clock),
        meter: Meter::watching::<S>(filters),
        request_quotas: Arc::clone(&node.request_quotas),
    })
}
