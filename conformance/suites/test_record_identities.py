"""Who made a call, as its record says it: every kind of principal, services, the server itself."""

import json
import re
import uuid

import pytest
from harness.clients import boto3_client
from harness.identities import TRUST, User, fresh, policy, statement
from harness.server import ALICE, Account
from harness.trail import of_request, resource

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def admin(server, iam):
    made = User(server, iam, ALICE, fresh("admin"))
    made.may(statement("*"))
    return made


def client_of(server, session, service="kms"):
    token = session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]
    return boto3_client(server, Account(ALICE.id, *token), service=service)


def who_called(server, answer):
    [record] = of_request(server, answer["ResponseMetadata"]["RequestId"])
    return record["userIdentity"]


def context_of(identity):
    """The session's context, its date checked and taken out."""
    context = identity["sessionContext"]
    assert MOMENT.fullmatch(context["attributes"].pop("creationDate"))
    return context


# MON-67, MON-29
def test_the_root_user(server, kms):
    assert who_called(server, kms.list_keys()) == {
        "type": "Root",
        "principalId": ALICE.id,
        "arn": f"arn:aws:iam::{ALICE.id}:root",
        "accountId": ALICE.id,
        "accessKeyId": ALICE.access_key_id,
    }


# MON-61
def test_a_user_and_a_session_of_one(server, iam, admin):
    seen = who_called(server, admin.client().list_keys())
    assert seen == {
        "type": "IAMUser",
        "principalId": iam.get_user(UserName=admin.name)["User"]["UserId"],
        "arn": admin.arn,
        "accountId": ALICE.id,
        "accessKeyId": admin.key_id,
        "userName": admin.name,
    }
    session = admin.client("sts").get_session_token()["Credentials"]
    for_a_while = who_called(server, client_of(server, session).list_keys())
    assert context_of(for_a_while) == {"attributes": {"mfaAuthenticated": "false"}}
    del for_a_while["sessionContext"]
    assert for_a_while == {**seen, "accessKeyId": session["AccessKeyId"]}


# MON-62, MON-29
def test_a_session_of_a_role(server, iam, admin):
    role = iam.create_role(RoleName=fresh("role"), Path="/team/", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    document = json.dumps(policy(statement("kms:*")))
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="all", PolicyDocument=document)
    session = admin.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="i-34755b85")
    seen = who_called(server, client_of(server, session["Credentials"]).list_keys())
    context = context_of(seen)
    assert context == {
        "sessionIssuer": {
            "type": "Role",
            "principalId": role["RoleId"],
            "arn": role["Arn"],
            "accountId": ALICE.id,
            "userName": role["RoleName"],
        },
        "attributes": {"mfaAuthenticated": "false"},
    }
    assert seen == {
        "type": "AssumedRole",
        "principalId": f"{role['RoleId']}:i-34755b85",
        "arn": f"arn:aws:sts::{ALICE.id}:assumed-role/{role['RoleName']}/i-34755b85",
        "accountId": ALICE.id,
        "accessKeyId": session["Credentials"]["AccessKeyId"],
        "sessionContext": context,
    }


# MON-67
def test_a_federated_user(server, iam, admin):
    allowed = json.dumps(policy(statement("kms:*")))
    session = admin.client("sts").get_federation_token(Name="visitor", Policy=allowed)["Credentials"]
    seen = who_called(server, client_of(server, session).list_keys())
    context = context_of(seen)
    assert context["sessionIssuer"] == {
        "type": "IAMUser",
        "principalId": iam.get_user(UserName=admin.name)["User"]["UserId"],
        "arn": admin.arn,
        "accountId": ALICE.id,
        "userName": admin.name,
    }
    assert seen == {
        "type": "FederatedUser",
        "principalId": f"{ALICE.id}:visitor",
        "arn": f"arn:aws:sts::{ALICE.id}:federated-user/visitor",
        "accountId": ALICE.id,
        "accessKeyId": session["AccessKeyId"],
        "sessionContext": context,
    }


# MON-63, MON-65, MON-53, MON-37, MON-38, MON-184, REF-282, REF-381, REF-382
def test_a_service_for_somebody_and_for_itself(place):
    user = place.user()
    user.may(statement("kms:*"))
    key = place.key({"Principal": {"Service": "s3.amazonaws.com"}, **statement("kms:*")})
    context = {"aws:s3:arn": "arn:aws:s3:::example_bucket/example_object"}

    def seen(client):
        made = client.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
        read = client.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
        found = [of_request(place.server, it["ResponseMetadata"]["RequestId"])[0] for it in (made, read)]
        wrote, opened = found
        assert wrote["requestParameters"] == {"keyId": key, "keySpec": "AES_256", "encryptionContext": context}
        assert opened["requestParameters"] == {"encryptionContext": context, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
        for record in found:
            assert record["resources"] == [resource(key)] and record["recipientAccountId"] == ALICE.id
            assert record["readOnly"] is True and record["eventType"] == "AwsApiCall"
        return found

    direct, _ = seen(user.client())
    for record in seen(place.s3.on_behalf_of(user)):
        assert record["userIdentity"] == {**direct["userIdentity"], "invokedBy": "s3.amazonaws.com"}
        assert record["sourceIPAddress"] == record["userAgent"] == "s3.amazonaws.com"
        assert "sharedEventID" not in record
    name = "s3.us-east-1.amazonaws.com"
    for record in seen(place.s3.kms()):
        assert record["userIdentity"] == {"type": "AWSService", "invokedBy": name}
        assert record["sourceIPAddress"] == record["userAgent"] == name
        assert str(uuid.UUID(record["sharedEventID"])) != record["eventID"]


# KEY-244, MON-70
def test_a_service_uses_the_key_that_it_keeps_in_the_account(place):
    user = place.user()
    user.may(statement("kms:*"))
    place.client("kms").describe_key(KeyId="alias/aws/ebs")
    context = {"aws:ebs:id": "vol-13439757"}
    sent = {"KeyId": "alias/aws/ebs", "NumberOfBytes": 64, "EncryptionContext": context}
    made = place.ec2.on_behalf_of(user).generate_data_key_without_plaintext(**sent)
    [record] = of_request(place.server, made["ResponseMetadata"]["RequestId"])
    shown = {"keyId": "alias/aws/ebs", "numberOfBytes": 64, "encryptionContext": context}
    assert record["requestParameters"] == shown and record["resources"] == [resource(made["KeyId"])]
    assert ":key/" in made["KeyId"] and record["userIdentity"]["invokedBy"] == "ec2.amazonaws.com"
