"""Replies sealed to attested recipients: documents of a platform of the tests' own, opened with the enclave's key."""

import urllib.request

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from harness import trail
from harness.clients import boto3_client, refused
from harness.enclaves import MODULE, Enclave, Platform
from harness.identities import Role, User, allowed, fresh, key_under, statement, to
from harness.server import ALICE, Server

FOUR = ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:GenerateRandom"]
IMAGE = "kms:RecipientAttestation:ImageSha384"
SECRET = b"nobody else's business"


@pytest.fixture(scope="module")
def platform():
    return Platform()


@pytest.fixture(scope="module")
def enclave():
    return Enclave()


@pytest.fixture(scope="module")
def trusting(tmp_path_factory, platform):
    """A server whose operator trusts the platform."""
    folder = tmp_path_factory.mktemp("trusting")
    roots = folder / "roots.pem"
    roots.write_bytes(platform.root())
    running = Server(folder / "server", settings=f'attestation.roots_file = "{roots}"\n').start()
    yield running
    assert running.stop() == 0, "the server did not stop cleanly"


@pytest.fixture(scope="module")
def kms(trusting):
    return boto3_client(trusting, ALICE)


@pytest.fixture(scope="module")
def user(trusting):
    return User(trusting, boto3_client(trusting, ALICE, service="iam"), ALICE, fresh("starter"))


def recipient(document):
    return {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": document}


def records(server, name):
    return trail.records(server, eventName=name)


# AUTHZ-183, REF-317, REF-318, REF-319, REF-321
@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_only_the_enclave_can_open_the_reply(kms, platform, bits, tmp_path):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    enclave = Enclave(bits=bits)
    attested = {"Recipient": recipient(platform.attest(enclave))}
    sealed = kms.encrypt(KeyId=key, Plaintext=SECRET)["CiphertextBlob"]
    curve = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")["KeyMetadata"]["KeyId"]
    peer = kms.get_public_key(KeyId=curve)["PublicKey"]
    agreement = {"KeyId": curve, "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer}
    replies = [
        kms.decrypt(CiphertextBlob=sealed, **attested),
        kms.generate_data_key(KeyId=key, KeySpec="AES_256", **attested),
        kms.generate_random(NumberOfBytes=48, **attested),
        kms.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256", **attested),
        kms.derive_shared_secret(**agreement, **attested),
    ]
    for reply in replies:
        assert not {"Plaintext", "PrivateKeyPlaintext", "SharedSecret"} & {name for name in reply if reply[name]}
        assert "KeyMaterialId" not in reply
    opened = [enclave.opened(reply["CiphertextForRecipient"]) for reply in replies]
    by_openssl = [enclave.opened_by_openssl(reply["CiphertextForRecipient"], tmp_path) for reply in replies]
    assert opened == by_openssl
    assert opened[0] == SECRET
    assert opened[1] == kms.decrypt(CiphertextBlob=replies[1]["CiphertextBlob"])["Plaintext"]
    assert len(opened[2]) == 48
    assert opened[3] == kms.decrypt(CiphertextBlob=replies[3]["PrivateKeyCiphertextBlob"])["Plaintext"]
    assert opened[4] == kms.derive_shared_secret(**agreement)["SharedSecret"]
    with pytest.raises(ValueError):
        Enclave().opened(replies[0]["CiphertextForRecipient"])


# AUTHZ-188, REF-334
def test_the_image_that_a_key_policy_names(kms, user, platform, enclave):
    role, other = Role(user), Role(user)
    condition = {"StringEqualsIgnoreCase": {IMAGE: enclave.register(0).upper()}}
    key = key_under(kms, to(role.arn, {**statement(FOUR), "Condition": condition}))["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=SECRET)["CiphertextBlob"]
    matching = {"Recipient": recipient(platform.attest(enclave))}
    different = {"Recipient": recipient(platform.attest(Enclave(measured=0x10)))}

    def answers(client):
        calls = [
            (client.decrypt, {"CiphertextBlob": sealed}),
            (client.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
            (client.generate_data_key_pair, {"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}),
        ]
        for call, request in calls:
            yield [allowed(call, **request, **attested) for attested in (matching, different, {})]

    assert list(answers(role.client())) == [[True, False, False]] * 3
    assert list(answers(other.client())) == [[False, False, False]] * 3
    reply = role.client().decrypt(CiphertextBlob=sealed, **matching)
    assert enclave.opened(reply["CiphertextForRecipient"]) == SECRET


# AUTHZ-189, REF-334
def test_a_register_that_a_key_policy_names(kms, user, platform, enclave):
    client = (role := Role(user)).client()
    digits = enclave.register(1)
    matching = {"Recipient": recipient(platform.attest(enclave))}
    different = {"Recipient": recipient(platform.attest(Enclave(measured=0x10)))}
    for written in (digits, digits.upper(), f"0x{digits}", f"0x{digits.upper()}"):
        condition = {"StringEqualsIgnoreCase": {"kms:RecipientAttestation:PCR1": written}}
        key = key_under(kms, to(role.arn, {**statement("kms:Decrypt"), "Condition": condition}))["KeyId"]
        sealed = kms.encrypt(KeyId=key, Plaintext=SECRET)["CiphertextBlob"]
        answers = [allowed(client.decrypt, CiphertextBlob=sealed, **attested) for attested in (matching, different, {})]
        assert answers == [True, False, False], written


# AUTHZ-190
def test_random_bytes_are_under_iam_policies_alone(kms, user, platform, enclave):
    condition = {"StringEqualsIgnoreCase": {IMAGE: enclave.register(0)}}
    conditional = {**statement("kms:GenerateRandom"), "Condition": condition}
    named, permitted = Role(user), Role(user, conditional)
    # Accepted, and without effect.
    key_under(kms, to(named.arn, conditional))
    matching = {"Recipient": recipient(platform.attest(enclave))}
    different = {"Recipient": recipient(platform.attest(Enclave(measured=0x10)))}
    for role, expected in ((named, [False, False, False]), (permitted, [True, False, False])):
        call = role.client().generate_random
        assert [allowed(call, NumberOfBytes=8, **attested) for attested in (matching, different, {})] == expected


# AUTHZ-93
def test_registers_of_a_tpm(kms, user, platform):
    client = (role := Role(user)).client()
    instance = Enclave()
    registers = {"pcrs": ..., "nitrotpm_pcrs": {4: b"\xb4" * 48, 7: b"\xb7" * 48}}
    for name, expected in (("NitroTPMPCR7", True), ("NitroTPMPCR4", False), ("PCR7", False)):
        condition = {"StringEquals": {f"kms:RecipientAttestation:{name}": "b7" * 48}}
        key = key_under(kms, to(role.arn, {**statement("kms:GenerateDataKey"), "Condition": condition}))["KeyId"]
        attested = {"Recipient": recipient(platform.attest(instance, **registers))}
        assert allowed(client.generate_data_key, KeyId=key, KeySpec="AES_128", **attested) is expected, name


# AUTHZ-184, REF-324
def test_no_document_that_is_wrong_leads_to_plaintext(kms, user, platform, enclave):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=SECRET)["CiphertextBlob"]
    good = platform.attest(enclave)
    strange = Platform()
    wrong = {
        "its signature does not verify": good[:-1] + bytes([good[-1] ^ 1]),
        "its certificates do not lead to a root that is trusted here": strange.attest(enclave),
        "it was made more than 5 minutes ago": platform.attest(enclave, timestamp=1_600_000_000_000),
        "its timestamp lies in the future": platform.attest(enclave, timestamp=4_000_000_000_000),
        "it has no public key": platform.attest(enclave, public_key=...),
        "its member `pcrs` is missing": platform.attest(enclave, pcrs=...),
        "its `digest` is not SHA384": platform.attest(enclave, digest="SHA256"),
        "it is not a COSE_Sign1 message": b"attested, honestly",
    }
    # A chain that begins with the right root and goes on with somebody else's certificates.
    own = [link.public_bytes(Encoding.DER) for link in strange.chain]
    grafted = strange.attest(enclave, cabundle=[platform.chain[0].public_bytes(Encoding.DER), own[1]])
    wrong["certificate 1 of its chain is not signed by the one before it"] = grafted
    absent = {"Null": {IMAGE: "true"}}
    role = Role(user, {**statement("kms:*", effect="Deny"), "Condition": absent}, statement("kms:*"))
    for fault, document in wrong.items():
        attested = {"Recipient": recipient(document)}
        calls = [
            lambda client: client.decrypt(CiphertextBlob=sealed, **attested),  # noqa: B023
            lambda client: client.generate_data_key(KeyId=key, KeySpec="AES_256", **attested),  # noqa: B023
            lambda client: client.generate_random(NumberOfBytes=8, **attested),  # noqa: B023
        ]
        for call in calls:
            with refused("ValidationException", f"The attestation document in Recipient is not accepted: {fault}."):
                call(kms)
            # Where the keys must be there, they are not: nothing that is not believed reaches a policy.
            believed = fault == "it has no public key"
            with refused("ValidationException" if believed else "AccessDeniedException"):
                call(role.client())


def test_what_a_recipient_must_say(kms, platform, enclave):
    document = platform.attest(enclave)
    with refused("ValidationException"):
        kms.generate_random(NumberOfBytes=8, Recipient={"AttestationDocument": document})
    with refused("ValidationException", "Recipient has no AttestationDocument."):
        kms.generate_random(NumberOfBytes=8, Recipient={"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256"})
    with refused("ValidationException"):
        kms.generate_random(NumberOfBytes=8, Recipient={**recipient(document), "KeyEncryptionAlgorithm": "RSA"})


# AUTHZ-193
def test_a_root_is_the_operators_to_configure_and_does_not_go_unnoticed(server, trusting, platform, enclave, tmp_path):
    usual = boto3_client(server, ALICE)
    attested = {"Recipient": recipient(platform.attest(enclave))}
    unknown = "its certificates do not lead to a root that is trusted here"
    with refused("ValidationException", f"The attestation document in Recipient is not accepted: {unknown}."):
        usual.generate_random(NumberOfBytes=8, **attested)

    def health(of):
        with urllib.request.urlopen(f"{of.endpoint}/_trent/health", timeout=5) as reply:
            return reply.read().decode()

    assert health(server) == "ok"
    assert health(trusting) == f"ok\nattestation root: {platform.fingerprint()}"
    note = f"attestation documents of a root that is not AWS's are believed; its SHA-256 is {platform.fingerprint()}"
    assert note in trusting.run("config", "check").stdout
    assert note in trusting.log.read_text()
    # What is no root is not taken for one.
    for content, said in (
        (b"", "has no certificate"),
        (platform.chain[1].public_bytes(Encoding.PEM), "a certificate in it names another issuer"),
        (platform.chain[2].public_bytes(Encoding.PEM), "a certificate in it is not an authority's"),
    ):
        (tmp_path / "roots.pem").write_bytes(content)
        other = Server(tmp_path / "other", settings=f'attestation.roots_file = "{tmp_path}/roots.pem"\n')
        made = other.run("config", "check")
        assert made.returncode != 0 and said in made.stdout, made.stdout


# AUTHZ-191, REF-326, MON-96
def test_the_record_says_who_the_recipient_was(kms, trusting, platform, enclave):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    attested = {"Recipient": recipient(platform.attest(enclave))}
    kms.generate_data_key(KeyId=key, KeySpec="AES_256", **attested)
    expected = {"attestationDocumentModuleId": MODULE}
    expected["attestationDocumentEnclaveImageDigest"] = enclave.register(0)
    expected |= {f"attestationDocumentEnclavePCR{index}": enclave.register(index) for index in (1, 2, 3, 4, 8)}
    expected["attestationDocumentRootSha256"] = platform.fingerprint()
    record = records(trusting, "GenerateDataKey")[-1]
    assert record["additionalEventData"] == {"recipient": expected}
    assert record["responseElements"] is None
    kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    assert "additionalEventData" not in records(trusting, "GenerateDataKey")[-1]
