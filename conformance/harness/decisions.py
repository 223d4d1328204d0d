"""Asking for a decision: as a dry run, in earnest, and why."""

import json

import pytest
from botocore.exceptions import ClientError

from harness.identities import policy, statement

DENIED, DRY = "AccessDeniedException", "DryRunOperationException"


def to(principal, actions, effect="Allow", **more):
    return {**more, **statement(actions, effect=effect), "Principal": {"AWS": principal}}


def root(account):
    return f"arn:aws:iam::{account.id}:root"


def made(kms, *statements):
    """A key whose policy has these statements and no others."""
    document = json.dumps({**policy(*statements), "Id": "key-test-1"})
    return kms.create_key(Policy=document, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]


def outcome(calling, operation, **arguments):
    """What a call says ("allow" or the error's name) and its whole answer; its dry run must have said the same."""
    shape = calling.meta.service_model.operation_model(operation).input_shape
    dry = None
    if "DryRun" in shape.members:
        with pytest.raises(ClientError) as caught:
            calling._make_api_call(operation, {**arguments, "DryRun": True})
        dry = caught.value.response["Error"]["Code"]
    try:
        answer = calling._make_api_call(operation, arguments)
    except ClientError as error:
        answer, said = error.response, error.response["Error"]["Code"]
        assert dry in (None, said), (operation, dry, said)
    else:
        said = "allow"
        assert dry in (None, DRY), (operation, dry)
    return said, answer


def explain(server, answer):
    """What is explained about an answered request, by its id."""
    done = server.run("explain", "--request", answer["ResponseMetadata"]["RequestId"], "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def explained(server, answer):
    """The explanation of a request that needed one permission."""
    [explanation] = explain(server, answer)["Explanations"]
    return explanation


def codes(explanation):
    """The codes of the steps that a decision took."""
    return [step["Code"] for step in explanation["Steps"] if step.get("Code")]
