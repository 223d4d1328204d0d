//! `CreateGrant`: lets a principal use a key without a change of policy.
//!
//! A grant may permit it too, and then for grants only that allow no more than it does.

use std::collections::{BTreeMap, BTreeSet};

use trent_api::kms::GrantOperation;
use trent_api::{ApiError, kms, protocol};
use trent_audit::json::{Fragment, Object};
use trent_crypto::spec::KeySpec;
use trent_policy::{Basis, Code, ConditionKey, Values, decide};
use trent_quotas::Quota;
use trent_service::{Access, Call, Conditions, Effect, Facts, Operation, Row, Target, action, evaluate};

use crate::facts::Parameters;
use crate::grants::change::Turn;
use crate::grants::id::GrantId;
use crate::grants::review::{self, Reviewed};
use crate::grants::terms::{self, Terms};
use crate::grants::{party, token};
use crate::keys::Key;
use crate::records::grants::{Constraints, GrantRecord, PartyRecord};
use crate::records::{Manager, key_address};
use crate::reference::{self, KeyTarget};
use crate::rules::Rules;
use crate::state::States;
use crate::{Kms, conditions, lint};

/// What is fixed about the operation.
pub static ROW: Row<Rules> = Row {
    name: "CreateGrant",
    action: action!("kms:CreateGrant"),
    access: Access::PermissionsManagement,
    across_accounts: true,
    grant: Some("CreateGrant"),
    quota: "CreateGrant",
    condition_keys: conditions::CREATE_GRANT,
    read_only: false,
    dry_run: true,
    rules: Rules::manage(States::Grantable),
};

/// The operation.
pub struct CreateGrant;

/// The grant that is to be, as far as the request alone says it.
pub struct NewGrant {
    key: KeyTarget,
    operations: BTreeSet<GrantOperation>,
    constraints: Constraints,
    lent: Lent,
    turn: Turn,
}

/// What the request lends to policies.
struct Lent {
    operations: Vec<String>,
    constraint_types: Vec<String>,
    /// The pairs of all constraints.
    context: BTreeMap<String, String>,
}

impl Operation for CreateGrant {
    type Service = Kms;
    type Input = kms::CreateGrantRequest;
    type Output = kms::CreateGrantResponse;
    type Resolved = NewGrant;

    const ROW: &'static Row<Rules> = &ROW;

    async fn resolve(service: &Kms, call: &Call, input: &Self::Input) -> Result<NewGrant, ApiError> {
        let constraints = Constraints::of_request(input.constraints.as_ref());
        check_members(input, &constraints)?;
        let tokens = input.grant_tokens.as_deref();
        let key = reference::resolve_granted(service, call, &ROW, &input.key_id, tokens).await?;
        let operations: BTreeSet<GrantOperation> = input.operations.iter().copied().collect();
        Ok(NewGrant {
            key: key.delegating(Terms::of(&operations, &constraints)),
            lent: Lent::new(&operations, &constraints),
            operations,
            constraints,
            turn: Turn::default(),
        })
    }

    fn targets<'a>(_: &'a Call, _: &'a Self::Input, new: &'a NewGrant) -> Vec<Target<'a>> {
        vec![new.key.target(&ROW)]
    }

    fn condition<'a>(input: &'a Self::Input, new: &'a NewGrant, _: &Target<'_>, key: &'a ConditionKey) -> Values<'a> {
        let lent = &new.lent;
        match key.lower() {
            "kms:grantoperations" => Values::Strings(&lent.operations),
            "kms:grantconstrainttype" => Values::Strings(&lent.constraint_types),
            "kms:granteeprincipal" => Values::optional(input.grantee_principal.as_deref()),
            "kms:retiringprincipal" => Values::optional(input.retiring_principal.as_deref()),
            "kms:encryptioncontextkeys" => Values::Names(&lent.context),
            _ => {
                let map = &lent.context;
                let name = key.suffix("kms:encryptioncontext:");
                name.map_or(Values::Absent, |name| Values::Under { map, name })
            }
        }
    }

    async fn prepare(
        service: &Kms,
        call: &Call,
        input: &Self::Input,
        new: &NewGrant,
    ) -> Result<Effect<Self::Output>, ApiError> {
        let key = new.key.authorized()?;
        ROW.rules.check(ROW.name, key)?;
        terms::check(&new.operations, &new.constraints, &key.record)?;
        let parent = parent(call, input, new);
        let record = record(service, call, input, new, parent).await?;
        let (account, id) = (key.record.account, key.record.id);
        let space = service.space(&call.region)?;
        new.turn.take(&space.grants, id).await;
        if let Some((place, same)) = space.grants.same(account, id, &record).await? {
            let token = token::issue(service.keystore(), &call.region, place, same).await?;
            return Ok(Effect {
                response_elements: Some(created(key, same)),
                ..Effect::reply(reply(same, token))
            });
        }
        let mut txn = space.store.txn();
        let most = (key.record.manager == Manager::Customer).then(|| space.most(Quota::GRANTS, account));
        let place = space.grants.insert(&mut txn, (account, id), &record, most).await?;
        txn.require(&key_address(account, id), key.revision);
        let token = token::issue(service.keystore(), &call.region, place, record.id).await?;
        Ok(Effect {
            response_elements: Some(created(key, record.id)),
            ..Effect::change(txn, reply(record.id, token))
        })
    }

    fn describe(_: &Call, input: &Self::Input, new: Option<&NewGrant>) -> Facts {
        let facts = Parameters::default()
            .text("keyId", input.key_id.as_str())
            .text("granteePrincipal", input.grantee_principal.as_deref())
            .text("granteeServicePrincipal", input.grantee_service_principal.as_deref())
            .text("retiringPrincipal", input.retiring_principal.as_deref())
            .text("retiringServicePrincipal", input.retiring_service_principal.as_deref())
            .list(
                "operations",
                input.operations.iter().map(|operation| operation.as_str()),
            )
            .object("constraints", input.constraints.as_ref().map(shown))
            .text("name", input.name.as_deref())
            .flag("dryRun", input.dry_run)
            .beside(doubts(input, new))
            .about(new.map(|new| &new.key));
        Facts {
            // They depend on the key.
            tells_of_keys: true,
            ..facts
        }
    }

    fn is_dry_run(input: &Self::Input) -> bool {
        input.dry_run.unwrap_or(false)
    }
}

impl Lent {
    fn new(operations: &BTreeSet<GrantOperation>, constraints: &Constraints) -> Self {
        let (subset, equals) = (constraints.subset.as_ref(), constraints.equals.as_ref());
        let types = [
            equals.map(|_| "EncryptionContextEquals".to_owned()),
            subset.map(|_| "EncryptionContextSubset".to_owned()),
        ];
        let pairs = subset.into_iter().chain(equals).flatten();
        Self {
            operations: operations.iter().map(GrantOperation::to_string).collect(),
            constraint_types: types.into_iter().flatten().collect(),
            context: pairs.map(|(key, value)| (key.clone(), value.clone())).collect(),
        }
    }
}

/// What the model leaves to the operation: members that need each other, and members that exclude each other.
fn check_members(input: &kms::CreateGrantRequest, constraints: &Constraints) -> Result<(), ApiError> {
    let refused = |message| Err(protocol::validation(message));
    let retiring = (&input.retiring_principal, &input.retiring_service_principal);
    if input.operations.is_empty() {
        return refused("Operations must list at least one grant operation.");
    }
    if matches!(retiring, (Some(_), Some(_))) {
        return refused("You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both.");
    }
    match (&input.grantee_principal, &input.grantee_service_principal) {
        (None, None) => refused("You must specify either GranteePrincipal or GranteeServicePrincipal."),
        (Some(_), Some(_)) => {
            refused("You must specify either GranteePrincipal or GranteeServicePrincipal, but not both.")
        }
        (None, Some(_)) if constraints.source_arn.is_none() => {
            refused("GranteeServicePrincipal requires a SourceArn grant constraint.")
        }
        (None, Some(_)) if matches!(retiring, (None, None)) => {
            refused("GranteeServicePrincipal requires a RetiringPrincipal or a RetiringServicePrincipal.")
        }
        _ => Ok(()),
    }
}

async fn record(
    service: &Kms,
    call: &Call,
    input: &kms::CreateGrantRequest,
    new: &NewGrant,
    parent: Option<GrantId>,
) -> Result<GrantRecord, ApiError> {
    let key = new.key.authorized()?;
    let (grantee, by_name) = (&input.grantee_principal, &input.grantee_service_principal);
    let grantee = party(service, call, grantee.as_deref(), by_name.as_deref()).await?;
    let (retiring, by_name) = (&input.retiring_principal, &input.retiring_service_principal);
    Ok(GrantRecord {
        id: GrantId::random(),
        name: input.name.clone(),
        created: call.now_millis(),
        grantee: grantee.ok_or_else(|| trent_service::internal("a grant without a grantee was let through"))?,
        retiring: party(service, call, retiring.as_deref(), by_name.as_deref()).await?,
        // A service belongs to no account: the key's own answers for what it makes as itself.
        issuer: call.account().unwrap_or(key.record.account),
        operations: new.operations.clone(),
        constraints: new.constraints.clone(),
        parent,
    })
}

/// The principal of one of the two members that may name it.
async fn party(
    service: &Kms,
    call: &Call,
    arn: Option<&str>,
    name: Option<&str>,
) -> Result<Option<PartyRecord>, ApiError> {
    let partition = call.region.partition();
    match arn {
        // A service names itself where others name principals; nobody else can (POL-502).
        Some(arn) if party::is_calling(call, arn) => Ok(Some(party::of_service(arn))),
        Some(arn) => party::of_arn(service.principals(), partition, arn).await.map(Some),
        None => Ok(name.map(party::of_service)),
    }
}

/// The grant that permits to make the new one, if no policy does (POL-411).
fn parent(call: &Call, input: &kms::CreateGrantRequest, new: &NewGrant) -> Option<GrantId> {
    let asking = call.asking()?;
    let target = new.key.target(&ROW);
    let conditions = Conditions::<CreateGrant>::new(call, input, new, &target);
    evaluate(asking, &target, &conditions, |request, policies, context| {
        let decision = decide(request, policies, context);
        match (decision.code, decision.basis[0]) {
            (Code::AllowedByGrant, Some(Basis::Grant(id))) => GrantId::parse(id),
            _ => None,
        }
    })
}

/// What the record says that is doubtful about the grant.
fn doubts(input: &kms::CreateGrantRequest, new: Option<&NewGrant>) -> Option<Fragment> {
    let new = new?;
    let key = new.key.key()?;
    let grantee = input
        .grantee_principal
        .as_ref()
        .or(input.grantee_service_principal.as_ref())?;
    let grant = Reviewed {
        grantee: grantee.clone(),
        operations: new.operations.iter().map(GrantOperation::to_string).collect(),
        equals: new.constraints.equals.clone(),
        subset: new.constraints.subset.clone(),
        ..Reviewed::default()
    };
    let terms = review::Terms {
        symmetric: key.record.spec == KeySpec::SymmetricDefault,
        managed: key.record.manager != Manager::Customer,
        now: 0,
        old: i64::MAX,
    };
    lint::recorded(review::review(&[grant], &terms).iter().map(|finding| {
        let mut object = Object::new();
        object.string("code", finding.code);
        object
    }))
}

fn reply(id: GrantId, token: String) -> kms::CreateGrantResponse {
    kms::CreateGrantResponse {
        grant_token: Some(token),
        grant_id: Some(id.to_string()),
    }
}

/// The reply's members that the record shows; the token is none of them.
fn created(key: &Key, id: GrantId) -> Fragment {
    let mut object = Object::new();
    object.string("grantId", &id.to_string()).string("keyId", &key.arn);
    object.finish()
}

fn shown(constraints: &kms::GrantConstraints) -> Object {
    let mut object = Object::new();
    for (name, pairs) in [
        ("encryptionContextSubset", &constraints.encryption_context_subset),
        ("encryptionContextEquals", &constraints.encryption_context_equals),
    ] {
        if let Some(pairs) = pairs {
            object.map(name, pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        }
    }
    if let Some(arn) = &constraints.source_arn {
        object.string("sourceArn", arn);
    }
    object
}
