"""When keys were used last, as real clients see it."""

from harness.clients import boto3_client
from harness.server import ALICE


def last_use(kms, key):
    answer = kms.get_key_last_usage(KeyId=key)
    assert answer["KeyId"] == key and answer["TrackingStartDate"] >= answer["KeyCreationDate"]
    return answer["KeyLastUsage"]


def test_the_last_use_of_a_key_outlives_a_restart(own_server):
    kms = boto3_client(own_server, ALICE)
    key, unused = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.describe_key(KeyId=key)
    assert last_use(kms, key)["Operation"] == "Encrypt"
    answer = kms.decrypt(CiphertextBlob=sealed)
    used = last_use(kms, key)
    assert used["Operation"] == "Decrypt"
    assert used["KmsRequestId"] == answer["ResponseMetadata"]["RequestId"]
    assert own_server.stop() == 0
    own_server.start()
    assert last_use(kms, key) == used
    assert last_use(kms, unused) == {}
