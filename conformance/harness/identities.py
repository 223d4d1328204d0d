"""Users of IAM, and the policies that tests give them."""

import json
import uuid

from botocore.exceptions import ClientError

from harness.clients import boto3_client, refused
from harness.server import ALICE, Account

POWER_USER = "arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
NOBODY_ALLOWS = "because no identity-based policy allows the"
UNKNOWN_KEY = "The security token included in the request is invalid."
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ALICE.id}:root"}, "Action": "sts:AssumeRole"}
    ],
}


def statement(actions, resource="*", effect="Allow", **condition):
    made = {"Effect": effect, "Action": actions, "Resource": resource}
    return {**made, "Condition": condition} if condition else made


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def to(principal, made):
    """The statement of a key policy that is for a principal."""
    return {**made, "Principal": {"AWS": principal} if principal != "*" else "*"}


def own(account=ALICE):
    """What a key policy says so that the account's IAM policies count."""
    return to(f"arn:aws:iam::{account.id}:root", statement("kms:*"))


def key_under(kms, *statements):
    """The metadata of a new key with these statements in its policy, beside the account's own."""
    return kms.create_key(Policy=json.dumps(policy(own(), *statements)))["KeyMetadata"]


def tags(**values):
    """Tags as KMS spells them."""
    return [{"TagKey": key, "TagValue": value} for key, value in values.items()]


def fresh(kind):
    return f"{kind}-{uuid.uuid4().hex[:10]}"


class User:
    """A user with an access key, and the clients that call with it."""

    def __init__(self, server, iam, account, name, path="/"):
        self.server, self.iam, self.name = server, iam, name
        self.arn = iam.create_user(UserName=name, Path=path)["User"]["Arn"]
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self.key_id = key["AccessKeyId"]
        self.credentials = Account(account.id, self.key_id, key["SecretAccessKey"])

    def client(self, service="kms", region="us-east-1"):
        return boto3_client(self.server, self.credentials, region, service=service)

    def may(self, *statements, name="only"):
        """Gives the user an inline policy of these statements, in the place of the one before."""
        self.iam.put_user_policy(UserName=self.name, PolicyName=name, PolicyDocument=json.dumps(policy(*statements)))

    def denied(self, action, arn, why=None):
        why = why or f"{NOBODY_ALLOWS} {action} action"
        text = f"User: {self.arn} is not authorized to perform: {action} on resource: {arn} {why}"
        code, status = ("AccessDeniedException", 400) if action.startswith("kms:") else ("AccessDenied", 403)
        return refused(code, text, status)


class Role:
    """A role that a user may assume, and the clients of its sessions."""

    def __init__(self, user, *statements):
        self.user, self.name = user, fresh("role")
        trusted = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}
        trust = json.dumps(policy(to(user.arn, trusted)))
        self.arn = user.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        if statements:
            document = json.dumps(policy(*statements))
            user.iam.put_role_policy(RoleName=self.name, PolicyName="only", PolicyDocument=document)

    def client(self, service="kms", region="us-east-1", **session):
        """A client of a new session."""
        sts = self.user.client("sts")
        made = sts.assume_role(RoleArn=self.arn, RoleSessionName="session", **session)["Credentials"]
        account = self.user.credentials.id
        credentials = Account(account, made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        return boto3_client(self.user.server, credentials, region, service=service)


def allowed(call, **arguments):
    """Whether policies let a call through."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), error
        return False
    return True
