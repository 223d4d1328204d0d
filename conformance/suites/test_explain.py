"""Why somebody may or may not: the program's explain, who-can and simulate, beside what the real client is told."""

import json
import subprocess

import pytest
from botocore.exceptions import ClientError
from harness.clients import boto3_client
from harness.identities import fresh
from harness.raw import Raw
from harness.receivers import soon
from harness.server import ALICE, BINARY, BOB, Account, clean_environment

OWN_ROOT = f"arn:aws:iam::{ALICE.id}:root"
OTHER_ROOT = f"arn:aws:iam::{BOB.id}:root"


def statement(effect, account, actions, **more):
    return {
        "Effect": effect,
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": actions,
        "Resource": "*",
        **more,
    }


SHARED = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Own", **statement("Allow", ALICE.id, "kms:*")},
        {
            "Sid": "Partner",
            **statement("Allow", BOB.id, ["kms:Encrypt", "kms:Decrypt", "kms:DisableKey"]),
            "Condition": {"StringEqualsIfExists": {"kms:EncryptionContext:Project": "Alpha"}},
        },
        {
            "Sid": "NotThere",
            **statement("Deny", BOB.id, "kms:Encrypt"),
            "Condition": {"StringEquals": {"kms:EncryptionContext:Stage": "Restricted"}},
        },
    ],
}


@pytest.fixture(scope="module")
def shared(kms):
    """A key that the second account may use, laid out in lines."""
    key = kms.create_key()["KeyMetadata"]
    kms.put_key_policy(KeyId=key["KeyId"], Policy=json.dumps(SHARED, indent=2))
    return key


@pytest.fixture(scope="module")
def ask(server):
    """Asks the running server: `ask("explain", "--principal", ...)` answers the JSON that it printed."""

    def run(*arguments):
        done = server.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def outcome(call, **arguments):
    """Whether the real client is let through."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error
        return False
    return True


# POL-21, AUTHZ-270
@pytest.mark.parametrize(
    ("context", "code"),
    [
        ({}, "ALLOWED_BY_KEY_POLICY"),
        ({"Project": "Alpha"}, "ALLOWED_BY_KEY_POLICY"),
        ({"Project": "Beta"}, "KEY_POLICY_DOES_NOT_ENABLE_IAM"),
        ({"Project": "Alpha", "Stage": "Restricted"}, "EXPLICIT_DENY_KEY_POLICY"),
    ],
)
def test_what_is_explained_is_what_happens(ask, other, shared, context, code):
    pairs = [argument for key, value in context.items() for argument in ("--encryption-context", f"{key}={value}")]
    question = ("explain", "--principal", OTHER_ROOT, "--action", "kms:Encrypt", "--key", shared["Arn"])
    answer = ask(*question, *pairs)
    [explanation] = answer["Explanations"]
    allowed = outcome(other.encrypt, KeyId=shared["Arn"], Plaintext=b"x", EncryptionContext=context)
    assert (answer["Decision"] == "Allow") is allowed, answer
    assert explanation["Code"] == code


# POL-21
def test_the_statement_is_told_with_its_line(server, ask, shared):
    question = ("--principal", OTHER_ROOT, "--action", "kms:Encrypt", "--key", shared["KeyId"])
    denied = (*question, "--encryption-context", "Stage=Restricted")
    step = ask("explain", *denied)["Explanations"][0]["Steps"][-1]
    lines = json.dumps(SHARED, indent=2).splitlines()
    begins = next(number for number, line in enumerate(lines, 1) if '"NotThere"' in line) - 1
    assert (step["Number"], step["By"]["Sid"], step["By"]["Line"]) == ("1d", "NotThere", begins)
    printed = server.run("explain", *denied).stdout
    assert f'yes  statement "NotThere" (line {begins}) of the key policy' in printed
    assert "remove or narrow" in printed
    diagram = server.run("explain", *question, "--mermaid").stdout
    assert diagram.startswith("flowchart TD\n") and 's6a -->|"no"| s6b' in diagram, diagram


# AUTHZ-267
def test_an_explanation_names_every_step_and_what_is_missing(server, ask):
    conditions = {
        "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
        "StringEquals": {"kms:ViaService": "s3.us-west-2.amazonaws.com"},
    }
    only = {"Sid": "Only", **statement("Allow", BOB.id, "kms:Decrypt"), "Condition": conditions}
    own = {"Sid": "Own", **statement("Allow", ALICE.id, "kms:*")}
    kms = boto3_client(server, ALICE, "us-west-2")
    key = kms.create_key(Policy=json.dumps({"Version": "2012-10-17", "Statement": [own, only]}))["KeyMetadata"]
    question = ("explain", "--principal", OTHER_ROOT, "--action", "kms:Decrypt", "--key", key["Arn"])
    [refused] = ask(*question)["Explanations"]
    numbers = ["1a", "1b", "1c", "1d", "0c", "2a", "2b", "2c", "3", "4a", "5"]
    assert [step["Number"] for step in refused["Steps"]] == numbers
    assert (refused["Code"], refused["Steps"][-1]["Code"]) == ("KEY_POLICY_DOES_NOT_ENABLE_IAM", "NO_GRANT_ALLOWS")
    assert refused["Reason"].startswith("The key policy does not let account ")
    [near] = refused["NearMisses"]
    assert (near["Policy"], near["Sid"], near["Statement"]) == ("default", "Only", 1)
    assert {unmet["Key"] for unmet in near["Unmet"]} == {"aws:SourceIp", "kms:ViaService"}
    assert not any(unmet["Present"] for unmet in near["Unmet"])
    met = ("--source-ip", "192.0.2.7", "--via-service", "s3")
    [allowed] = ask(*question, *met)["Explanations"]
    assert (allowed["Decision"], allowed["Steps"][-1]["By"]["Type"]) == ("Allow", "rootUser")
    request = kms.describe_key(KeyId=key["KeyId"])["ResponseMetadata"]["RequestId"]
    assert ask("explain", "--at", request)["Recorded"]["EventName"] == "DescribeKey"


# AUTHZ-274
def test_what_stays_in_its_account_is_said_to(ask, other, shared):
    answer = ask("explain", "--principal", OTHER_ROOT, "--action", "kms:DisableKey", "--key", shared["Arn"])
    assert answer["Explanations"][0]["Code"] == "CROSS_ACCOUNT_OPERATION_NOT_SUPPORTED"
    assert answer["Explanations"][0]["Possible"] is False
    assert not outcome(other.disable_key, KeyId=shared["Arn"])


# AUTHZ-296
def test_a_request_is_explained_by_its_id(server, ask, kms, other, shared):
    with pytest.raises(ClientError) as caught:
        other.encrypt(KeyId=shared["Arn"], Plaintext=b"x", EncryptionContext={"Project": "Beta"})
    request = caught.value.response["ResponseMetadata"]["RequestId"]
    assert "KEY_POLICY" not in caught.value.response["Error"]["Message"]
    answer = ask("explain", "--request", request)
    recorded = answer["Recorded"]
    assert (recorded["Outcome"], recorded["Decision"]) == ("AccessDenied", "KEY_POLICY_DOES_NOT_ENABLE_IAM")
    assert answer["Explanations"][0]["Code"] == "KEY_POLICY_DOES_NOT_ENABLE_IAM"
    assert answer["Notes"][0].startswith("Decided by the policies of this moment")
    kms.put_key_policy(KeyId=shared["KeyId"], Policy=json.dumps(SHARED).replace("Alpha", "Beta"))
    assert ask("explain", "--request", request)["Decision"] == "Allow", "as of now, not as of then"
    kms.put_key_policy(KeyId=shared["KeyId"], Policy=json.dumps(SHARED, indent=2))
    printed = server.run("explain", "--request", request).stdout
    assert "Recorded at " in printed and "decided then: KEY_POLICY_DOES_NOT_ENABLE_IAM" in printed
    made = kms.create_key()["ResponseMetadata"]["RequestId"]
    [creation] = ask("explain", "--request", made)["Explanations"]
    assert (creation["Action"], creation["Resource"], creation["Decision"]) == ("kms:CreateKey", "*", "Allow")
    missing = server.run("explain", "--request", request[::-1])
    assert missing.returncode == 1


# AUTHZ-272
def test_a_request_of_nobody_is_explained_by_the_first_step(server, ask):
    stranger = Account(ALICE.id, ALICE.access_key_id, "not-the-secret-of-this-access-key")
    with pytest.raises(ClientError) as caught:
        boto3_client(server, stranger).list_keys()
    request = caught.value.response["ResponseMetadata"]["RequestId"]
    soon(lambda: request in (server.data / "audit" / "security.jsonl").read_text())
    answer = ask("explain", "--request", request)
    [explanation] = answer["Explanations"]
    assert (answer["Decision"], explanation["Code"]) == ("ImplicitDeny", "UNAUTHENTICATED")
    assert explanation["Reason"] == "The request signature or credentials are not valid."
    [step] = explanation["Steps"]
    assert (step["Number"], step["Answer"], step["Code"]) == ("0a", False, "UNAUTHENTICATED")
    assert explanation["Possible"] is False and not explanation["Statements"], "no policy was asked"
    recorded = answer["Recorded"]
    assert (recorded["EventName"], recorded["Outcome"]) == ("ListKeys", "InvalidSignatureException")
    assert recorded["Decision"] == "UNAUTHENTICATED"
    assert "SignatureMismatch" in answer["Notes"][0]
    printed = server.run("explain", "--request", request).stdout
    assert "ImplicitDeny (UNAUTHENTICATED)" in printed and "No change of policies can allow it." in printed
    # Of who is known, but asked for what there is not: the same step.
    raw = Raw(server, ALICE)
    unknown = raw.send(raw.sign("TrentService.DoSomething", b"{}"), b"{}").headers["x-amzn-requestid"]
    raw.close()
    soon(lambda: unknown in (server.data / "audit" / "security.jsonl").read_text())
    [explanation] = ask("explain", "--request", unknown)["Explanations"]
    assert (explanation["Code"], explanation["Principal"]) == ("UNAUTHENTICATED", OWN_ROOT)
    assert explanation["Reason"] == "The request names no known action, or cannot be read."


# AUTHZ-293
def test_a_re_encryption_needs_two_permissions(ask, kms, shared):
    own = kms.create_key()["KeyMetadata"]
    sealed = kms.encrypt(KeyId=own["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    reply = kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=shared["KeyId"])
    answer = ask("explain", "--request", reply["ResponseMetadata"]["RequestId"])
    asked = [(it["Action"], it["Resource"]) for it in answer["Explanations"]]
    assert asked == [("kms:ReEncryptFrom", own["Arn"]), ("kms:ReEncryptTo", shared["Arn"])]
    assert answer["Recorded"]["Outcome"] == "Answered" and answer["Decision"] == "Allow"


def test_who_can_is_who_is_let_through(server, ask, shared):
    answer = ask("who-can", "kms:Encrypt", "--key", shared["KeyId"])
    found = {it["Principal"]: it["Access"][0] for it in answer["Principals"]}
    # Other tests may have left users of these accounts who may do anything.
    assert {OWN_ROOT, OTHER_ROOT} <= set(found)
    assert found[OWN_ROOT]["Conditional"] is False and found[OTHER_ROOT]["Conditional"] is True
    assert found[OTHER_ROOT]["Conditions"] == ["StringEquals kms:EncryptionContext:Stage"]
    assert {path.get("Sid") for path in found[OWN_ROOT]["Paths"]} == {"Own"}
    matrix = server.run("who-can", "--all-actions", "--key", shared["Arn"]).stdout.splitlines()
    columns = [line.split()[1] for line in matrix if line.startswith("[")]
    own, foreign = columns.index(OWN_ROOT), columns.index(OTHER_ROOT)
    rows = [line.split() for line in matrix if line.startswith("kms:")]
    cells = {action: [marks[own], marks[foreign]] for action, *marks in rows}
    assert cells["kms:PutKeyPolicy"] == ["x", "."]
    assert cells["kms:Encrypt"] == ["x", "c"]
    assert cells["kms:DisableKey"] == ["x", "."], "another account manages nothing"
    assert len(cells) > 40


SCENARIO = {
    "request": {
        "principal": f"arn:aws:iam::{ALICE.id}:user/alice",
        "action": "kms:Decrypt",
        "resource": {"arn": f"arn:aws:kms:us-east-1:{ALICE.id}:key/1234abcd-12ab-34cd-56ef-1234567890ab"},
        "context": {"kms:EncryptionContext:Project": ["Alpha"]},
    },
    "identityPolicies": [
        {"name": "p", "policy": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
             "Condition": {"StringEquals": {"kms:EncryptionContext:Project": "Alpha"}}}]}},
    ],
    "resourcePolicy": {"Version": "2012-10-17", "Statement": [{"Sid": "Own", **statement("Allow", ALICE.id, "kms:*")}]},
}  # fmt: skip


def simulate(text, *arguments):
    return subprocess.run(
        [BINARY, "simulate", *arguments],
        input=text,
        env=clean_environment(),
        capture_output=True,
        timeout=120,
    )


def test_a_scenario_is_decided_without_a_server():
    done = simulate(json.dumps({"id": "one", **SCENARIO}, indent=2).encode())
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    result = json.loads(line)
    assert (result["id"], result["decision"]) == ("one", "Allow")
    assert {"p", "resourcePolicy"} <= {reason.get("policy") for reason in result["reasons"]}


def test_many_scenarios_are_decided_one_a_line():
    denied = {"id": 2, **SCENARIO, "identityPolicies": []}
    broken = {"id": 3, **SCENARIO, "resourcePolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]}}
    lines = [json.dumps({"id": 1, **SCENARIO}), json.dumps(denied), json.dumps(broken), "{", "\udcff", ""]
    lines += [json.dumps({"id": number, **SCENARIO}) for number in range(10, 2010)]
    done = simulate("\n".join(lines).encode(errors="surrogateescape"), "--lines")
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [results[at].get("decision") for at in range(5)] == ["Allow", "ImplicitDeny", None, None, None]
    assert results[2]["id"] == 3 and results[2]["error"]["code"] == "MalformedPolicyDocument"
    assert all(results[at]["error"]["message"] for at in (3, 4))
    assert [result["id"] for result in results[5:]] == list(range(10, 2010))


def test_nobody_has_to_read_all_results(tmp_path):
    scenarios = tmp_path / "scenarios"
    scenarios.write_text((json.dumps({"id": 1, **SCENARIO}) + "\n") * 20_000)
    done = subprocess.run(
        f'"{BINARY}" simulate --lines < "{scenarios}" | head -n 1; echo "${{PIPESTATUS[0]}}"',
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stderr == "" and done.stdout.splitlines()[-1] == "0", done


@pytest.fixture
def inquire(server):
    """Asks over the AWS API, as `caller`: `inquire(caller, "Explain", Principal=...)`."""

    def ask(caller, operation, **question):
        connection, body = Raw(server, caller), json.dumps(question).encode()
        answer = connection.send(connection.sign(f"Trent.{operation}", body, service="trent"), body)
        connection.close()
        return answer

    return ask


def may_ask(user, *more):
    user.may({"Effect": "Allow", "Action": "trent:*", "Resource": "*"}, *more)


# AUTHZ-271
def test_an_account_asks_if_its_policies_let_it(inquire, user, shared):
    questions = {
        "Explain": {"Principal": user.arn, "Action": "kms:Encrypt", "Key": shared["KeyId"]},
        "WhoCan": {"Action": "kms:Encrypt", "Key": shared["KeyId"]},
        "Simulate": {"Scenario": json.dumps(SCENARIO)},
    }
    for operation, question in questions.items():
        refused = inquire(user.credentials, operation, **question)
        assert (refused.status, refused.code) == (400, "AccessDeniedException"), refused
        assert f"because no identity-based policy allows the trent:{operation} action" in refused.message
        user.may({"Effect": "Allow", "Action": f"trent:{operation}", "Resource": "*"})
        assert inquire(user.credentials, operation, **question).status == 200
        user.may({"Effect": "Allow", "Action": "kms:*", "Resource": "*"})
    forged = Raw.__new__(Raw)
    forged.__dict__.update(Raw(user.server, user.credentials).__dict__)
    wrong = forged.send(forged.sign("Trent.Explain", b"{}", service="kms"), b"{}")
    assert wrong.code == "InvalidSignatureException", "the service has a signing name of its own"
    assert inquire(user.credentials, "ExplainPast", RequestId="x").code == "UnknownOperationException"
    assert inquire(user.credentials, "Backup").code == "UnknownOperationException", "the operator's stay the operator's"


# AUTHZ-271
def test_an_account_sees_all_of_its_own_side(inquire, ask, user, shared):
    may_ask(user)
    question = {"Principal": user.arn, "Action": "kms:Encrypt", "Key": shared["KeyId"]}
    told = inquire(user.credentials, "Explain", **question).document
    operators = ask("explain", "--principal", user.arn, "--action", "kms:Encrypt", "--key", shared["KeyId"])
    assert told == operators and told["Decision"] == "ImplicitDeny"
    may_ask(user, {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": shared["Arn"]})
    assert inquire(user.credentials, "Explain", **question).document["Decision"] == "Allow"


# AUTHZ-271
def test_of_another_accounts_key_an_account_learns_whether_it_allows(server, inquire, user, others_iam, other):
    own = {"Sid": "Secret-Own", **statement("Allow", BOB.id, "kms:*")}
    partner = {
        "Sid": "Secret-Partner",
        **statement("Allow", ALICE.id, "kms:Encrypt"),
        "Condition": {"StringEquals": {"kms:EncryptionContext:Project": "Alpha"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [own, partner]})
    key = other.create_key(Policy=document, Tags=[{"TagKey": "Team", "TagValue": "Red"}])["KeyMetadata"]["Arn"]
    nowhere = key[:-12] + "000000000000"
    encrypt = {"Principal": user.arn, "Action": "kms:Encrypt"}
    may_ask(user, {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*"})

    def told(arn, **context):
        answer = inquire(user.credentials, "Explain", **encrypt, Key=arn, EncryptionContext=context)
        assert answer.status == 200, answer
        assert "Secret" not in answer.body.decode() and "Red" not in answer.body.decode()
        return answer.document

    good = told(key, Project="Alpha")
    assert (good["Decision"], good["OtherSide"]) == ("Allow", {"Account": BOB.id, "Allows": True})
    assert [step["Number"] for step in good["Explanations"][0]["Steps"]] == [
        "1a", "1b", "1c", "0c", "2a", "2b", "2c", "6a", "6b",
    ]  # fmt: skip
    bad, missing = told(key, Project="Beta"), told(nowhere, Project="Beta")
    assert (bad["Decision"], bad["OtherSide"]["Allows"]) == ("ImplicitDeny", False)
    text = json.dumps(missing).replace(nowhere, key)
    assert json.loads(text) == bad, "one that is not there is as one that does not allow"
    # The own side's reasons are there in full, whatever the key says of itself.
    may_ask(user, {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*",
                   "Condition": {"StringEquals": {"aws:ResourceTag/Team": "Red"}}})  # fmt: skip
    own_side = told(key, Project="Alpha")
    assert own_side["Explanations"][0]["Code"] == "KEY_TRUST_NOT_ESTABLISHED"
    [near] = own_side["Explanations"][0]["NearMisses"]
    assert near["Unmet"] == [{"Operator": "StringEquals", "Key": "aws:ResourceTag/Team", "Present": False}]
    # A grant of the other side lets a caller in whom its own side gives nothing.
    may_ask(user)
    assert told(key, Project="Alpha")["Decision"] == "ImplicitDeny"
    other.create_grant(KeyId=key, GranteePrincipal=user.arn, Operations=["Encrypt"])
    granted = told(key, Project="Beta")
    assert (granted["Decision"], granted["OtherSide"]["Allows"]) == ("Allow", True)
    assert granted["Explanations"][0]["Code"] == "TRUSTED_BY_GRANT"
    assert user.client().encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    # What no real request could try out is not tried out.
    for more in ({"Context": ["aws:SourceIp=192.0.2.7"]}, {"ViaService": "s3"}):
        refused = inquire(user.credentials, "Explain", **encrypt, Key=key, **more)
        assert refused.status == 400 and "nothing can be made up" in refused.message
    for name in ("alias/none", key.rpartition("/")[2], nowhere.rpartition("/")[2]):
        refused = inquire(user.credentials, "Explain", **encrypt, Key=name)
        assert refused.status == 400 and name in refused.document.get("message", refused.document.get("Message")), (
            refused
        )
    answers = [
        inquire(user.credentials, "Explain", **encrypt, Key=arn.rpartition("/")[2]).body.decode()
        for arn in (key, nowhere)
    ]
    assert answers[0].replace(key.rpartition("/")[2], "") == answers[1].replace(nowhere.rpartition("/")[2], "")


# AUTHZ-271
def test_an_account_asks_about_nobody_elses_principals(inquire, user, others_iam, other):
    may_ask(user)
    theirs = others_iam.create_user(UserName=fresh("theirs"))["User"]["Arn"]
    bodies = []
    for arn in (theirs, theirs + "x", OTHER_ROOT):
        refused = inquire(user.credentials, "Explain", Principal=arn, Action="kms:ListKeys")
        assert refused.status == 400, refused
        bodies.append(refused.message.replace(arn, ""))
    assert len(set(bodies)) == 1, "whether there is such a one is not told"
    key = other.create_key()["KeyMetadata"]["Arn"]
    refused = inquire(user.credentials, "WhoCan", Action="kms:Encrypt", Key=key)
    missing = inquire(user.credentials, "WhoCan", Action="kms:Encrypt", Key=key[:-4] + "0000")
    assert refused.status == 400 and refused.message == missing.message.replace(key[:-4] + "0000", key)


# AUTHZ-271
def test_an_account_learns_who_of_its_own_can(inquire, user, shared):
    may_ask(user, {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": shared["Arn"]})
    answer = inquire(user.credentials, "WhoCan", Action="kms:Encrypt", Key=shared["KeyId"]).document
    found = {it["Principal"] for it in answer["Principals"]}
    assert {OWN_ROOT, user.arn} <= found and not any(BOB.id in arn for arn in found)
    assert answer["Elsewhere"] == [OTHER_ROOT], "named by its own key policy"


def test_an_account_simulates(inquire, user):
    may_ask(user)
    result = inquire(user.credentials, "Simulate", Scenario=json.dumps({"id": 7, **SCENARIO})).document
    assert (result["id"], result["decision"]) == (7, "Allow")
    assert inquire(user.credentials, "Simulate", Scenario="{").document["error"]["code"] == "InvalidScenario"
