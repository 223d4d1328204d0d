"""The XML replies that the server's shapes write are what the public client library reads.

The tests of `crates/api` compare the files byte by byte; `expected.json` beside them says what they hold.
"""

import json
import pathlib

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser

REPLIES = pathlib.Path(__file__).parents[2] / "crates" / "api" / "tests" / "fixtures" / "replies"
FILES = sorted(path.name for path in REPLIES.glob("*.xml"))
EXPECTED = json.loads((REPLIES / "expected.json").read_text())


def understood(name):
    service, operation, *_ = name.split(".")
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    failed = name.endswith(".error.xml")
    response = {"body": (REPLIES / name).read_bytes(), "headers": {}, "status_code": 400 if failed else 200}
    return create_parser("query").parse(response, model.operation_model(operation).output_shape)


def test_every_file_is_expected():
    assert FILES and FILES == sorted(EXPECTED)


@pytest.mark.parametrize("name", FILES)
def test_a_reply_is_understood(name):
    parsed = understood(name)
    assert parsed["ResponseMetadata"].pop("RequestId") == "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE"
    del parsed["ResponseMetadata"]
    # Times are compared as text.
    assert json.loads(json.dumps(parsed, default=lambda time: time.isoformat())) == EXPECTED[name]
