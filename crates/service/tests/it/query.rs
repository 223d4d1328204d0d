//! The pipeline with a service of the Query protocol: the same life of a request, told in XML.

use std::time::Duration;

use trent_api::{ApiError, Empty, Protocol, Timestamp, iam};
use trent_identity::SignedRequest;
use trent_names::AccountId;
use trent_policy::Action;
use trent_service::{
    Access, Call, Catalogue, Effect, Entry, Facts, Frame, Operation, Peer, Reply, Resource, Row, Service, Target,
    action, internal,
};

use crate::shelf::{World, owner, stranger};

/// Users that are there for the asking.
struct Users;

static CATALOGUE: [Entry<Users>; 3] = [
    Entry::built::<Get>(),
    Entry::built::<Delete>(),
    Entry::unbuilt::<Create>(),
];

const fn row(name: &'static str, action: Action) -> Row<()> {
    Row {
        name,
        action,
        access: Access::Read,
        across_accounts: false,
        grant: None,
        quota: "users",
        condition_keys: &[],
        read_only: true,
        dry_run: false,
        rules: (),
    }
}

impl Service for Users {
    type Rules = ();
    const PROTOCOL: Protocol = iam::PROTOCOL;
    const EVENT_SOURCE: &'static str = "users.example.com";
}

impl Catalogue for Users {
    fn catalogue() -> &'static [Entry<Self>] {
        &CATALOGUE
    }
}

/// A user that a request names.
struct Named {
    name: String,
    arn: String,
    account: AccountId,
}

impl Named {
    fn new(name: &str) -> Self {
        let account = if name == "theirs" { stranger() } else { owner() };
        Self {
            name: name.to_owned(),
            arn: format!("arn:aws:iam::{account}:user/{name}"),
            account,
        }
    }

    fn target(&self, row: &'static Row<()>) -> Vec<Target<'_>> {
        vec![row.on(Resource::Other {
            arn: &self.arn,
            account: self.account,
        })]
    }
}

struct Get;

impl Operation for Get {
    type Service = Users;
    type Input = iam::GetUserRequest;
    type Output = iam::GetUserResponse;
    type Resolved = Named;

    const ROW: &'static Row<()> = &row("GetUser", action!("iam:GetUser"));

    async fn resolve(_: &Users, _: &Call, input: &iam::GetUserRequest) -> Result<Named, ApiError> {
        match input.user_name.as_deref() {
            Some("missing") => Err(iam::error::no_such_entity(
                "The user with name missing cannot be found.",
            )),
            name => Ok(Named::new(name.unwrap_or("caller"))),
        }
    }

    fn targets<'a>(_: &'a Call, _: &'a iam::GetUserRequest, user: &'a Named) -> Vec<Target<'a>> {
        user.target(<Self as Operation>::ROW)
    }

    async fn prepare(
        _: &Users,
        _: &Call,
        _: &iam::GetUserRequest,
        user: &Named,
    ) -> Result<Effect<iam::GetUserResponse>, ApiError> {
        if user.name == "broken" {
            return Err(internal("the detail that no caller may see"));
        }
        Ok(Effect::reply(iam::GetUserResponse {
            user: iam::User {
                path: "/".to_owned(),
                user_name: user.name.clone(),
                user_id: "AIDACKCEVSQ6C2EXAMPLE".to_owned(),
                arn: user.arn.clone(),
                create_date: Timestamp::from_seconds(0),
                password_last_used: None,
                permissions_boundary: None,
                tags: None,
            },
        }))
    }

    fn describe(_: &Call, _: &iam::GetUserRequest, _: Option<&Named>) -> Facts {
        Facts::default()
    }
}

/// Nobody has built it.
struct Create;

static UNBUILT: Row<()> = row("CreateUser", action!("iam:CreateUser"));

impl trent_service::Guarded for Create {
    type Service = Users;
    type Input = iam::CreateUserRequest;
    type Resolved = Named;

    const ROW: &'static Row<()> = &UNBUILT;

    async fn resolve(_: &Users, _: &Call, input: &iam::CreateUserRequest) -> Result<Named, ApiError> {
        Ok(Named::new(&input.user_name))
    }

    fn targets<'a>(_: &'a Call, _: &'a iam::CreateUserRequest, user: &'a Named) -> Vec<Target<'a>> {
        user.target(&UNBUILT)
    }
}

struct Delete;

impl Operation for Delete {
    type Service = Users;
    type Input = iam::DeleteUserRequest;
    type Output = Empty;
    type Resolved = Named;

    const ROW: &'static Row<()> = &row("DeleteUser", action!("iam:DeleteUser"));

    async fn resolve(_: &Users, _: &Call, input: &iam::DeleteUserRequest) -> Result<Named, ApiError> {
        Ok(Named::new(&input.user_name))
    }

    fn targets<'a>(_: &'a Call, _: &'a iam::DeleteUserRequest, user: &'a Named) -> Vec<Target<'a>> {
        user.target(<Self as Operation>::ROW)
    }

    async fn prepare(_: &Users, _: &Call, _: &iam::DeleteUserRequest, _: &Named) -> Result<Effect<Empty>, ApiError> {
        Ok(Effect::reply(Empty))
    }

    fn describe(_: &Call, _: &iam::DeleteUserRequest, _: Option<&Named>) -> Facts {
        Facts::default()
    }
}

async fn send(world: &World, method: &str, operation: &str, form: &str) -> Reply {
    let (query, body) = if method == "GET" { (form, "") } else { ("", form) };
    let frame = Frame {
        request_id: uuid::Uuid::from_u128(7),
        operation,
        signed: SignedRequest {
            method,
            path: "/",
            query,
            headers: &[],
            body: body.as_bytes(),
        },
        peer: Peer::Local { uid: 0 },
        tls: None,
        user_agent: "a test",
        received: Duration::ZERO,
    };
    world.pipeline.serve(&Users, frame).await
}

async fn ask(world: &World, operation: &str, members: &str) -> (u16, String) {
    let form = format!("Action={operation}&Version=2010-05-08&{members}");
    let reply = send(world, "POST", operation, &form).await;
    (reply.status, String::from_utf8(reply.body.to_vec()).expect("text"))
}

#[tokio::test]
async fn replies_are_xml_of_the_operation() {
    let world = World::of_owner().await;
    let (status, body) = ask(&world, "GetUser", "UserName=alice").await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        "<GetUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><GetUserResult><User><Path>/</Path>\
         <UserName>alice</UserName><UserId>AIDACKCEVSQ6C2EXAMPLE</UserId>\
         <Arn>arn:aws:iam::111122223333:user/alice</Arn><CreateDate>1970-01-01T00:00:00Z</CreateDate></User>\
         </GetUserResult><ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000007</RequestId>\
         </ResponseMetadata></GetUserResponse>\n"
    );
    let (status, body) = ask(&world, "DeleteUser", "UserName=alice").await;
    assert_eq!(status, 200);
    assert!(body.contains("/doc/2010-05-08/\"><ResponseMetadata>"), "{body}");
    assert_eq!(world.records().await.len(), 2);

    let form = "Action=GetUser&Version=2010-05-08&X-Amz-Signature=00";
    let reply = send(&world, "GET", "GetUser", form).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn refusals_are_named_as_the_protocol_names_them_in_reply_and_record() {
    let world = World::of_owner().await;
    for (members, status, kind, code) in [
        ("UserName=missing", 404, "Sender", "NoSuchEntity"),
        ("UserName=theirs", 403, "Sender", "AccessDenied"),
        ("UserName=a%20b", 400, "Sender", "ValidationError"),
        ("UserName.1=alice", 400, "Sender", "MalformedInput"),
        ("UserName=broken", 500, "Receiver", "InternalFailure"),
    ] {
        let (found, body) = ask(&world, "GetUser", members).await;
        assert_eq!(found, status, "{body}");
        assert!(
            body.contains(&format!("<Error><Type>{kind}</Type><Code>{code}</Code><Message>")),
            "{body}"
        );
        assert!(!body.contains("the detail"), "{body}");
        let records = world.records().await;
        let last = records.last().expect("a record");
        assert_eq!(last["errorCode"], code, "{last}");
    }
}

#[tokio::test]
async fn who_asks_is_settled_before_what_there_is() {
    let world = World::with(None).await;
    let reply = send(&world, "POST", "", "%").await;
    assert_eq!(reply.error, Some("UnrecognizedClientException"));

    let world = World::of_owner().await;
    for (operation, form, code) in [
        ("", "%", "MalformedQueryString"),
        ("", "Version=2010-05-08", "MissingAction"),
        ("GetUser", "Action=GetUser&Version=2011-06-15", "InvalidAction"),
        ("GetUser", "Action=GetUser", "InvalidAction"),
        ("Fly", "Action=Fly&Version=2010-05-08", "InvalidAction"),
        ("CreateUser", "Action=CreateUser&Version=2010-05-08", "InvalidAction"),
    ] {
        let reply = send(&world, "POST", operation, form).await;
        assert_eq!(reply.error, Some(code), "{form}");
    }
}
