"""The linter and its neighbours: findings in files, what saving records, composed key policies, suites of cases."""

import json
import pathlib
import subprocess

import pytest
from harness.identities import User, allowed, fresh, policy, statement
from harness.server import ALICE, BINARY, BOB, clean_environment
from harness.trail import of_request, open_segment

ROOT = f"arn:aws:iam::{ALICE.id}:root"
DOCS = pathlib.Path(__file__).parents[2] / "docs" / "operating"


def trent(*arguments, text=None):
    """The program alone, without server or configuration."""
    return subprocess.run(
        [BINARY, *arguments], input=text, capture_output=True, text=True, env=clean_environment(), timeout=60
    )


def lint(document, *arguments):
    """The exit status and the codes found."""
    text = document if isinstance(document, str) else json.dumps(document)
    done = trent("lint", "-", "--json", *arguments, text=text)
    assert not done.stderr, done.stderr
    return done.returncode, [finding["code"] for finding in json.loads(done.stdout)["findings"]]


def to(principal, actions, **more):
    return {**statement(actions), "Principal": principal, **more}


OWN = to({"AWS": ROOT}, "kms:*", Sid="Own")


# POL-248
@pytest.mark.parametrize(
    ("added", "codes"),
    [
        (None, []),
        (to("*", "kms:Decrypt"), ["EVERYBODY"]),
        (to({"Service": "cloudtrail.amazonaws.com"}, "kms:GenerateDataKey*"), ["CONFUSED_DEPUTY"]),
        (to({"AWS": ROOT}, "kms:RetireGrant"), ["RETIRE_GRANT_IN_KEY_POLICY"]),
    ],
)
def test_a_finding_ends_with_two_and_never_keeps_a_policy_from_being_saved(kms, key, added, codes):
    document = policy(OWN, *([added] if added else []))
    assert lint(document) == (2 if codes else 0, codes)
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(document))
    assert json.loads(kms.get_key_policy(KeyId=key["KeyId"])["Policy"]) == document
    assert lint(document, "--fail-on", "error")[0] == 0


# POL-248
def test_what_is_an_error_is_refused(kms, key):
    invalid = policy(OWN, statement("kms:Decrypt"))
    status, codes = lint(invalid)
    assert (status, codes) == (2, ["INVALID"])
    with pytest.raises(kms.exceptions.MalformedPolicyDocumentException):
        kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(invalid))


def test_the_kinds_and_the_text(tmp_path):
    wide = policy(statement(["kms:CreateKey", "kms:Decrypt"]))
    assert lint(wide, "--kind", "identity")[1] == [
        "EVERY_ACCOUNT",
        "SENSITIVE_OVER_MANY_KEYS",
        "CREATE_KEY_UNCONDITIONED",
    ]
    for limiting in ("boundary", "scp", "session"):
        assert lint(wide, "--kind", limiting) == (0, [])
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy(OWN, to("*", "kms:Decrypt", Sid="Open")), indent=2))
    done = trent("lint", str(file))
    assert done.returncode == 2
    assert f'{file}:13: warning EVERYBODY, statement "Open": everybody is allowed kms:Decrypt' in done.stdout
    assert done.stdout.endswith("1 warning\n")
    assert trent("lint", str(tmp_path / "missing.json")).returncode == 1
    hmac = policy(OWN, to({"AWS": ROOT}, "kms:Encrypt"))
    assert lint(hmac, "--key-spec", "HMAC_256")[1] == ["NOT_OF_THIS_KEY"]
    assert lint(hmac, "--account", BOB.id)[1] == ["ACCOUNT_STATEMENT_MISSING"]


# POL-265
def test_the_power_user_policy_is_found_to_open_keys(iam):
    arn = "arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser"
    document = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    _, codes = lint(document, "--kind", "identity")
    assert {"TAGS_AND_ALIASES", "EVERY_ACCOUNT"} <= set(codes)


# POL-248, POL-393
def test_saving_records_what_is_doubtful(own_server):
    from harness.clients import boto3_client

    kms = boto3_client(own_server, ALICE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.put_key_policy(KeyId=key, Policy=json.dumps(policy(OWN, to("*", "kms:Decrypt"))))
    kms.create_grant(KeyId=key, GranteePrincipal=ROOT, Operations=["Decrypt"])
    assert own_server.stop() == 0
    found = {}
    for line in open_segment(own_server.data).splitlines():
        record = json.loads(line)
        record = record.get("record", record)
        if "eventName" in record:
            found[record["eventName"]] = record.get("additionalEventData")
    assert found["CreateKey"] is None
    assert found["PutKeyPolicy"] == {"policyFindings": [{"code": "EVERYBODY", "statement": 1}]}
    codes = [finding["code"] for finding in found["CreateGrant"]["policyFindings"]]
    assert codes == ["GRANT_TO_ACCOUNT", "GRANT_UNCONSTRAINED"]


# POL-487
def test_saving_records_that_a_network_keeps_services_out(server, kms, key):
    elsewhere = {"StringNotEquals": {"aws:SourceVpce": "vpce-1234abcdf5678c90a"}}
    only_here = to("*", "kms:GenerateDataKey*", Effect="Deny", Condition=elsewhere)
    sent = {"KeyId": key["KeyId"], "Policy": json.dumps(policy(OWN, only_here))}
    request = kms.put_key_policy(**sent)["ResponseMetadata"]["RequestId"]
    [record] = of_request(server, request)
    warned = {"policyFindings": [{"code": "NETWORK_KEEPS_SERVICES_OUT", "statement": 1}]}
    assert record["additionalEventData"] == warned
    assert lint(policy(OWN, only_here)) == (2, ["NETWORK_KEEPS_SERVICES_OUT"])


# POL-334, POL-380, POL-393, POL-394
def test_grants_are_looked_over_as_they_are_listed(kms, key, user):
    target = key["KeyId"]
    constraints = {"EncryptionContextEquals": {"Project": "Alpha"}}
    for _ in range(2):
        kms.create_grant(KeyId=target, GranteePrincipal=user.arn, Operations=["Decrypt"], Constraints=constraints)
    subset = {"EncryptionContextSubset": {"Project": "Alpha"}}
    kms.create_grant(KeyId=target, GranteePrincipal=user.arn, Operations=["Encrypt"], Constraints=subset)
    kms.create_grant(KeyId=target, GranteePrincipal=ROOT, Operations=["Decrypt"])

    def listed():
        return json.dumps(kms.list_grants(KeyId=target)["Grants"], default=lambda date: date.isoformat())

    status, codes = lint(listed(), "--kind", "grants")
    assert status == 2
    assert sorted(codes) == ["GRANT_BY_SUBSET", "GRANT_DUPLICATE", "GRANT_TO_ACCOUNT", "GRANT_UNCONSTRAINED"]
    alike = trent("lint", "-", "--kind", "grants", "--managed-key", "--json", text=listed()).stdout
    assert "GRANT_ALIKE" in alike and "command" not in alike
    done = trent("lint", "-", "--kind", "grants", "--json", text=listed())
    [duplicate] = [f for f in json.loads(done.stdout)["findings"] if f["code"] == "GRANT_DUPLICATE"]
    offered = duplicate["command"].split()
    assert offered[:3] == ["aws", "kms", "revoke-grant"]
    kms.revoke_grant(KeyId=offered[4], GrantId=offered[6])
    assert "GRANT_DUPLICATE" not in lint(listed(), "--kind", "grants")[1]
    assert lint(listed(), "--kind", "grants", "--max-age", "0")[1].count("GRANT_OLD") == 3


# KEY-154, KEY-234, KEY-345
def test_a_composed_key_policy_gives_administrators_and_users_what_is_theirs(server, iam, kms, user):
    administrator = User(server, iam, ALICE, fresh("administrator"))
    composed = trent(
        "key-policy", "--account", ALICE.id, "--administrator", administrator.arn, "--user", user.arn, "--no-deletion"
    )
    assert composed.returncode == 0, composed.stderr
    assert lint(composed.stdout) == (0, [])
    key = kms.create_key(Policy=composed.stdout)["KeyMetadata"]
    target = key["KeyId"]
    default = kms.get_key_policy(KeyId=kms.create_key()["KeyMetadata"]["KeyId"])["Policy"]
    first = [json.loads(text)["Statement"][0] for text in (default, composed.stdout)]
    assert json.loads(default) != json.loads(composed.stdout)
    assert first[0]["Principal"] == first[1]["Principal"] == {"AWS": ROOT}
    assert first[0]["Action"] == first[1]["Action"] == "kms:*"
    managing, using = administrator.client(), user.client()
    aliases = [f"alias/{fresh('composed')}", f"alias/{fresh('composed')}"]
    own_aliases = f"arn:aws:kms:*:{ALICE.id}:alias/*"
    # The half of an alias that is not the key's comes from an IAM policy.
    administrator.may(statement(["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"], own_aliases))
    managing.create_alias(AliasName=aliases[0], TargetKeyId=target)
    managing.update_alias(AliasName=aliases[0], TargetKeyId=target)
    managing.delete_alias(AliasName=aliases[0])
    managing.tag_resource(KeyId=target, Tags=[{"TagKey": "a", "TagValue": "b"}])
    managing.untag_resource(KeyId=target, TagKeys=["a"])
    managing.disable_key(KeyId=target)
    managing.enable_key(KeyId=target)
    managing.get_key_policy(KeyId=target)
    sealed = using.encrypt(KeyId=target, Plaintext=b"x")["CiphertextBlob"]
    assert using.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"
    using.generate_data_key(KeyId=target, KeySpec="AES_256")
    using.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=target)
    assert not allowed(managing.encrypt, KeyId=target, Plaintext=b"x")
    assert not allowed(managing.decrypt, CiphertextBlob=sealed)
    assert not allowed(using.disable_key, KeyId=target)
    assert not allowed(using.create_grant, KeyId=target, GranteePrincipal=user.arn, Operations=["Encrypt"])


# AUTHZ-323
def test_suites_that_users_extend(tmp_path):
    shipped = [str(DOCS / name) for name in ("one-account.json", "two-accounts.json")]
    done = trent("policy-test", *shipped)
    assert done.returncode == 0, done.stdout
    assert "10 cases, 10 passed, 0 failed" in done.stdout
    suite = json.loads((DOCS / "one-account.json").read_text())
    suite["cases"] = [{"id": "mine", "expect": "Allow"}]
    own = tmp_path / "own.json"
    own.write_text(json.dumps(suite))
    failed = trent("policy-test", str(own))
    assert failed.returncode == 2
    assert "FAIL  mine: expected Allow, found ImplicitDeny (NO_IAM_POLICY_ALLOWS)" in failed.stdout
    assert "4b  Does an IAM policy allow?" in failed.stdout
    answer = json.loads(trent("policy-test", "--json", str(own)).stdout)
    assert answer["failed"] == 1 and not answer["suites"][0]["cases"][0]["passed"]
    own.write_text("{}")
    assert trent("policy-test", str(own)).returncode == 1


# POL-268, POL-269
def test_the_permissions_reference_is_data():
    actions = json.loads(trent("actions", "--json").stdout)
    by_name = {action["action"]: action for action in actions}
    assert by_name["kms:CreateAlias"]["resources"] == ["key", "alias"]
    assert "kms:GrantOperations" in by_name["kms:CreateGrant"]["conditionKeys"]
    levels = {}
    for level in ("List", "Read", "Write", "Permissions management", "Tagging"):
        shown = trent("actions", "--json", "--access-level", level).stdout
        levels[level] = {action["action"] for action in json.loads(shown)}
    assert set().union(*levels.values()) == set(by_name)
    assert sum(map(len, levels.values())) == len(by_name)
    assert levels["Tagging"] == {"kms:TagResource", "kms:UntagResource"}
    assert trent("actions", "--access-level", "Everything").returncode == 1


# AUTHZ-261
def test_the_policies_of_a_user_are_simulated_action_by_action(iam, key, user, managed):
    names = [action["action"] for action in json.loads(trent("actions", "--json").stdout)]
    user.may(statement("kms:Describe*", key["Arn"]))
    arn = managed(statement("kms:ListKeys"))
    iam.attach_user_policy(UserName=user.name, PolicyArn=arn)

    def simulated(**resources):
        results = iam.simulate_principal_policy(PolicySourceArn=user.arn, ActionNames=names, **resources)
        return {r["EvalActionName"] for r in results["EvaluationResults"] if r["EvalDecision"] == "allowed"}

    assert {"kms:DescribeKey", "kms:ListKeys"} <= simulated(ResourceArns=[key["Arn"]])
    assert not {"kms:Encrypt", "kms:GetKeyPolicy"} & simulated(ResourceArns=[key["Arn"]])
    assert "kms:DescribeKey" not in simulated() and "kms:ListKeys" in simulated(), "of all keys"
    # A policy is left out by simulating the others.
    kept = json.dumps(policy(statement("kms:Describe*", key["Arn"])))
    rest = iam.simulate_custom_policy(PolicyInputList=[kept], ActionNames=["kms:ListKeys"])["EvaluationResults"]
    assert [r["EvalDecision"] for r in rest] == ["implicitDeny"]
