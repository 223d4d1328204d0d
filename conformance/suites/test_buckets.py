"""Log files and digests in an S3-compatible bucket, and the check of what was downloaded from it."""

import gzip
import json
import re

import pytest
from harness.buckets import Bucket
from harness.emulators import S3, Key, credentials_file
from harness.receivers import soon
from harness.server import ALICE, BOB, Server
from harness.sinks import HERE, THERE, create_keys, ids, log_files, records_in, running, sink, validate


@pytest.fixture
def s3(tmp_path):
    service = S3(tmp_path, "logs")
    yield service
    service.stop()


def to_bucket(s3, credentials, **more):
    times = {"interval": "1s", "digest_interval": "2s"}
    return sink("files", s3=s3.url, bucket=s3.bucket, credentials_file=str(credentials), **{**times, **more})


def digests_of(s3, account=ALICE.id, region=HERE):
    return [name for name in s3.objects(".json.gz") if f"/{account}/CloudTrail-Digest/{region}/" in name]


def verify(server, folder, *arguments):
    done = server.run("audit", "verify", "--log-files", str(folder), *arguments)
    return done.returncode, done.stdout + done.stderr


# MON-5, MON-6, MON-186, MON-187, MON-402, REF-121
def test_log_files_and_digests_are_objects_that_tools_can_check(tmp_path, s3):
    s3.start()
    credentials = credentials_file(tmp_path / "credentials", s3.writer)
    with running(tmp_path, to_bucket(s3, credentials)) as server:
        for number in (1, 2, 3):
            create_keys(server, 1)
            create_keys(server, 1, BOB, THERE)
            soon(lambda number=number: len(digests_of(s3)) >= number and len(digests_of(s3, BOB.id, THERE)) >= number)
            # The chain goes on over a restart.
            if number == 1:
                server.kill()
                server.start()
        wanted = {record["eventID"] for record in server.records if record["eventName"] == "CreateKey"}
        assert s3.writer.secret not in server.log.read_text()
    folder = s3.download(tmp_path / "copy")
    for account, region in ((ALICE.id, HERE), (BOB.id, THERE)):
        files = log_files(folder, account, region)
        found = {r["eventID"] for r in records_in(files) if r["eventName"] == "CreateKey"}
        assert len(found) == 3
        wanted -= found
        for file in files:
            assert re.fullmatch(rf"{account}_CloudTrail_{region}_\d{{8}}T\d{{4}}Z_[0-9a-f]{{16}}\.json\.gz", file.name)
    assert not wanted
    for name in digests_of(s3):
        metadata = s3.s3.head_object(Bucket="logs", Key=name)["Metadata"]
        assert metadata == json.loads((folder / f"{name}.metadata").read_text())
        assert metadata["signature-algorithm"] == "SHA256withRSA"
    # The AWS CLI asks the bucket itself for the files, and somebody else for the public key.
    keys = Bucket(folder, "logs")
    code, said = validate(
        keys,
        "files",
        AWS_ENDPOINT_URL_S3=s3.url,
        AWS_ACCESS_KEY_ID=s3.reader.id,
        AWS_SECRET_ACCESS_KEY=s3.reader.secret,
    )
    assert code == 0, said
    number = len(digests_of(s3))
    assert f"{number}/{number} digest files valid" in said, said

    [key] = folder.glob("digest-public-key-*.pem")
    code, said = verify(server, folder, "--json")
    assert code == 0, said
    told = json.loads(said)
    assert told["Intact"] and told["Digests"] == sum("-Digest/" in name for name in s3.objects(".json.gz"))
    assert told["Keys"] == [key.stem.removeprefix("digest-public-key-")]
    kept = tmp_path / "ours.pem"
    kept.write_bytes(key.read_bytes())
    key.unlink()
    code, said = verify(server, folder, "--public-key", str(kept))
    assert code == 0 and "The log files are intact" in said, said
    code, said = verify(server, folder)
    assert code == 2 and "there is no such one" in said, said

    listed = json.loads(gzip.decompress((folder / digests_of(s3)[1]).read_bytes()))["logFiles"][0]["s3Object"]
    for name, fault in ((listed, "was changed"), (digests_of(s3)[1], "was changed")):
        file = folder / name
        before = file.read_bytes()
        file.write_bytes(gzip.compress(gzip.decompress(before).replace(b"111122223333", b"111122223334", 1)))
        code, said = verify(server, folder, "--public-key", str(kept))
        assert code == 2 and name in said and fault in said, said
        file.unlink()
        code, said = verify(server, folder, "--public-key", str(kept), "--json")
        assert code == 2 and "was removed" in json.loads(said)["Fault"], said
        file.write_bytes(before)
    assert verify(server, folder, "--public-key", str(kept))[0] == 0


# REF-121
def test_a_bucket_that_is_out_of_reach_gets_everything(tmp_path, s3):
    credentials = credentials_file(tmp_path / "credentials", Key("AKIAIOSFODNN7EXAMPLE", "nothing that counts there"))
    with running(tmp_path, to_bucket(s3, credentials)) as server:
        create_keys(server, 3)
        soon(lambda: "audit/files" in server.log.read_text())
        server.kill()
        server.start()
        create_keys(server, 2)
        soon(lambda: "audit/files" in server.run("status").stdout.partition("failing")[0])
        # Somebody is there, who does not know the key.
        s3.start()
        soon(lambda: "InvalidAccessKeyId" in server.run("status").stdout or "403" in server.run("status").stdout)
        assert not s3.objects()
        # One that counts is heeded without a restart.
        credentials_file(credentials, s3.writer)
        wanted = {record["eventID"] for record in server.records if record["eventName"] == "CreateKey"}
        assert len(wanted) == 5

        def arrived():
            folder = s3.download(tmp_path / "copy")
            return wanted <= set(ids(records_in(log_files(folder))))

        soon(arrived, 90)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        ("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", "`aws_secret_access_key` is missing"),
        ("aws_secret_access_key = not to be told\n", "`aws_access_key_id` is missing"),
    ],
)
def test_a_bucket_without_an_access_key_is_refused_at_the_start(tmp_path, s3, content, said):
    credentials = tmp_path / "credentials"
    if content is not None:
        credentials.write_text(content)
    server = Server(tmp_path / "server", settings=to_bucket(s3, credentials))
    with pytest.raises(AssertionError, match="did not start"):
        server.start()
    log = server.log.read_text()
    assert "`audit.sinks`: files" in log and said in log and "not to be told" not in log
