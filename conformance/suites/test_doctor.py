"""`trent doctor`: what it finds of a deployment that is well, and of one that is not."""

import json
import os

import pytest
from harness.server import Server


@pytest.fixture
def deployment(tmp_path):
    server = Server(tmp_path / "server")
    server.prepare()
    yield server
    server.stop()


def findings(server):
    """What the doctor says, as (level, text) by what it is about, and its exit code."""
    told = server.run("doctor", "--json")
    found = json.loads(told.stdout)
    assert {it["Level"] for it in found} <= {"good", "advice", "problem"}
    problems = [it for it in found if it["Level"] == "problem"]
    assert told.returncode == (1 if problems else 0), told.stderr
    return {it["About"]: (it["Level"], it["Text"]) for it in found}


def test_a_deployment_that_is_well_has_no_problem(deployment):
    before = findings(deployment)
    assert before["server"][0] == "advice" and "is not running" in before["server"][1]
    deployment.start()
    found = findings(deployment)
    assert "problem" not in {level for level, _ in found.values()}
    for about in (
        "configuration",
        "data folder",
        "room",
        "head file",
        "ledger of destroyed keys",
        "audit trail",
        "server",
    ):
        assert found[about][0] == "good", found[about]
    # Both are in the test's folder.
    assert found["seal"][0] == "advice" and "same file system" in found["seal"][1]
    shown = deployment.run("doctor")
    assert shown.returncode == 0 and "good     audit trail: takes records\n" in shown.stdout


def test_files_that_others_may_read_are_problems(deployment):
    os.chmod(deployment.seal, 0o640)
    os.chmod(deployment.data, 0o755)
    told = deployment.run("doctor")
    assert told.returncode == 1 and "there are 2 problems" in told.stderr
    assert f"{deployment.seal} has the mode 640" in told.stdout
    assert f"{deployment.data} has the mode 755" in told.stdout


@pytest.mark.parametrize("suffix", [".head", ".destroyed"])
def test_what_is_missing_beside_the_seal_is_a_problem(deployment, suffix):
    path = deployment.seal.with_name(deployment.seal.name + suffix)
    deployment.start()
    assert deployment.stop() == 0
    path.unlink()
    told = deployment.run("doctor")
    assert told.returncode == 1 and f"{path} is not there" in told.stdout


def test_a_seal_that_is_not_there_is_a_problem(deployment):
    deployment.seal.unlink()
    assert findings(deployment)["seal"][0] == "problem"


def test_a_folder_that_was_not_made_is_a_problem(tmp_path):
    server = Server(tmp_path / "server")
    level, text = findings(server)["data folder"]
    assert level == "problem" and "`trent init` makes it" in text


def test_a_configuration_that_cannot_be_used_is_told_as_such(tmp_path):
    server = Server(tmp_path / "server", settings="lisen = 1\n")
    found = findings(server)
    assert list(found) == ["configuration"] and found["configuration"][0] == "problem"
    assert "lisen" in found["configuration"][1]


def test_a_server_without_a_sandbox_could_be_better(tmp_path):
    server = Server(tmp_path / "server", settings='[sandbox]\nmode = "off"\n')
    server.prepare()
    assert findings(server)["sandbox"][0] == "advice"


def test_a_sink_that_takes_nothing_is_a_problem(tmp_path):
    missing = tmp_path / "later" / "records.jsonl"
    server = Server(tmp_path / "server", settings=f'[[audit.sinks]]\nname = "ill"\nfile = "{missing}"\n')
    server.start()
    try:
        found = {}
        while "delivery" not in found:
            found = findings(server)
        assert found["delivery"][0] == "problem" and "ill" in found["delivery"][1]
    finally:
        server.stop()
