"""CloudWatch: which metrics there are and their values, through boto3 and the AWS CLI."""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest
from harness.clients import all_pages, boto3_client, refused
from harness.identities import User, fresh, statement
from harness.imports import Importer
from harness.metrics import numbers, within
from harness.server import ALICE, BOB, clean_environment

AWS = pathlib.Path(sys.executable).parent / "aws"
EXPIRY = "SecondsUntilKeyMaterialExpiration"
MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)


def cloudwatch(server, account=ALICE, region="us-east-1"):
    return boto3_client(server, account, region, service="cloudwatch")


def listed(server, account=ALICE, region="us-east-1", **filters):
    """The metrics that an account has in a Region: name and dimensions."""
    metrics = all_pages(cloudwatch(server, account, region), "list_metrics", "Metrics", Namespace="AWS/KMS", **filters)
    return [(m["MetricName"], {d["Name"]: d["Value"] for d in m["Dimensions"]}) for m in metrics]


def stat(name, statistic, period=60, **dimensions):
    """A query of one metric."""
    metric = {
        "Namespace": "AWS/KMS",
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }
    return {"Id": "asked", "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}


def points(server, query, account=ALICE, region="us-east-1", **more):
    """The points that a query gives for the last and the next days: time and value, the newest first."""
    now = datetime.datetime.now(datetime.UTC)
    times = {"StartTime": now - DAY, "EndTime": now + 60 * DAY, **more}
    answer = cloudwatch(server, account, region).get_metric_data(MetricDataQueries=[query], **times)
    (result,) = answer["MetricDataResults"]
    assert result["Id"] == query["Id"] and result["StatusCode"] == "Complete"
    return list(zip(result["Timestamps"], result["Values"], strict=True))


def wait_for_points(server, query, number):
    within(10, lambda: len(points(server, query)) >= number)


@pytest.fixture
def dev(dev_server, tmp_path):
    """A development server whose clock moves: `advance("24h")`; a new minute is published soon after."""
    seed = tmp_path / "seed.json"
    keys = {a.id: [{"id": a.access_key_id, "secret": a.secret}] for a in (ALICE, BOB)}
    accounts = [{"id": account, "access_keys": keys[account]} for account in keys]
    seed.write_text(json.dumps({"accounts": accounts}))
    server = dev_server(seed=seed, arguments=["--data-dir", str(tmp_path / "dev0" / "data")])

    def advance(by="1m"):
        done = server.run("clock", "advance", by)
        assert done.returncode == 0, done

    server.advance = advance
    # From the first counting of the keys on, each new minute is published.
    within(30, lambda: numbers(server).all("trent_keys_counted_timestamp_seconds"))
    return server


def expiring(dev, folder, after, region="us-east-1"):
    """A key whose material expires some time after now, by the server's clock."""
    kms = boto3_client(dev, ALICE, region)
    valid_to = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + after
    importer = Importer(kms, folder)
    importer.plain = os.urandom(32)
    return importer, importer.imported("SYMMETRIC_DEFAULT", importer.plain, ValidTo=valid_to), valid_to


def counted(server, key):
    within(30, lambda: numbers(server).all("trent_key_material_expiration_seconds", key_id=key))


# MON-203, MON-210, MON-222, SPK-533, SPK-534, SPK-543: for each key with material that expires, by its key id and for
# no others, a value a minute; none any more once the material is gone or expires no longer.
# MON-223: the same number is among those for other monitoring systems, with its dimension as a label.
def test_seconds_until_key_material_expires(dev, tmp_path):
    importer, key, valid_to = expiring(dev, tmp_path, 30 * DAY)
    lasting = importer.imported("SYMMETRIC_DEFAULT", os.urandom(32))
    plain = importer.kms.create_key()["KeyMetadata"]["KeyId"]
    counted(dev, key)
    for number in range(3):
        dev.advance()
        wait_for_points(dev, stat(EXPIRY, "Minimum", KeyId=key), number + 1)
    found = points(dev, stat(EXPIRY, "Minimum", KeyId=key))
    assert len(found) >= 3
    for at, value in found:
        assert at.second == 0 and value == (valid_to - at).total_seconds()
    assert [name for name, _ in listed(dev, MetricName=EXPIRY)] == [EXPIRY]
    assert listed(dev, MetricName=EXPIRY) == [(EXPIRY, {"KeyId": key})]
    for other in (lasting, plain):
        assert points(dev, stat(EXPIRY, "Minimum", KeyId=other)) == []
    assert points(dev, stat(EXPIRY, "Minimum")) == [], "there is none for all keys together"
    ((_, labels, left),) = numbers(dev).all("trent_key_material_expiration_seconds", key_id=key)
    assert labels["region"] == "us-east-1" and labels["account"] == ALICE.id
    assert 0 <= found[0][1] - left <= 120
    # A smaller value of several minutes, and how many there were.
    (_, smallest), *_ = points(dev, stat(EXPIRY, "Minimum", 3600, KeyId=key))
    assert smallest == min(value for _, value in found)
    assert sum(value for _, value in points(dev, stat(EXPIRY, "SampleCount", 3600, KeyId=key))) == len(found)

    importer.kms.import_key_material(**importer_request(importer, key))
    before = len(points(dev, stat(EXPIRY, "Minimum", KeyId=key)))
    dev.advance("3m")
    time.sleep(2)
    assert len(points(dev, stat(EXPIRY, "Minimum", KeyId=key))) == before, "it no longer expires"


def importer_request(importer, key):
    """What imports the same material anew, so that it does not expire."""
    importer.kms.delete_imported_key_material(KeyId=key)
    return importer.request(key, importer.plain)


# MON-210: nothing once the material was deleted, or has expired.
@pytest.mark.parametrize("how", ["deleted", "expired"])
def test_no_values_once_the_material_is_gone(dev, tmp_path, how):
    importer, key, _ = expiring(dev, tmp_path, datetime.timedelta(minutes=30))
    counted(dev, key)
    dev.advance()
    within(10, lambda: points(dev, stat(EXPIRY, "Minimum", KeyId=key)))
    if how == "deleted":
        importer.kms.delete_imported_key_material(KeyId=key)
    else:
        dev.advance("31m")
    before = len(points(dev, stat(EXPIRY, "Minimum", KeyId=key)))
    dev.advance("2m")
    time.sleep(2)
    assert len(points(dev, stat(EXPIRY, "Minimum", KeyId=key))) == before


# MON-421: the guide has two names for it; both find it, and it is listed under one.
def test_the_other_name_of_the_metric_finds_it(dev, tmp_path):
    _, key, _ = expiring(dev, tmp_path, DAY)
    counted(dev, key)
    dev.advance()
    other = "SecondsUntilKeyMaterialExpires"
    within(10, lambda: points(dev, stat(EXPIRY, "Minimum", KeyId=key)))
    assert points(dev, stat(other, "Minimum", KeyId=key)) == points(dev, stat(EXPIRY, "Minimum", KeyId=key))
    assert listed(dev, MetricName=other) == [(EXPIRY, {"KeyId": key})]


# KEY-440, REF-119, SPK-206: how often each key was used for each operation, minute by minute.
def test_uses_of_a_key_are_counted_by_operation(dev):
    kms = boto3_client(dev, ALICE)
    key, mac = (
        kms.create_key()["KeyMetadata"]["Arn"],
        kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC"),
    )
    mac = mac["KeyMetadata"]["Arn"]
    for _ in range(3):
        sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=sealed)
    kms.generate_mac(KeyId=mac, MacAlgorithm="HMAC_SHA_256", Message=b"m")
    with refused("DryRunOperationException", status=412):
        kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True)
    with refused("AccessDeniedException"):
        boto3_client(dev, BOB).encrypt(KeyId=key, Plaintext=b"x")
    kms.describe_key(KeyId=key)

    def uses(arn, operation):
        found = points(dev, stat("SuccessfulRequest", "Sum", KeyArn=arn, Operation=operation))
        return sum(value for _, value in found)

    dev.advance()
    within(10, lambda: uses(key, "Encrypt"))
    assert (uses(key, "Encrypt"), uses(key, "Decrypt"), uses(mac, "GenerateMac")) == (3, 1, 1)
    assert uses(key, "DescribeKey") == uses(mac, "VerifyMac") == 0
    kms.encrypt(KeyId=key, Plaintext=b"x")
    dev.advance("2m")
    within(10, lambda: uses(key, "Encrypt") == 4)
    # By minute: the newest has the one, the older ones the three.
    found = points(dev, stat("SuccessfulRequest", "Sum", KeyArn=key, Operation="Encrypt"))
    assert found[0][1] == 1 and sum(value for _, value in found[1:]) == 3
    ascending = points(
        dev, stat("SuccessfulRequest", "Sum", KeyArn=key, Operation="Encrypt"), ScanBy="TimestampAscending"
    )
    assert ascending == found[::-1]
    names = {(name, dimensions["Operation"]) for name, dimensions in listed(dev, MetricName="SuccessfulRequest")}
    assert names == {("SuccessfulRequest", operation) for operation in ("Encrypt", "Decrypt", "GenerateMac")}


# MON-222: each account and each Region has its own, and policies decide who may look.
def test_metrics_are_an_accounts_own(dev):
    kms = boto3_client(dev, ALICE)
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.encrypt(KeyId=arn, Plaintext=b"x")
    dev.advance()
    within(10, lambda: listed(dev))
    assert listed(dev, BOB) == []
    query = stat("SuccessfulRequest", "Sum", KeyArn=arn, Operation="Encrypt")
    assert points(dev, query) and points(dev, query, BOB) == []
    user = User(dev, boto3_client(dev, ALICE, service="iam"), ALICE, fresh("user"))
    reader = user.client("cloudwatch")
    now = datetime.datetime.now(datetime.UTC)
    asked = {"MetricDataQueries": [query], "StartTime": now - DAY, "EndTime": now + DAY}
    of_one = {"Namespace": "AWS/KMS", "MetricName": "x", "StartTime": now - DAY, "EndTime": now, "Period": 3600}
    calls = {
        "ListMetrics": lambda: reader.list_metrics(),
        "GetMetricData": lambda: reader.get_metric_data(**asked),
        "GetMetricStatistics": lambda: reader.get_metric_statistics(**of_one, Statistics=["Sum"]),
    }
    for allowed in calls:
        user.may(statement(f"cloudwatch:{allowed}"))
        for name, call in calls.items():
            if name == allowed:
                call()
            else:
                with refused("AccessDenied"):
                    call()


def test_filters_and_pages_of_the_list(dev):
    kms = boto3_client(dev, ALICE)
    keys = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(3)]
    for arn in keys:
        kms.encrypt(KeyId=arn, Plaintext=b"x")
    dev.advance()
    within(10, lambda: len(listed(dev)) == 3)
    client = cloudwatch(dev)
    by_value = client.list_metrics(Dimensions=[{"Name": "KeyArn", "Value": keys[1]}])["Metrics"]
    assert [m["Dimensions"][0]["Value"] for m in by_value] == [keys[1]]
    assert len(client.list_metrics(Dimensions=[{"Name": "Operation"}])["Metrics"]) == 3
    assert client.list_metrics(Dimensions=[{"Name": "KeyId"}])["Metrics"] == []
    assert client.list_metrics(Namespace="AWS/S3")["Metrics"] == []
    assert len(client.list_metrics(RecentlyActive="PT3H")["Metrics"]) == 3
    dev.advance("4h")
    assert client.list_metrics(RecentlyActive="PT3H")["Metrics"] == []
    with refused("InvalidParameterValue"):
        client.list_metrics(NextToken="nonsense")


def test_data_come_in_pages(dev):
    kms = boto3_client(dev, ALICE)
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    query = stat("SuccessfulRequest", "Sum", KeyArn=arn, Operation="Encrypt")
    for number in range(1, 5):
        kms.encrypt(KeyId=arn, Plaintext=b"x")
        dev.advance("2m")
        wait_for_points(dev, query, number)
    now = datetime.datetime.now(datetime.UTC)
    asked = {"MetricDataQueries": [query], "StartTime": now - DAY, "EndTime": now + DAY}
    pages = list(cloudwatch(dev).get_paginator("get_metric_data").paginate(**asked, MaxDatapoints=3))
    results = [page["MetricDataResults"][0] for page in pages]
    assert [(len(r["Values"]), r["StatusCode"]) for r in results] == [(3, "PartialData"), (1, "Complete")]
    times = [at for r in results for at in r["Timestamps"]]
    assert times == [at for at, _ in points(dev, query)]
    with refused("InvalidNextToken"):
        cloudwatch(dev).get_metric_data(**asked, NextToken="nonsense")


def test_queries_of_one_request_are_answered_each_as_if_it_were_alone(dev):
    kms = boto3_client(dev, ALICE)
    keys = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
    for number, uses in enumerate([1, 3], 1):
        for arn in keys:
            for _ in range(uses):
                kms.encrypt(KeyId=arn, Plaintext=b"x")
        dev.advance("2m")
        for arn in keys:
            wait_for_points(dev, stat("SuccessfulRequest", "Sum", KeyArn=arn, Operation="Encrypt"), number)
    now = datetime.datetime.now(datetime.UTC)
    times = {"StartTime": now - DAY, "EndTime": now + DAY}
    kinds = [(arn, of, period) for arn in [*keys, "none"] for of in ("Sum", "Maximum") for period in (60, 3600, 86400)]
    queries = [
        {**stat("SuccessfulRequest", of, period, KeyArn=arn, Operation="Encrypt"), "Id": f"q{number}"}
        for number, (arn, of, period) in enumerate(kinds * 27)
    ]
    client = cloudwatch(dev)
    together = client.get_metric_data(MetricDataQueries=queries, **times)["MetricDataResults"]
    assert [result["Id"] for result in together] == [query["Id"] for query in queries]
    for query, result in list(zip(queries, together, strict=True))[: len(kinds)]:
        [alone] = client.get_metric_data(MetricDataQueries=[query], **times)["MetricDataResults"]
        assert result == alone
    for result, kind in zip(together, kinds * 27, strict=True):
        assert (result["Timestamps"], result["Values"]) == next(
            (first["Timestamps"], first["Values"])
            for first, known in zip(together, kinds, strict=False)
            if known == kind
        )
        assert sum(result["Values"]) == (0 if kind[0] == "none" else 4) or kind[1] != "Sum"


def test_statistics_of_one_metric(dev):
    kms = boto3_client(dev, ALICE)
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    for _ in range(2):
        kms.encrypt(KeyId=arn, Plaintext=b"x")
    dev.advance()
    dimensions = [{"Name": "Operation", "Value": "Encrypt"}, {"Name": "KeyArn", "Value": arn}]
    now = datetime.datetime.now(datetime.UTC)
    asked = {
        "Namespace": "AWS/KMS",
        "MetricName": "SuccessfulRequest",
        "Dimensions": dimensions,
        "StartTime": now - DAY,
        "EndTime": now + DAY,
        "Period": 3600,
        "Statistics": ["Sum", "SampleCount", "Minimum", "Maximum", "Average"],
    }
    client = cloudwatch(dev)
    within(10, lambda: client.get_metric_statistics(**asked)["Datapoints"])
    answer = client.get_metric_statistics(**asked)
    assert answer["Label"] == "SuccessfulRequest"
    assert sum(point["Sum"] for point in answer["Datapoints"]) == 2
    for point in answer["Datapoints"]:
        assert point["Sum"] == point["SampleCount"] and point["Unit"] == "Count"
        assert point["Minimum"] == point["Maximum"] == point["Average"] == 1
    assert client.get_metric_statistics(**{**asked, "Unit": "Seconds"})["Datapoints"] == []
    for wrong, code in [
        ({"EndTime": now - 2 * DAY}, "InvalidParameterValue"),
        ({"Period": 61}, "InvalidParameterValue"),
        ({"Period": 60}, "InvalidParameterCombination"),
    ]:
        with refused(code):
            client.get_metric_statistics(**{**asked, **wrong})
    del asked["Statistics"]
    with refused("InvalidParameterCombination"):
        client.get_metric_statistics(**asked)


def test_queries_that_make_no_sense_are_refused(dev):
    now = datetime.datetime.now(datetime.UTC)
    times = {"StartTime": now - DAY, "EndTime": now}
    good = stat(EXPIRY, "Minimum", KeyId="x")
    client = cloudwatch(dev)
    assert client.get_metric_data(MetricDataQueries=[good], **times)["MetricDataResults"][0]["Values"] == []
    expression = {"Id": "e", "Expression": "asked * 2"}
    for queries in [
        [],
        [good, good],
        [{**good, "Id": "Upper"}],
        [good, expression],
        [{"Id": "nothing"}],
        [stat(EXPIRY, "p99", KeyId="x")],
        [stat(EXPIRY, "Minimum", 61, KeyId="x")],
    ]:
        with refused("ValidationError"):
            client.get_metric_data(MetricDataQueries=queries, **times)
    with refused("ValidationError"):
        client.get_metric_data(MetricDataQueries=[good], StartTime=now, EndTime=now)
    with refused("ValidationError"):
        client.get_metric_data(MetricDataQueries=[good], MaxDatapoints=0, **times)
    hidden = client.get_metric_data(MetricDataQueries=[{**good, "ReturnData": False}], **times)
    assert hidden["MetricDataResults"] == []


# MON-201, MON-222: the lines of the guide at a shell, and a restart in between, on a server whose clock nobody moves.
def test_the_cli_lists_metrics_and_their_values_outlive_a_restart(own_server):
    kms = boto3_client(own_server, ALICE)
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.encrypt(KeyId=arn, Plaintext=b"x")

    def aws(*arguments):
        variables = {
            "AWS_ENDPOINT_URL_CLOUDWATCH": own_server.endpoint,
            "AWS_ACCESS_KEY_ID": ALICE.access_key_id,
            "AWS_SECRET_ACCESS_KEY": ALICE.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }
        command = [AWS, "cloudwatch", *arguments, "--output", "json"]
        done = subprocess.run(command, env=clean_environment(**variables), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    # A server that stops writes down what was not yet.
    assert own_server.stop() == 0
    own_server.start()
    metrics = aws("list-metrics", "--namespace", "AWS/KMS")["Metrics"]
    dimensions = [{"Name": "KeyArn", "Value": arn}, {"Name": "Operation", "Value": "Encrypt"}]
    assert metrics == [{"Namespace": "AWS/KMS", "MetricName": "SuccessfulRequest", "Dimensions": dimensions}]
    assert listed(own_server, region="us-west-2") == [] and listed(own_server, BOB) == []
    now = datetime.datetime.now(datetime.UTC)
    times = ["--start-time", (now - DAY).isoformat(), "--end-time", (now + MINUTE).isoformat()]
    query = {"Id": "m1", "MetricStat": {"Metric": metrics[0], "Period": 3600, "Stat": "Sum"}}
    data = aws("get-metric-data", "--metric-data-queries", json.dumps([query]), *times)
    assert sum(data["MetricDataResults"][0]["Values"]) == 1
    shown = ["--namespace", "AWS/KMS", "--metric-name", "SuccessfulRequest", "--period", "3600", "--statistics", "Sum"]
    named = [f"Name={d['Name']},Value={d['Value']}" for d in dimensions]
    statistics = aws("get-metric-statistics", *shown, "--dimensions", *named, *times)
    assert sum(point["Sum"] for point in statistics["Datapoints"]) == 1
