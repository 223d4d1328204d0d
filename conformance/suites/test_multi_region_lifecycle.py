"""What becomes of multi-Region keys over time: rotation, imported material and deletion, in three Regions."""

import datetime
import os
import time

import pytest
from harness.clients import all_pages, boto3_client, refused
from harness.imports import Importer, material
from harness.server import ALICE, DevServer

HERE, THERE, FAR = REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
DAY = datetime.timedelta(days=1)
# The clock goes on while a test runs.
CLOSE = datetime.timedelta(minutes=2)


class World:
    """A development server of three Regions, the first account in each of them, and the clock."""

    def __init__(self, folder):
        self.server = DevServer(folder / "server", arguments=["--data-dir", str(folder / "server" / "data")])
        self.server.environment["TRENT_REGIONS"] = ",".join(REGIONS)
        self.server.start()
        self.kms = {region: boto3_client(self.server, ALICE, region) for region in REGIONS}

    def advance(self, days):
        """Lets days pass, or a second; answers once what is due by then is done in each Region."""
        done = self.server.run("clock", "advance", f"{days * 24}h" if days else "1s")
        assert done.returncode == 0, done

    def told(self, region, key):
        return self.kms[region].describe_key(KeyId=key)["KeyMetadata"]

    def until(self, wanted):
        """Waits for the letters between Regions: until what is wanted is there."""
        deadline = time.monotonic() + 20
        while not (found := wanted()):
            assert time.monotonic() < deadline, "it did not come"
            time.sleep(0.02)
        return found

    def until_state(self, region, key, state):
        self.until(lambda: self.told(region, key)["KeyState"] == state)

    def replicate(self, key, *regions, state="Enabled"):
        for region in regions:
            self.kms[HERE].replicate_key(KeyId=key, ReplicaRegion=region)
            self.until_state(region, key, state)

    def set(self, *replicas):
        key = self.kms[HERE].create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
        self.replicate(key, *replicas)
        return key

    def status(self, region, key):
        answer = self.kms[region].get_key_rotation_status(KeyId=key)
        return {name: value for name, value in answer.items() if name not in ("KeyId", "ResponseMetadata")}

    def materials(self, region, key):
        listed = all_pages(
            self.kms[region], "list_key_rotations", "Rotations", KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL"
        )
        return [{name: value for name, value in entry.items() if name != "KeyId"} for entry in listed]

    def states(self, region, key):
        return [entry["KeyMaterialState"] for entry in self.materials(region, key)]

    def seal(self, region, key):
        made = self.kms[region].encrypt(KeyId=key, Plaintext=region.encode())
        return region.encode(), made["CiphertextBlob"]

    def opens(self, region, sealed):
        for plaintext, ciphertext in sealed:
            assert self.kms[region].decrypt(CiphertextBlob=ciphertext)["Plaintext"] == plaintext


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("sets"))
    yield made
    made.server.stop()


# SPK-352, SPK-353, SPK-355, KEY-383, KEY-406
def test_a_set_rotates_as_one(world):
    key = world.set(THERE, FAR)
    primary = world.kms[HERE]
    first = world.told(HERE, key)["CurrentKeyMaterialId"]
    sealed = [world.seal(region, key) for region in REGIONS]
    primary.enable_key_rotation(KeyId=key, RotationPeriodInDays=100)
    told = world.status(HERE, key)
    assert told["KeyRotationEnabled"] and told["RotationPeriodInDays"] == 100
    for region in (THERE, FAR):
        world.until(lambda region=region: world.status(region, key) == told)
        for call in ("enable_key_rotation", "disable_key_rotation", "rotate_key_on_demand"):
            arn = world.told(region, key)["Arn"]
            with refused("UnsupportedOperationException", f"{arn} is not a multi-region primary key."):
                getattr(world.kms[region], call)(KeyId=key)

    def agreed(count):
        listed = [world.materials(region, key) for region in REGIONS]
        return all(one == listed[0] and len(one) == count + 1 for one in listed)

    world.advance(100)
    world.until(lambda: agreed(1))
    sealed += [world.seal(region, key) for region in REGIONS]
    primary.rotate_key_on_demand(KeyId=key)
    world.until(lambda: agreed(2))
    sealed += [world.seal(region, key) for region in REGIONS]
    kinds = [entry.get("RotationType") for entry in world.materials(FAR, key)]
    assert kinds == [None, "AUTOMATIC", "ON_DEMAND"]
    assert len({world.told(region, key)["CurrentKeyMaterialId"] for region in REGIONS} | {first}) == 2
    assert world.status(THERE, key)["NextRotationDate"] == told["NextRotationDate"] + 100 * DAY
    for region in REGIONS:
        world.opens(region, sealed)
    primary.disable_key_rotation(KeyId=key)
    for region in REGIONS:
        world.until(lambda region=region: world.status(region, key) == {"KeyRotationEnabled": False})


# SPK-390, SPK-394, MON-265, MON-279
def test_a_set_ends_with_its_last_replica_and_a_waiting_period(world):
    key = world.set(THERE, FAR)
    sealed = world.seal(THERE, key)
    world.kms[THERE].schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    world.advance(7)
    with refused("NotFoundException"):
        world.told(THERE, key)
    world.until(lambda: len(world.told(HERE, key)["MultiRegionConfiguration"]["ReplicaKeys"]) == 1)
    world.replicate(key, THERE)
    world.opens(THERE, [sealed])
    reply = world.kms[HERE].schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert reply["KeyState"] == "PendingReplicaDeletion" and reply["PendingWindowInDays"] == 7
    assert "DeletionDate" not in reply
    told = world.told(HERE, key)
    assert told["PendingDeletionWindowInDays"] == 7 and "DeletionDate" not in told
    world.advance(30)
    assert world.told(HERE, key)["KeyState"] == "PendingReplicaDeletion"
    for region, days in ((THERE, 7), (FAR, 8)):
        world.kms[region].schedule_key_deletion(KeyId=key, PendingWindowInDays=days)
    replicas = [place["Region"] for place in world.told(HERE, key)["MultiRegionConfiguration"]["ReplicaKeys"]]
    expected = max(world.told(region, key)["DeletionDate"] for region in replicas) + 7 * DAY
    world.advance(7)
    assert world.told(HERE, key)["KeyState"] == "PendingReplicaDeletion"
    world.advance(1)
    world.until_state(HERE, key, "PendingDeletion")
    told = world.told(HERE, key)
    assert abs(told["DeletionDate"] - expected) < CLOSE
    assert told["MultiRegionConfiguration"]["ReplicaKeys"] == []
    world.advance(6)
    world.told(HERE, key)
    world.advance(1)
    with refused("NotFoundException"):
        world.told(HERE, key)


# SPK-359, SPK-361, SPK-362, SPK-366
def test_each_region_is_given_the_same_material(world, tmp_path):
    importers = {region: Importer(world.kms[region], tmp_path) for region in REGIONS}
    plain = os.urandom(32)
    made = world.kms[HERE].create_key(Origin="EXTERNAL", MultiRegion=True)["KeyMetadata"]
    key = made["KeyId"]
    assert made["KeyState"] == "PendingImport"
    assert made["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    world.kms[HERE].import_key_material(**importers[HERE].request(key, plain))
    world.replicate(key, THERE, state="PendingImport")
    with refused("IncorrectKeyMaterialException"):
        world.kms[THERE].import_key_material(**importers[THERE].request(key, os.urandom(32)))
    of_primary = importers[HERE].request(key, plain)
    with refused("InvalidImportTokenException"):
        world.kms[THERE].import_key_material(**of_primary)
    answer = world.kms[THERE].import_key_material(**importers[THERE].request(key, plain))
    assert answer["KeyMaterialId"] == world.told(HERE, key)["CurrentKeyMaterialId"]
    assert world.told(THERE, key)["KeyState"] == "Enabled"
    for one, other in ((HERE, THERE), (THERE, HERE)):
        world.opens(other, [world.seal(one, key)])


# SPK-364, SPK-365
def test_material_expires_in_one_region(world, tmp_path):
    importers = {region: Importer(world.kms[region], tmp_path) for region in REGIONS}
    plain = os.urandom(32)
    key = world.kms[HERE].create_key(Origin="EXTERNAL", MultiRegion=True)["KeyMetadata"]["KeyId"]
    world.kms[HERE].import_key_material(**importers[HERE].request(key, plain))
    world.replicate(key, THERE, state="PendingImport")
    request = importers[THERE].request(key, plain)
    valid_to = world.kms[THERE].get_parameters_for_import(
        KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
    )["ParametersValidTo"]
    world.kms[THERE].import_key_material(**{**request, "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": valid_to})
    assert world.told(THERE, key)["ValidTo"] == valid_to and "ValidTo" not in world.told(HERE, key)
    sealed = world.seal(THERE, key)
    world.advance(2)
    assert world.told(THERE, key)["KeyState"] == "PendingImport"
    assert world.told(HERE, key)["KeyState"] == "Enabled"
    world.opens(HERE, [sealed])
    with refused("KMSInvalidStateException"):
        world.opens(THERE, [sealed])


# SPK-371
def test_new_material_is_imported_everywhere_before_it_is_rotated_to(world, tmp_path):
    importers = {region: Importer(world.kms[region], tmp_path) for region in REGIONS}
    plain = material(tmp_path, "SYMMETRIC_DEFAULT")
    key = world.kms[HERE].create_key(Origin="EXTERNAL", MultiRegion=True)["KeyMetadata"]["KeyId"]
    world.kms[HERE].import_key_material(**importers[HERE].request(key, plain))
    world.replicate(key, THERE, FAR, state="PendingImport")
    for region in (THERE, FAR):
        world.kms[region].import_key_material(**importers[region].request(key, plain))
    sealed = [world.seal(region, key) for region in REGIONS]
    new = os.urandom(32)
    with refused("IncorrectKeyMaterialException"):
        world.kms[THERE].import_key_material(**importers[THERE].request(key, new, ImportType="NEW_KEY_MATERIAL"))
    world.kms[HERE].import_key_material(**importers[HERE].request(key, new, ImportType="NEW_KEY_MATERIAL"))
    waits = ["CURRENT", "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"]
    for region in (THERE, FAR):
        world.until(lambda region=region: world.states(region, key) == waits)
        assert world.states(HERE, key) == waits
        with refused("KMSInvalidStateException"):
            world.kms[HERE].rotate_key_on_demand(KeyId=key)
        request = importers[region].request(key, new, ImportType="EXISTING_KEY_MATERIAL")
        world.kms[region].import_key_material(**request)
    for region in REGIONS:
        world.until(lambda region=region: world.states(region, key) == ["CURRENT", "PENDING_ROTATION"])
    world.kms[HERE].rotate_key_on_demand(KeyId=key)
    for region in REGIONS:
        world.until(lambda region=region: world.states(region, key) == ["NON_CURRENT", "CURRENT"])
        sealed.append(world.seal(region, key))
    for region in REGIONS:
        world.opens(region, sealed)
