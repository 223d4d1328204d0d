"""What requests of the table of records are about: a key of its own for each, and whatever they need beside it."""

import datetime
import functools
import os
import re

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from harness.clients import until
from harness.identities import fresh, tags
from harness.record_table import CONTEXT, SIGNED, TAGGED, WRAPPING
from harness.trail import in_words

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
PLACE = re.compile(r"\{([\w.]+)\}")


class Scene:
    """A key of a kind; everything else is made when a request asks for it. `owner` makes it, `grantee` is some user."""

    def __init__(self, owner, away, grantee, kind, **creation):
        self.owner, self.away, self.grantee = owner, away, grantee
        made = owner.create_key(Tags=tags(row="x", more="y"), **kind, **creation)["KeyMetadata"]
        self.key, self.arn, self.account = made["KeyId"], made["Arn"], made["AWSAccountId"]
        self.alias, self.message = f"alias/{fresh('new')}", os.urandom(24)
        self.answer = {}

    def filled(self, value):
        """A value of the table with everything put in its place."""
        if isinstance(value, dict):
            return {name: self.filled(it) for name, it in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.filled(it) for it in value]
        place = PLACE.fullmatch(value) if isinstance(value, str) else None
        if place is None:
            return value
        of, _, member = place[1].partition(".")
        found = getattr(self, of)[member] if member else getattr(self, of)
        return in_words(found) if member.endswith("Date") else found

    def answered(self, answer):
        """Takes note of a reply, for what the record has of it."""
        self.answer = {**answer, **answer.get("KeyMetadata", {}), **answer.get("ReplicaKeyMetadata", {})}

    def aliased(self, key):
        name = f"alias/{fresh('taken')}"
        self.owner.create_alias(AliasName=name, TargetKeyId=key)
        return name

    def arn_of(self, alias):
        return f"{self.arn.rsplit(':', 1)[0]}:{alias}"

    @property
    def alias_arn(self):
        return self.arn_of(self.alias)

    @functools.cached_property
    def taken_alias(self):
        return self.aliased(self.key)

    @property
    def taken_alias_arn(self):
        return self.arn_of(self.taken_alias)

    @functools.cached_property
    def other(self):
        return self.owner.create_key()["KeyMetadata"]["KeyId"]

    @property
    def other_arn(self):
        return self.arn.replace(self.key, self.other)

    @functools.cached_property
    def other_alias(self):
        return self.aliased(self.other)

    @property
    def other_alias_arn(self):
        return self.arn_of(self.other_alias)

    @functools.cached_property
    def bare(self):
        return self.owner.encrypt(KeyId=self.key, Plaintext=self.message)["CiphertextBlob"]

    @functools.cached_property
    def ciphertext(self):
        made = self.owner.encrypt(KeyId=self.key, Plaintext=self.message, EncryptionContext=CONTEXT)
        return made["CiphertextBlob"]

    @functools.cached_property
    def signature(self):
        return self.owner.sign(KeyId=self.key, **self.filled(SIGNED))["Signature"]

    @functools.cached_property
    def mac(self):
        return self.owner.generate_mac(KeyId=self.key, **self.filled(TAGGED))["Mac"]

    @functools.cached_property
    def peer(self):
        form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        return ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*form)

    @functools.cached_property
    def encapsulated(self):
        made = self.owner.encapsulate(KeyId=self.key, EncapsulationAlgorithm="ML_KEM")
        return made["SharedSecretCiphertextBlob"]

    @functools.cached_property
    def scheduled(self):
        self.owner.schedule_key_deletion(KeyId=self.key)
        return self.key

    @functools.cached_property
    def replicated(self):
        self.owner.replicate_key(KeyId=self.key, ReplicaRegion="us-west-2")
        until(self.away, self.key, KeyState="Enabled")
        return self.key

    @property
    def replica_arn(self):
        return self.arn.replace("us-east-1", "us-west-2")

    @functools.cached_property
    def parameters(self):
        return self.owner.get_parameters_for_import(KeyId=self.key, **WRAPPING)

    @property
    def token(self):
        return self.parameters["ImportToken"]

    @functools.cached_property
    def material(self):
        return os.urandom(32)

    @functools.cached_property
    def wrapped(self):
        return serialization.load_der_public_key(self.parameters["PublicKey"]).encrypt(self.material, OAEP)

    @functools.cached_property
    def imported(self):
        import_ = {"ImportToken": self.token, "EncryptedKeyMaterial": self.wrapped}
        self.owner.import_key_material(KeyId=self.key, ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE", **import_)
        return self.key

    @functools.cached_property
    def valid_to(self):
        return datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(days=30)

    @property
    def valid_to_in_words(self):
        return in_words(self.valid_to)

    @functools.cached_property
    def granted(self):
        given = {"GranteePrincipal": self.grantee, "Operations": ["Encrypt"]}
        return self.owner.create_grant(KeyId=self.key, RetiringPrincipal=f"arn:aws:iam::{self.account}:root", **given)

    @property
    def grant(self):
        return self.granted["GrantId"]

    @property
    def grant_token(self):
        return self.granted["GrantToken"]

    @functools.cached_property
    def grants_marker(self):
        for name in ("first", "second"):
            given = {"GranteePrincipal": self.grantee, "Operations": ["Encrypt"], "Name": name}
            self.owner.create_grant(KeyId=self.key, **given)
        return self.owner.list_grants(KeyId=self.key, Limit=1)["NextMarker"]

    @functools.cached_property
    def tags_marker(self):
        return self.owner.list_resource_tags(KeyId=self.key, Limit=1)["NextMarker"]

    @functools.cached_property
    def aliases_marker(self):
        return self.owner.list_aliases(Limit=1)["NextMarker"]

    @functools.cached_property
    def keys_marker(self):
        self.other  # noqa: B018  (a second key, so that there is a second page)
        return self.owner.list_keys(Limit=1)["NextMarker"]
