"""The published interface model of the service, as botocore ships it."""

import botocore.session

SERVED = """
CreateAlias CreateGrant CreateKey Decrypt DeleteAlias DescribeKey DisableKey EnableKey Encrypt GenerateDataKey
GenerateDataKeyWithoutPlaintext GenerateRandom GetKeyPolicy ListAliases ListGrants ListKeyPolicies ListKeys
ListResourceTags ListRetirableGrants PutKeyPolicy ReEncrypt RetireGrant RevokeGrant TagResource
UntagResource UpdateAlias UpdateKeyDescription
""".split()

MODEL = botocore.session.get_session().get_service_model("kms")


def input_shape(operation):
    return MODEL.operation_model(operation).input_shape
