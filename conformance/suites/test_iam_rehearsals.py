"""What policies would say: rehearsals through the real IAM client."""

import json

from harness.clients import all_pages, refused
from harness.identities import allowed, fresh, policy, statement
from harness.server import ALICE


# AUTHZ-262
def test_the_policies_of_a_principal_are_rehearsed(iam, key, user, managed):
    other = key["Arn"][:-4] + "0000"
    group = fresh("group")
    iam.create_group(GroupName=group)
    iam.add_user_to_group(GroupName=group, UserName=user.name)
    closed = json.dumps(policy(statement("kms:DisableKey", effect="Deny")))
    iam.put_group_policy(GroupName=group, PolicyName="closed", PolicyDocument=closed)
    user.may(statement(["kms:Encrypt", "kms:DisableKey"], key["Arn"]), statement("kms:ListKeys"))

    def rehearse(**more):
        asked = {"PolicySourceArn": user.arn, "ActionNames": ["kms:Encrypt", "kms:DisableKey"], **more}
        results = all_pages(iam, "simulate_principal_policy", "EvaluationResults", **asked)
        return [(r["EvalActionName"], r["EvalResourceName"], r["EvalDecision"]) for r in results], results

    found, results = rehearse(ResourceArns=[key["Arn"], other])
    assert found == [
        ("kms:Encrypt", key["Arn"], "allowed"),
        ("kms:Encrypt", other, "implicitDeny"),
        ("kms:DisableKey", key["Arn"], "explicitDeny"),
        ("kms:DisableKey", other, "explicitDeny"),
    ]
    [allows] = results[0]["MatchedStatements"]
    assert (allows["SourcePolicyId"], allows["SourcePolicyType"]) == (f"user_{user.name}_only", "user")
    [denies] = results[2]["MatchedStatements"]
    assert (denies["SourcePolicyId"], denies["SourcePolicyType"]) == (f"group_{group}_closed", "group")
    assert rehearse(ActionNames=["kms:ListKeys", "kms:*"])[0] == [
        ("kms:ListKeys", "*", "allowed"),
        ("kms:*", "*", "implicitDeny"),
    ]
    paged = {"PaginationConfig": {"PageSize": 1}, "ResourceArns": [key["Arn"], other]}
    assert rehearse(**paged)[0] == found
    inline = {"PolicyName": "closed", "AttachmentType": "group", "AttachmentName": group}
    without = [{"InlinePolicyIdentifier": inline}]
    assert rehearse(ResourceArns=[key["Arn"]], PolicyExclusionList=without)[0][1][2] == "allowed"
    bound = json.dumps(policy(statement("kms:Describe*")))
    _, [encrypt, _] = rehearse(ResourceArns=[key["Arn"]], PermissionsBoundaryPolicyInputList=[bound])
    assert encrypt["EvalDecision"] == "implicitDeny"
    assert encrypt["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    of_group = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{ALICE.id}:group/{group}", ActionNames=["kms:DisableKey"]
    )["EvaluationResults"]
    assert [r["EvalDecision"] for r in of_group] == ["explicitDeny"]
    with refused("NoSuchEntity", status=404):
        iam.simulate_principal_policy(PolicySourceArn=user.arn + "-not", ActionNames=["kms:Encrypt"])
    with refused("InvalidInput"):
        iam.simulate_principal_policy(PolicySourceArn=f"arn:aws:iam::{ALICE.id}:root", ActionNames=["kms:Encrypt"])


def test_a_rehearsal_is_for_those_who_may_and_of_their_own_account(iam, others_iam, user):
    client = user.client("iam")
    with user.denied("iam:SimulatePrincipalPolicy", user.arn):
        client.simulate_principal_policy(PolicySourceArn=user.arn, ActionNames=["kms:Encrypt"])
    user.may(statement("iam:SimulatePrincipalPolicy", user.arn))
    assert client.simulate_principal_policy(PolicySourceArn=user.arn, ActionNames=["kms:Encrypt"])["EvaluationResults"]
    for arn in (user.arn, user.arn + "-not-there"):
        assert not allowed(others_iam.simulate_principal_policy, PolicySourceArn=arn, ActionNames=["kms:Encrypt"])


def test_policies_that_a_request_brings_are_rehearsed(iam, key):
    context = {"StringEquals": {"kms:EncryptionContext:Stage": "Test"}}
    document = json.dumps(policy({**statement("kms:Encrypt", key["Arn"]), "Condition": context}))

    def decide(**more):
        asked = {"PolicyInputList": [document], "ActionNames": ["kms:Encrypt"], "ResourceArns": [key["Arn"]], **more}
        [result] = iam.simulate_custom_policy(**asked)["EvaluationResults"]
        return result

    nothing = decide()
    assert (nothing["EvalDecision"], nothing["MatchedStatements"]) == ("implicitDeny", [])
    assert nothing["MissingContextValues"] == ["kms:EncryptionContext:Stage"]
    stage = {"ContextKeyName": "kms:EncryptionContext:Stage", "ContextKeyType": "string", "ContextKeyValues": ["Test"]}
    given = decide(ContextEntries=[stage])
    assert (given["EvalDecision"], given["MissingContextValues"]) == ("allowed", [])
    assert given["MatchedStatements"][0]["SourcePolicyId"] == "PolicyInputList.1"
    assert decide(ContextEntries=[{**stage, "ContextKeyValues": ["Live"]}])["EvalDecision"] == "implicitDeny"
    stop = {"ServiceControlPolicyInputList": [json.dumps(policy(statement("*"), statement("kms:*", effect="Deny")))]}
    denied = decide(ContextEntries=[stage], OrderedOrganizationPolicyInputList=[stop])
    assert denied["EvalDecision"] == "explicitDeny"
    assert denied["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    caller = f"arn:aws:iam::{ALICE.id}:user/ada"
    key_policy = json.dumps(policy({**statement("kms:Encrypt"), "Principal": {"AWS": caller}}))
    assert decide(ResourcePolicy=key_policy, CallerArn=caller)["EvalDecision"] == "allowed"
    assert decide(ResourcePolicy=key_policy, CallerArn=caller + "2")["EvalDecision"] == "implicitDeny"
    with refused("InvalidInput", "Syntax errors in policy."):
        iam.simulate_custom_policy(PolicyInputList=["{"], ActionNames=["kms:Encrypt"])


def test_the_condition_keys_of_policies_are_told(iam, user):
    mine = {"StringEquals": {"aws:ResourceTag/Owner": "${aws:username}"}, "Bool": {"aws:SecureTransport": "true"}}
    user.may({**statement("kms:*"), "Condition": mine})
    more = json.dumps(policy(statement("kms:*", IpAddress={"aws:SourceIp": "10.0.0.0/8"})))
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[more])["ContextKeyNames"]
    assert keys == ["aws:SourceIp"]
    keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=user.arn, PolicyInputList=[more])
    assert keys["ContextKeyNames"] == ["aws:ResourceTag/Owner", "aws:SecureTransport", "aws:SourceIp", "aws:username"]
