"""Key policies with real clients: what a document may say, who sees and changes it, and what its changes change."""

import json
import pathlib
import subprocess
import sys

import pytest
from harness.clients import all_pages, boto3_client, environment, refused
from harness.identities import TRUST, User, allowed, fresh, statement
from harness.server import ALICE, BOB, Server, clean_environment

AWS = pathlib.Path(sys.executable).parent / "aws"
SKIP = {"BypassPolicyLockoutSafetyCheck": True}


def to(principal, actions="kms:*", effect="Allow", **more):
    return {**more, "Effect": effect, "Principal": principal, "Action": actions, "Resource": "*"}


OWN = to({"AWS": f"arn:aws:iam::{ALICE.id}:root"})


def document(*statements, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


# POL-6, POL-106, AUTHZ-255, KEY-142
def test_every_key_has_one_policy_at_all_times(kms, west, key, user):
    policies = {name for name in kms.meta.service_model.operation_names if "Polic" in name}
    assert policies == {"GetKeyPolicy", "ListKeyPolicies", "PutKeyPolicy"}, "nothing removes one or adds another"
    managed = kms.describe_key(KeyId="alias/aws/sqs")["KeyMetadata"]
    for client, key_id in (
        (kms, key["KeyId"]),
        (kms, managed["KeyId"]),
        (west, west.create_key()["KeyMetadata"]["Arn"]),
    ):
        assert client.list_key_policies(KeyId=key_id)["PolicyNames"] == ["default"]
        assert json.loads(client.get_key_policy(KeyId=key_id)["Policy"])["Statement"]
    for name in ("Default", "other", "default2"):
        with refused("ValidationException"):
            kms.put_key_policy(KeyId=key["KeyId"], PolicyName=name, Policy=document(OWN))
        with refused("NotFoundException"):
            kms.get_key_policy(KeyId=key["KeyId"], PolicyName=name)
    kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=document(OWN))
    assert kms.list_key_policies(KeyId=key["KeyId"])["PolicyNames"] == ["default"]
    client = user.client()
    with user.denied("kms:GetKeyPolicy", key["Arn"]):
        client.get_key_policy(KeyId=key["KeyId"])
    user.may(statement("kms:GetKeyPolicy", [key["Arn"], managed["Arn"]]))
    assert allowed(client.get_key_policy, KeyId=key["KeyId"])
    assert allowed(client.get_key_policy, KeyId=managed["KeyId"])


# POL-500
def test_a_statement_without_a_resource_is_taken_and_allows_nothing(kms, user):
    inert = {key: value for key, value in to({"AWS": user.arn}, "kms:Encrypt").items() if key != "Resource"}
    key = kms.create_key(Policy=document(OWN, inert))["KeyMetadata"]
    client = user.client()
    assert not allowed(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=document(OWN, inert))
    assert not allowed(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=document(OWN, {**inert, "Resource": "*"}))
    assert allowed(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x")


# POL-77, POL-79
def test_a_policy_is_given_as_text_and_never_left_out_when_it_is_replaced(server, kms, key):
    careless = boto3_client(server, ALICE, parameter_validation=False)
    kms.put_key_policy(KeyId=key["KeyId"], Policy=document(OWN, Id="mine"))
    with refused("ValidationException"):
        careless.put_key_policy(KeyId=key["KeyId"])
    with refused("ValidationException"):
        careless.put_key_policy(KeyId=key["KeyId"], Policy="")
    assert json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])["Id"] == "mine"
    made = kms.create_key(Policy=document(OWN, Id="given"))["KeyMetadata"]
    assert json.loads(kms.get_key_policy(KeyId=made["KeyId"])["Policy"])["Id"] == "given"


# POL-88
@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({"Sid": "All six", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, True),
        ({}, True),
        ({"Comment": "a seventh"}, False),
        ({"Effect": None}, False),
        ({"Principal": None}, False),
        ({"Action": None}, False),
    ],
)
def test_a_statement_has_six_elements_of_which_two_are_optional(kms, key, change, accepted):
    changed = {**to({"AWS": ALICE.id}, "kms:Encrypt"), **change}
    text = document(OWN, {name: value for name, value in changed.items() if value is not None})
    if accepted:
        kms.put_key_policy(KeyId=key["KeyId"], Policy=text)
        return
    with refused("MalformedPolicyDocumentException"):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=text)


# POL-96
def test_the_forms_of_a_principal(kms, key, user):
    arn, service = f"arn:aws:iam::{BOB.id}:root", "logs.us-east-1.amazonaws.com"
    for principal in (
        {"AWS": arn},
        {"AWS": [arn, user.arn, BOB.id]},
        {"Service": service},
        {"Service": [service, "sns.amazonaws.com"]},
        {"AWS": [arn], "Service": service},
        {"Federated": "cognito-identity.amazonaws.com"},
        {"AWS": "*"},
        "*",
    ):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=document(OWN, to(principal, "kms:DescribeKey")))
    for principal in (
        {"AWS": f"arn:aws:iam::{ALICE.id}:user/*"},
        {"AWS": f"arn:aws:iam::{ALICE.id}:*"},
        {"AWS": user.arn[:-1] + "?"},
        {"AWS": []},
        {"Everybody": "*"},
        user.arn,
        {},
    ):
        with refused("MalformedPolicyDocumentException"):
            kms.put_key_policy(KeyId=key["KeyId"], Policy=document(OWN, to(principal, "kms:DescribeKey")))


# POL-105
def test_a_key_whose_policy_is_refused_is_not_made(kms):
    before = {k["KeyId"] for k in all_pages(kms, "list_keys", "Keys")}
    for text, code in (
        ("{", "MalformedPolicyDocumentException"),
        (document(to({"AWS": BOB.id})), "MalformedPolicyDocumentException"),
        (document(OWN, to({"AWS": f"arn:aws:iam::{ALICE.id}:user/nobody"})), "MalformedPolicyDocumentException"),
        (document(OWN, Id="x" * 32768), "LimitExceededException"),
    ):
        with refused(code):
            kms.create_key(Policy=text)
    assert {k["KeyId"] for k in all_pages(kms, "list_keys", "Keys")} == before


# POL-107, POL-199
def test_a_policy_comes_back_with_the_same_meaning_and_its_edits_count(iam, kms, key, user):
    role = iam.create_role(RoleName=fresh("role"), AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    use = to({"AWS": user.arn}, ["kms:Encrypt", "kms:DescribeKey"], Sid="Use it")
    steps = [
        [OWN, use],
        [use, OWN],
        [OWN, to({"AWS": [user.arn, role, f"arn:aws:iam::{BOB.id}:root"]}, ["kms:Encrypt"], Sid="Use it")],
        [OWN, {**use, "Action": ["kms:DescribeKey"]}],
        [OWN, use, to({"AWS": user.arn}, "kms:Encrypt", "Deny", Sid="Not any more")],
        [OWN],
    ]
    client, seen = user.client(), []
    for number, statements in enumerate(steps):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=document(*statements, Id=f"step {number}"))
        shown = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])
        assert shown == {"Version": "2012-10-17", "Id": f"step {number}", "Statement": statements}
        seen.append(
            (
                allowed(client.encrypt, KeyId=key["KeyId"], Plaintext=b"x"),
                allowed(client.describe_key, KeyId=key["KeyId"]),
            )
        )
    assert seen == [(True, True), (True, True), (True, False), (False, True), (False, True), (False, False)]
    for size, fits in ((32768, True), (32769, False)):
        text = document(OWN, Id="")
        text = text.replace('"Id": ""', f'"Id": "{"x" * (size - len(text))}"')
        assert len(text) == size
        if fits:
            kms.put_key_policy(KeyId=key["KeyId"], Policy=text)
        else:
            with refused("LimitExceededException"):
                kms.put_key_policy(KeyId=key["KeyId"], Policy=text)


# POL-193, POL-194, POL-198
def test_policies_are_shown_to_the_account_of_the_key_alone(server, kms, other, others_iam, key, alias_name):
    stranger = User(server, others_iam, BOB, fresh("stranger"))
    stranger.may(statement("kms:*"))
    kms.put_key_policy(KeyId=key["KeyId"], Policy=document(OWN, to("*")))
    absent = key["Arn"].replace(key["KeyId"], "1234abcd-12ab-34cd-56ef-1234567890ab")
    services_own = absent.replace(ALICE.id, "123456789012")
    for client in (other, stranger.client()):
        assert client.describe_key(KeyId=key["Arn"])["KeyMetadata"]["AWSAccountId"] == ALICE.id
        for arn in (key["Arn"], absent, services_own):
            for call in (client.get_key_policy, client.list_key_policies):
                with refused("AccessDeniedException"):
                    call(KeyId=arn)
            with refused("AccessDeniedException"):
                client.put_key_policy(KeyId=arn, Policy=document(OWN))
    managed = kms.describe_key(KeyId="alias/aws/sns")["KeyMetadata"]["KeyId"]
    assert kms.get_key_policy(KeyId=managed)["PolicyName"] == "default"
    kms.create_alias(AliasName=alias_name, TargetKeyId=key["KeyId"])
    for named in (alias_name, f"arn:aws:kms:us-east-1:{ALICE.id}:{alias_name}"):
        for call in (kms.get_key_policy, kms.list_key_policies):
            with pytest.raises(kms.exceptions.ClientError) as caught:
                call(KeyId=named)
            assert caught.value.response["Error"]["Code"] in ("NotFoundException", "InvalidArnException")
    kms.delete_alias(AliasName=alias_name)


# POL-209
def test_a_changed_policy_counts_for_the_next_request_of_any_connection(kms, key, user):
    use = to({"AWS": user.arn}, "kms:Encrypt")
    clients = [user.client(), user.client()]
    for number in range(30):
        for statements, passes in (([OWN, use], True), ([OWN], False)):
            kms.put_key_policy(KeyId=key["KeyId"], Policy=document(*statements))
            assert allowed(clients[number % 2].encrypt, KeyId=key["KeyId"], Plaintext=b"x") is passes


# POL-16
def test_a_policy_is_about_its_key_in_its_region(kms, west, key, user):
    everywhere = {**to({"AWS": user.arn}, "kms:DescribeKey"), "Resource": "*"}
    kms.put_key_policy(KeyId=key["KeyId"], Policy=document(OWN, everywhere))
    assert allowed(user.client().describe_key, KeyId=key["Arn"])
    there, here = west.create_key()["KeyMetadata"], kms.create_key()["KeyMetadata"]
    assert not allowed(user.client(region="us-west-2").describe_key, KeyId=there["Arn"])
    assert not allowed(user.client().describe_key, KeyId=here["Arn"])
    deny = to({"AWS": user.arn}, "kms:*", "Deny")
    kms.put_key_policy(KeyId=key["KeyId"], Policy=document(OWN, deny))
    user.may(statement("kms:DescribeKey"))
    assert not allowed(user.client().describe_key, KeyId=key["Arn"])
    assert allowed(user.client(region="us-west-2").describe_key, KeyId=there["Arn"])


# POL-18
def test_there_are_no_access_control_lists(kms, raw, key):
    names = [*kms.meta.service_model.operation_names, *kms.meta.service_model.shape_names]
    assert not [name for name in names if "acl" in name.lower().replace("cloudhsm", "")]
    for operation in ("PutKeyAcl", "GetKeyAcl", "PutAcl"):
        answer = raw.call(operation, {"KeyId": key["KeyId"]})
        assert answer.code == "UnknownOperationException", answer
    assert not any("acl" in member.lower() for member in kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"])


@pytest.fixture
def command_line(server, tmp_path):
    """Runs `aws kms ...` as somebody and answers its exit code and what it printed."""

    def run(who, *arguments):
        done = subprocess.run(
            [AWS, "kms", *arguments, "--output", "text"],
            env=clean_environment(**environment(server, who)),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stdout, done.stderr

    return run


# POL-195, POL-200
def test_the_command_line_fetches_edits_and_copies_a_policy(command_line, kms, key, user, tmp_path):
    def aws(*arguments):
        code, printed, errors = command_line(ALICE, *arguments)
        assert code == 0, errors
        return printed

    fetch = ("get-key-policy", "--policy-name", "default", "--query", "Policy", "--key-id")
    file = tmp_path / "policy.json"
    file.write_text(aws(*fetch, key["KeyId"]))
    assert len(file.read_text().splitlines()) > 5, "a text of lines, not an object in one"
    edited = json.loads(file.read_text())
    edited["Statement"].append(to({"AWS": user.arn}, "kms:DescribeKey"))
    file.write_text(json.dumps(edited, indent=4))
    put = ("put-key-policy", "--policy-name", "default", "--policy", "file://policy.json", "--key-id")
    assert aws(*put, key["KeyId"]) == ""
    assert allowed(user.client().describe_key, KeyId=key["KeyId"])
    copy = kms.create_key()["KeyMetadata"]["KeyId"]
    file.write_text(aws(*fetch, key["KeyId"]))
    aws(*put, copy)
    assert json.loads(aws(*fetch, copy)) == edited
    assert allowed(user.client().describe_key, KeyId=copy)


# POL-14
def test_every_client_is_told_the_same(command_line, kms, key, user):
    kms.put_key_policy(KeyId=key["KeyId"], Policy=document(OWN, to({"AWS": user.arn}, "kms:DescribeKey")))
    code, printed, _ = command_line(
        user.credentials, "describe-key", "--key-id", key["KeyId"], "--query", "KeyMetadata.Arn"
    )
    assert (code, printed.strip()) == (0, user.client().describe_key(KeyId=key["KeyId"])["KeyMetadata"]["Arn"])
    with pytest.raises(kms.exceptions.ClientError) as caught:
        user.client().get_key_policy(KeyId=key["KeyId"])
    code, _, errors = command_line(user.credentials, "get-key-policy", "--key-id", key["KeyId"])
    assert code != 0 and caught.value.response["Error"]["Message"] in errors


# POL-181, POL-183, POL-501
def test_whoever_makes_a_key_must_be_able_to_change_its_policy_or_say_it_knows(kms, user):
    user.may(statement("kms:CreateKey"))
    client = user.client()
    locked = "The new key policy will not allow you to update the key policy in the future."
    for statements, passes in (
        ([to({"AWS": user.arn}, "kms:PutKeyPolicy")], True),
        ([to({"AWS": user.arn}, "kms:Put*"), to({"AWS": BOB.id})], True),
        ([OWN], True),
        ([to({"AWS": user.arn}, "kms:Encrypt")], False),
        ([to({"AWS": f"arn:aws:iam::{ALICE.id}:root"}, "kms:Encrypt")], False),
        ([to({"AWS": BOB.id})], False),
        ([OWN, to({"AWS": user.arn}, "kms:PutKeyPolicy", "Deny")], False),
    ):
        if passes:
            client.create_key(Policy=document(*statements))
            continue
        with refused("MalformedPolicyDocumentException", locked):
            client.create_key(Policy=document(*statements))
        client.create_key(Policy=document(*statements), BypassPolicyLockoutSafetyCheck=True)
    made = client.create_key(Policy=document(to({"AWS": user.arn}, "kms:PutKeyPolicy")))["KeyMetadata"]["KeyId"]
    with refused("MalformedPolicyDocumentException", locked):
        client.put_key_policy(KeyId=made, Policy=document(to({"AWS": BOB.id})))
    client.put_key_policy(KeyId=made, Policy=document(OWN))
    assert not allowed(client.put_key_policy, KeyId=made, Policy=document(OWN)), "IAM gives it CreateKey and no more"


# POL-184, AUTHZ-99
def test_policies_keep_the_check_for_a_lockout_from_being_skipped(kms, key, user):
    skipping = {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}}
    both = ["kms:CreateKey", "kms:PutKeyPolicy"]
    user.may(statement(both), statement(both, effect="Deny", **skipping))
    client = user.client()

    def answers(client):
        for more, passes in (({}, True), ({"BypassPolicyLockoutSafetyCheck": False}, True), (SKIP, False)):
            put = {"KeyId": key["KeyId"], "Policy": kms.get_key_policy(KeyId=key["KeyId"])["Policy"], **more}
            yield passes, allowed(client.put_key_policy, **put)
            yield passes or client is kms, allowed(client.create_key, **more)

    assert all(expected is found for expected, found in answers(client))
    kms.put_key_policy(
        KeyId=key["KeyId"], Policy=document(OWN, to("*", "kms:PutKeyPolicy", "Deny", Condition=skipping))
    )
    assert all(expected is found for expected, found in answers(kms)), "no key policy has a say in making a key"


# POL-189, KEY-159
def test_tags_at_creation_are_for_iam_and_later_ones_for_the_key_policy_too(kms, user):
    user.may(statement("kms:CreateKey"))
    client, tags = user.client(), [{"TagKey": "a", "TagValue": "b"}]
    text = document(OWN, to({"AWS": user.arn}, ["kms:TagResource", "kms:PutKeyPolicy"]))
    before = {k["KeyId"] for k in all_pages(kms, "list_keys", "Keys")}
    assert not allowed(client.create_key, Policy=text, Tags=tags)
    user.may(statement("kms:CreateKey"), statement("kms:TagResource", f"arn:aws:kms:*:{BOB.id}:key/*"))
    assert not allowed(client.create_key, Policy=text, Tags=tags)
    assert {k["KeyId"] for k in all_pages(kms, "list_keys", "Keys")} == before, "no key is left behind"
    made = client.create_key(Policy=text)["KeyMetadata"]["KeyId"]
    client.tag_resource(KeyId=made, Tags=tags)
    assert kms.list_resource_tags(KeyId=made)["Tags"] == tags
    user.may(statement("kms:CreateKey"), statement("kms:TagResource"))
    assert allowed(client.create_key, Policy=text, Tags=tags)


# POL-71, POL-72, POL-73, POL-125
@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_another_partition_is_in_every_arn(tmp_path, region, partition):
    running = Server(tmp_path / "server")
    running.config.write_text(running.config.read_text().replace('["us-east-1", "us-west-2"]', f'["{region}"]'))
    running.start()
    try:
        kms, iam = (boto3_client(running, ALICE, region, service=service) for service in ("kms", "iam"))
        key = kms.create_key()["KeyMetadata"]
        assert key["Arn"] == f"arn:{partition}:kms:{region}:{ALICE.id}:key/{key['KeyId']}"
        own = f"arn:{partition}:iam::{ALICE.id}:root"
        default = json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"])
        assert default["Statement"][0]["Principal"] == {"AWS": own}
        kms.create_alias(AliasName="alias/a", TargetKeyId=key["KeyId"])
        (alias,) = kms.list_aliases(KeyId=key["KeyId"])["Aliases"]
        assert alias["AliasArn"] == f"arn:{partition}:kms:{region}:{ALICE.id}:alias/a"
        user = User(running, iam, ALICE, "somebody")
        assert user.arn == f"arn:{partition}:iam::{ALICE.id}:user/somebody"
        client = user.client(region=region)
        user.may(statement("kms:DescribeKey", key["Arn"].replace(f"arn:{partition}:", "arn:aws:")))
        with user.denied("kms:DescribeKey", key["Arn"]):
            client.describe_key(KeyId=key["KeyId"])
        user.may(statement("kms:DescribeKey", key["Arn"]))
        assert client.describe_key(KeyId=key["Arn"])["KeyMetadata"]["Arn"] == key["Arn"]
        with pytest.raises(kms.exceptions.ClientError):
            kms.describe_key(KeyId=key["Arn"].replace(f"arn:{partition}:", "arn:aws:"))
    finally:
        running.stop()
