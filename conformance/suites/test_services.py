"""What policies and grants say of registered services, as themselves and for principals: the worked examples."""

import base64
import json

import pytest
from harness.clients import refused
from harness.identities import allowed, fresh, policy, statement
from harness.server import ALICE, BOB
from harness.services import SOURCE_ACCOUNT, SOURCE_ARN, TOKEN, encrypts, kms_request, send, to

HERE, WEST = "us-east-1", "us-west-2"
TRAIL = f"arn:aws:cloudtrail:{HERE}:{ALICE.id}:trail/finance"


@pytest.fixture
def user(place):
    """A user of the first account who may do nothing yet."""
    return place.user()


@pytest.fixture
def key_of(place):
    """Makes keys with these statements in their policies."""
    return place.key


# AUTHZ-175, AUTHZ-176, AUTHZ-87
def test_a_key_is_limited_to_what_some_services_do_for_a_role(place, key_of):
    iam, name = place.client("iam"), fresh("ExampleRole")
    trust = {"Effect": "Allow", "Principal": {"AWS": ALICE.id}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy(trust)))["Role"]["Arn"]
    uses = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant"]
    via = {"kms:ViaService": [f"ec2.{WEST}.amazonaws.com", f"rds.{WEST}.amazonaws.com"]}
    uses = statement([*uses, "kms:ListGrants", "kms:DescribeKey"], StringEquals=via)
    key = key_of(to({"AWS": role}, uses), region=WEST)
    helper = place.user()
    helper.may(statement("sts:AssumeRole"))
    session = helper.client("sts").assume_role(RoleArn=role, RoleSessionName="attach")["Credentials"]
    for service, passes in ((place.ec2, True), (place.rds, True), (place.s3, False)):
        client = service.on_behalf_of(session, WEST)
        assert encrypts(client, key) is passes, service.name
        assert allowed(client.generate_data_key, KeyId=key, KeySpec="AES_256") is passes
        assert allowed(client.describe_key, KeyId=key) is passes
    # The same role without a service between, and the service without the role.
    headers, body = kms_request("Encrypt", {"KeyId": key, "Plaintext": "eA=="})
    assert send(place.server, session, "kms", body, headers, WEST).code == "AccessDeniedException"
    assert not encrypts(place.ec2.kms(WEST), key)


# AUTHZ-177
def test_what_one_service_does_is_denied(place, key_of, user):
    denied = statement("kms:Encrypt", effect="Deny", StringEquals={"kms:ViaService": [f"lambda.{WEST}.amazonaws.com"]})
    key = key_of(to("*", denied), region=WEST)
    user.may(statement("kms:*"))
    through = place.__dict__["lambda"].on_behalf_of(user, WEST)
    assert not encrypts(through, key)
    assert through.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    assert encrypts(user.client(region=WEST), key)
    assert encrypts(place.s3.on_behalf_of(user, WEST), key)


# SPK-12, SPK-181
@pytest.mark.parametrize(
    ("spec", "usage"),
    [("HMAC_256", "GENERATE_VERIFY_MAC"), ("RSA_2048", "ENCRYPT_DECRYPT"), ("ECC_NIST_P256", "SIGN_VERIFY")],
)
def test_services_protect_data_with_symmetric_keys_alone(place, user, spec, usage):
    user.may(statement("kms:*"))
    arn = user.client().create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]
    ec2 = place.ec2.on_behalf_of(user)
    for name in ("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"):
        call = {"GenerateDataKey": ec2.generate_data_key}.get(name, ec2.generate_data_key_without_plaintext)
        with refused("InvalidKeyUsageException", f"{arn} key usage is {usage} which is not valid for {name}."):
            call(KeyId=arn, KeySpec="AES_256")
    for operation in ("GenerateDataKey", "GenerateDataKeyWithoutPlaintext"):
        with refused("ValidationException"):
            ec2.create_grant(KeyId=arn, GranteePrincipal=user.arn, Operations=[operation])
    assert user.client().list_grants(KeyId=arn)["Grants"] == []


# AUTHZ-178, KEY-12
def test_a_managed_key_is_used_by_its_service_for_principals_of_the_account(place, user):
    user.may(statement("kms:*"))
    direct = user.client()
    key = direct.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["Arn"]
    document = json.loads(direct.get_key_policy(KeyId=key)["Policy"])
    assert document["Statement"][0]["Condition"]["StringEquals"] == {
        "kms:CallerAccount": ALICE.id,
        "kms:ViaService": f"ec2.{HERE}.amazonaws.com",
    }
    root = place.client("kms")
    for client in (direct, root, place.s3.on_behalf_of(user), place.ec2.kms()):
        assert not allowed(client.generate_data_key, KeyId=key, KeySpec="AES_256")
        assert not encrypts(client, key)
    context = {"aws:ebs:id": "vol-0cfb133e847d28be9"}
    ec2 = place.ec2.on_behalf_of(user)
    made = ec2.generate_data_key_without_plaintext(KeyId="alias/aws/ebs", NumberOfBytes=64, EncryptionContext=context)
    assert made["KeyId"] == key
    opened = ec2.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
    assert len(opened["Plaintext"]) == 64
    assert not allowed(direct.decrypt, CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
    # A principal of another account, for whom the same service calls.
    stranger = place.ec2.on_behalf_of(BOB)
    assert not allowed(stranger.generate_data_key, KeyId=key, KeySpec="AES_256")


# POL-177, POL-178, POL-179, AUTHZ-146
def test_grants_are_made_for_resources_of_services_alone(place, key_of, user):
    grants = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
    attach = to({"AWS": user.arn}, statement(grants, Bool={"kms:GrantIsForAWSResource": True}))
    key = key_of(attach, delegating=False)
    direct, ec2 = user.client(), place.ec2.on_behalf_of(user)
    ask = {"KeyId": key, "GranteePrincipal": user.arn, "Operations": ["Decrypt"]}
    with user.denied("kms:CreateGrant", key, "because no resource-based policy allows the kms:CreateGrant action"):
        direct.create_grant(**ask)
    made = ec2.create_grant(**ask)["GrantId"]
    listed = ec2.list_grants(KeyId=key)["Grants"]
    assert [(grant["GrantId"], grant["GranteePrincipal"]) for grant in listed] == [(made, user.arn)]
    assert not allowed(direct.list_grants, KeyId=key)
    assert not allowed(direct.revoke_grant, KeyId=key, GrantId=made)
    # Every service that uses grants is meant, unless a policy narrows it.
    assert allowed(place.rds.on_behalf_of(user).list_grants, KeyId=key)
    # The permission is for grants alone: what else the service would do is the user's own to be allowed.
    assert not encrypts(ec2, key)
    ec2.revoke_grant(KeyId=key, GrantId=made)
    narrowed = {"StringEquals": {"kms:ViaService": f"ec2.{HERE}.amazonaws.com"}}
    narrow = to({"AWS": user.arn}, statement("kms:ListGrants", Bool={"kms:GrantIsForAWSResource": "true"}, **narrowed))
    key = key_of(narrow, delegating=False)
    assert allowed(ec2.list_grants, KeyId=key)
    assert not allowed(place.rds.on_behalf_of(user).list_grants, KeyId=key)


# POL-214, POL-215
def test_one_service_for_one_account_and_one_resource(place, key_of, user):
    resource = f"arn:aws:geo:{WEST}:{ALICE.id}:tracker/SAMPLE-Tracker"
    needs = {
        "kms:ViaService": f"geo.{WEST}.amazonaws.com",
        "kms:CallerAccount": ALICE.id,
        "kms:EncryptionContext:aws:geo:arn": resource,
    }
    stranger = place.user(BOB)
    stranger.may(statement("kms:*"))
    both = {"AWS": [user.arn, stranger.arn]}
    key = key_of(to(both, statement("kms:CreateGrant", StringEquals=needs)), delegating=False, region=WEST)

    def passes(client, name="SAMPLE-Tracker"):
        pairs = {"aws:geo:arn": resource.replace("SAMPLE-Tracker", name)}
        constraints = {"Constraints": {"EncryptionContextEquals": pairs}} if name else {}
        grant = {"KeyId": key, "GranteePrincipal": user.arn, "Operations": ["Decrypt"], **constraints}
        return allowed(client.create_grant, **grant)

    geo = place.geo.on_behalf_of(user, WEST)
    assert passes(geo)
    assert not passes(user.client(region=WEST)), "no service"
    assert not passes(place.s3.on_behalf_of(user, WEST)), "another service"
    assert not passes(place.geo.on_behalf_of(stranger, WEST)), "another account"
    assert not passes(geo, "other"), "another resource"
    assert not passes(geo, ""), "no resource"


# POL-212
def test_a_condition_on_the_context_never_holds_where_there_is_none(place, key_of, user):
    context = {"aws:geo:arn": "tracker"}
    needs = {"StringEquals": {"kms:EncryptionContext:aws:geo:arn": "tracker"}}
    asks = ["kms:DescribeKey", "kms:Encrypt", "kms:GetKeyPolicy", "kms:ListGrants"]
    key = key_of(to({"AWS": user.arn}, statement(asks, **needs)), delegating=False)
    for client in (user.client(), place.geo.on_behalf_of(user)):
        assert encrypts(client, key, EncryptionContext=context)
        for call in (client.describe_key, client.get_key_policy, client.list_grants):
            assert not allowed(call, KeyId=key)


# POL-213, POL-216, POL-218, POL-219, POL-220
def test_a_trail_is_encrypted_by_its_service_for_this_trail_alone(place, key_of, user):
    made = statement(
        "kms:GenerateDataKey",
        ArnEquals={"aws:SourceArn": TRAIL},
        StringLike={"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{ALICE.id}:trail/*"},
    )
    key = key_of(to({"Service": "cloudtrail.amazonaws.com"}, made), to({"AWS": user.arn}, made), delegating=False)

    def passes(client, trail=TRAIL):
        context = {"aws:cloudtrail:arn": trail}
        return allowed(client.generate_data_key, KeyId=key, KeySpec="AES_256", EncryptionContext=context)

    other_trail = TRAIL.replace("finance", "marketing")
    assert passes(place.cloudtrail.for_resource(TRAIL))
    assert passes(place.cloudtrail.for_resource(TRAIL), other_trail), "each of the two holds by itself"
    assert not passes(place.cloudtrail.for_resource(other_trail), other_trail)
    assert not passes(place.cloudtrail.for_resource(TRAIL), TRAIL.replace(ALICE.id, BOB.id))
    assert not passes(place.cloudtrail.kms()), "the service does not say for what"
    assert not passes(place.s3.for_resource(TRAIL)), "another service"
    assert not passes(user.client()), "a user has no source"
    assert not passes(place.cloudtrail.on_behalf_of(user)), "neither has one for whom a service calls"


# AUTHZ-36, AUTHZ-37, AUTHZ-54, POL-216
def test_a_source_is_the_service_s_to_say_and_no_user_s(place, key_of, user):
    user.may(statement("kms:*"))
    for needs, client in (
        ({"aws:SourceArn": "arn:aws:s3:::bucket-1"}, place.s3.for_resource("arn:aws:s3:::bucket-1")),
        ({"aws:SourceAccount": ALICE.id}, place.s3.for_resource(account=ALICE.id)),
        ({"aws:SourceAccount": ALICE.id}, place.cloudtrail.for_resource(TRAIL)),
    ):
        condition = {"StringEquals": needs}
        service = {"Service": ["s3.amazonaws.com", f"cloudtrail.{HERE}.amazonaws.com"]}
        key = key_of(to(service, statement("kms:Encrypt", **condition)), delegating=False)
        assert encrypts(client, key)
        assert not encrypts(place.s3.kms(), key)
        only = key_of(to({"AWS": user.arn}, statement("kms:Encrypt", **condition)), delegating=False)
        assert not encrypts(user.client(), only)
        assert not encrypts(place.s3.on_behalf_of(user), only)
    # The account of the resource is that in its ARN, and one that the service serves.
    code = "AccessDeniedException"
    for arn, account, header in (
        (TRAIL, BOB.id, SOURCE_ACCOUNT),
        (TRAIL.replace(ALICE.id, BOB.id), None, SOURCE_ARN),
        ("arn:aws:cloudtrail:*", None, SOURCE_ARN),
        (None, BOB.id, SOURCE_ACCOUNT),
        (None, "1111", SOURCE_ACCOUNT),
    ):
        with refused(code, f"The header '{header}' of the request is not accepted."):
            place.cloudtrail.for_resource(arn, account).list_keys()


# AUTHZ-47
def test_the_organization_of_the_source_is_known(place, key_of):
    path = "o-exampleorg/r-ab12/ou-ab12-workload/"
    needs = {
        "StringEquals": {"aws:SourceOrgID": "o-exampleorg"},
        "ForAnyValue:StringLike": {"aws:SourceOrgPaths": path},
    }
    key = key_of(to({"Service": "s3.amazonaws.com"}, statement("kms:Encrypt", **needs)))
    assert encrypts(place.s3.for_resource("arn:aws:s3:::bucket-1", ALICE.id), key)
    assert not encrypts(place.s3.for_resource("arn:aws:s3:::bucket-1", BOB.id), key)
    assert not encrypts(place.s3.for_resource("arn:aws:s3:::bucket-1"), key)


# AUTHZ-50
def test_a_service_calls_from_its_own_address(place, key_of, user):
    key = key_of()
    outside = statement("kms:*", effect="Deny", NotIpAddress={"aws:SourceIp": ["127.0.0.1/32"]})
    user.may(statement("kms:*"), outside)
    made = user.client().generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256")["CiphertextBlob"]
    headers, body = kms_request("Decrypt", {"KeyId": key, "CiphertextBlob": base64.b64encode(made).decode()})
    assert send(place.server, user, "kms", body, headers, source="127.0.0.1").status == 200
    assert send(place.server, user, "kms", body, headers, source="127.0.0.2").code == "AccessDeniedException"
    through = {**headers, TOKEN: place.ec2.token(user)}
    attached = place.ec2.send("kms", body, through, source="127.0.0.2")
    assert attached.code == "AccessDeniedException"
    assert "explicit deny in an identity-based policy" in attached.message
    exempted = statement(
        "kms:*",
        effect="Deny",
        NotIpAddress={"aws:SourceIp": ["127.0.0.1/32"]},
        Bool={"aws:ViaAWSService": "false"},
    )
    user.may(statement("kms:*"), exempted)
    assert place.ec2.send("kms", body, through, source="127.0.0.2").status == 200


# AUTHZ-51
def test_a_key_for_one_network_is_closed_to_services(place, key_of, user):
    user.may(statement("kms:*"))
    for name in ("aws:SourceVpc", "aws:SourceVpce"):
        denied = statement("kms:Decrypt", effect="Deny", StringNotEquals={name: f"{name[10:].lower()}-1111bbbb"})
        key = key_of(to({"AWS": user.arn}, denied))
        made = user.client().generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256")["CiphertextBlob"]
        assert not allowed(place.ec2.on_behalf_of(user).decrypt, CiphertextBlob=made)


# AUTHZ-46
def test_the_chain_of_services_is_told_from_first_to_last(place, key_of, user):
    user.may(statement("kms:*"))
    forms, last = place.s3.token(user), place.ec2
    chained = last.kms(**{TOKEN: last.token_of(place.s3, forms)})
    direct, through = user.client(), place.ec2.on_behalf_of(user)
    s3, ec2 = "s3.amazonaws.com", "ec2.amazonaws.com"
    for needs, expected in (
        ({"Bool": {"aws:ViaAWSService": "true"}}, (False, True, True)),
        ({"Bool": {"aws:ViaAWSService": "false"}}, (True, False, False)),
        ({"Null": {"aws:CalledVia": "true"}}, (True, False, False)),
        ({"Null": {"aws:CalledViaFirst": "true", "aws:CalledViaLast": "true"}}, (True, False, False)),
        ({"StringEquals": {"aws:CalledViaFirst": s3}}, (False, False, True)),
        ({"StringEquals": {"aws:CalledViaFirst": ec2}}, (False, True, False)),
        ({"StringEquals": {"aws:CalledViaLast": ec2}}, (False, True, True)),
        ({"ForAnyValue:StringEquals": {"aws:CalledVia": s3}}, (False, False, True)),
        ({"ForAllValues:StringEquals": {"aws:CalledVia": [ec2, s3]}}, (True, True, True)),
        ({"StringEquals": {"kms:ViaService": f"ec2.{HERE}.amazonaws.com"}}, (False, True, True)),
        ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, (True, True, True)),
        ({"Bool": {"kms:GrantIsForAWSResource": "true"}}, (False, False, False)),
    ):
        key = key_of(to({"AWS": user.arn}, statement("kms:Encrypt", **needs)), delegating=False)
        assert tuple(encrypts(client, key) for client in (direct, through, chained)) == expected, needs


# AUTHZ-290, POL-119
def test_a_service_as_itself_has_what_the_key_policy_gives_it(place, key_of):
    ask = statement("kms:Encrypt")
    itself = {
        "Bool": {"aws:PrincipalIsAWSService": "true"},
        "StringEquals": {"aws:PrincipalServiceName": "s3.amazonaws.com"},
    }
    names = {"ForAnyValue:StringEquals": {"aws:PrincipalServiceNamesList": f"s3.{HERE}.amazonaws.com"}}
    for principal, condition, passes in (
        ({"Service": "s3.amazonaws.com"}, {}, True),
        ({"Service": f"s3.{HERE}.amazonaws.com"}, {}, True),
        ({"Service": "s3.amazonaws.com"}, itself, True),
        ({"Service": "s3.amazonaws.com"}, names, True),
        ({"Service": "s3.amazonaws.com"}, {"Bool": {"aws:ViaAWSService": "true"}}, False),
        ({"Service": "s3.amazonaws.com"}, {"Null": {"kms:ViaService": "false"}}, False),
        ({"Service": "ec2.amazonaws.com"}, {}, False),
        ({"Service": f"s3.{WEST}.amazonaws.com"}, {}, False),
        ({"AWS": ALICE.id}, {}, False),
    ):
        key = key_of(to(principal, {**ask, **({"Condition": condition} if condition else {})}))
        assert encrypts(place.s3.kms(), key) is passes, (principal, condition)
    # It names keys by their ARNs, and learns nothing of those that it may not use.
    mine = key_of()
    missing = mine[:-36] + "1234abcd-12ab-34cd-56ef-1234567890ab"
    texts = []
    for key in (mine, missing):
        with pytest.raises(place.s3.kms().exceptions.ClientError) as refusal:
            place.s3.kms().encrypt(KeyId=key, Plaintext=b"x")
        error = refusal.value.response["Error"]
        assert error["Code"] == "AccessDeniedException"
        texts.append(error["Message"].replace(key, "KEY"))
    assert texts[0] == texts[1] and texts[0].startswith("User: s3.amazonaws.com is not authorized to perform: kms:Enc")
    with refused("NotFoundException"):
        place.s3.kms().encrypt(KeyId=mine[-36:], Plaintext=b"x")
    with refused("AccessDeniedException"):
        place.s3.kms().list_keys()


# POL-427, POL-502, REF-268
def test_a_service_is_the_grantee_of_a_grant_that_it_made(place, key_of, user):
    key, name = key_of(), "ec2.amazonaws.com"
    user.may(statement("kms:*"))
    ask = {"KeyId": key, "GranteePrincipal": name, "Operations": ["Decrypt", "Encrypt", "RetireGrant"]}
    with refused("InvalidArnException"):
        user.client().create_grant(**ask)
    with refused("InvalidArnException"):
        place.s3.on_behalf_of(user).create_grant(**ask)
    ec2 = place.ec2.on_behalf_of(user)
    made = ec2.create_grant(**ask)
    listed = ec2.list_grants(KeyId=key, GranteeServicePrincipal=name)["Grants"]
    assert [(it["GrantId"], it["GranteePrincipal"]) for it in listed] == [(made["GrantId"], name)]
    with refused("AccessDeniedException"):
        user.client().list_grants(KeyId=key, GranteeServicePrincipal=name)
    itself = place.ec2.kms()
    assert encrypts(itself, key) and not encrypts(place.s3.kms(), key)
    itself.retire_grant(KeyId=key, GrantId=made["GrantId"])
    assert not encrypts(itself, key)
    # One that a user made for a service is for one resource of the user's.
    point = f"arn:aws:s3:{HERE}:{ALICE.id}:accesspoint"
    user.client().create_grant(
        KeyId=key,
        GranteeServicePrincipal="s3.amazonaws.com",
        RetiringPrincipal=user.arn,
        Operations=["Encrypt"],
        Constraints={"SourceArn": f"{point}/a"},
    )
    assert encrypts(place.s3.for_resource(f"{point}/a"), key)
    assert not encrypts(place.s3.for_resource(f"{point}/b"), key)
    assert not encrypts(place.s3.kms(), key)
