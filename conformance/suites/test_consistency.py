"""What a success reply promises: the next request sees it, and so does the server that comes after a crash."""

import concurrent.futures
import random
import threading
import time

from botocore.exceptions import BotoCoreError, ClientError
from harness.clients import all_pages, boto3_client
from harness.server import ALICE

ROUNDS = 200
WRITERS = 4


# REF-473, KEY-438
def test_every_change_is_seen_by_the_next_request_of_any_connection(server):
    first, second = boto3_client(server, ALICE), boto3_client(server, ALICE)
    for number in range(50):
        key = first.create_key(Description=str(number))["KeyMetadata"]["KeyId"]
        assert second.describe_key(KeyId=key)["KeyMetadata"]["Description"] == str(number)
        first.update_key_description(KeyId=key, Description="changed")
        assert second.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "changed"
        second.disable_key(KeyId=key)
        assert first.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
        first.create_alias(AliasName=f"alias/seen-{number}", TargetKeyId=key)
        assert second.describe_key(KeyId=f"alias/seen-{number}")["KeyMetadata"]["KeyId"] == key
        second.delete_alias(AliasName=f"alias/seen-{number}")
        assert first.list_aliases(KeyId=key)["Aliases"] == []


# REF-474
def test_a_key_is_never_half_there(server):
    """While keys are made, readers see each of them whole or not at all, and never an internal error."""
    writer, reader = boto3_client(server, ALICE), boto3_client(server, ALICE)
    made, done = [], threading.Event()
    before = {listed["KeyId"] for listed in all_pages(reader, "list_keys", "Keys")}

    def write():
        for _ in range(60):
            made.append(writer.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"])
        done.set()

    with concurrent.futures.ThreadPoolExecutor() as pool:
        writing = pool.submit(write)
        while not done.is_set():
            # Those of other tests may have any policy.
            new = {listed["KeyId"] for listed in all_pages(reader, "list_keys", "Keys")} - before
            for key in sorted(new)[-5:]:
                try:
                    described = reader.describe_key(KeyId=key)["KeyMetadata"]
                    assert described["KeyState"] in ("Enabled", "Disabled")
                except ClientError as error:
                    assert error.response["Error"]["Code"] in ("NotFoundException", "KMSInvalidStateException")
        writing.result()
    for metadata in made:
        assert reader.describe_key(KeyId=metadata["KeyId"])["KeyMetadata"] == metadata


class Writer:
    """Changes keys until the server is gone; remembers what was acknowledged and the one change that was not."""

    def __init__(self, server, number):
        self.kms = boto3_client(server, ALICE, read_timeout=5, connect_timeout=2)
        self.number = number
        self.acknowledged = []
        self.pending = None

    def run(self):
        key, count = None, 0
        try:
            while True:
                count += 1
                if key is None or count % 7 == 0:
                    self.pending = ("create", None, None)
                    key = self.kms.create_key(Description=f"{self.number}")["KeyMetadata"]["KeyId"]
                    self.acknowledge("create", key, f"{self.number}")
                elif count % 3 == 0:
                    text = f"{self.number}-{count}-{random.random()}"
                    self.pending = ("describe", key, text)
                    self.kms.update_key_description(KeyId=key, Description=text)
                    self.acknowledge("describe", key, text)
                else:
                    text = f"{count}"
                    self.pending = ("tag", key, text)
                    self.kms.tag_resource(KeyId=key, Tags=[{"TagKey": "n", "TagValue": text}])
                    self.acknowledge("tag", key, text)
        except (BotoCoreError, ClientError, OSError) as end:
            assert not isinstance(end, ClientError), end

    def acknowledge(self, kind, key, text):
        self.acknowledged.append((kind, key, text))
        self.pending = None


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(own_server):
    """Two hundred rounds of writing, killing at a random moment, starting again and looking."""
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    everything = set()
    for number in range(ROUNDS):
        writers = [Writer(own_server, n) for n in range(WRITERS)]
        threads = [threading.Thread(target=w.run) for w in writers]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.005, 0.15))
        own_server.kill()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
        own_server.start()
        kms = boto3_client(own_server, ALICE)
        where = f"round {number}, seed {seed}"
        descriptions, tags = {}, {}
        for writer in writers:
            for kind, key, text in writer.acknowledged:
                everything.add(key)
                (tags if kind == "tag" else descriptions)[key] = {text}
            if writer.pending and writer.pending[1]:
                kind, key, text = writer.pending
                (tags if kind == "tag" else descriptions).setdefault(key, {None}).add(text)
        for key, allowed in descriptions.items():
            assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] in allowed, where
        for key, allowed in tags.items():
            found = {t["TagValue"] for t in kms.list_resource_tags(KeyId=key)["Tags"]} or {None}
            assert found <= allowed, where
    present = {k["KeyId"] for k in all_pages(kms, "list_keys", "Keys", PaginationConfig={"PageSize": 1000})}
    assert everything <= present, f"seed {seed}"
    assert len(everything) > ROUNDS / 2, "the writers hardly wrote"
