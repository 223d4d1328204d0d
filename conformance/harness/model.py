"""The published interface model of the service, as botocore ships it."""

import botocore.session

SERVED = """
CreateAlias CreateKey Decrypt DeleteAlias DescribeKey DisableKey EnableKey Encrypt GenerateDataKey
GenerateDataKeyWithoutPlaintext GenerateRandom GetKeyPolicy ListAliases ListKeyPolicies ListKeys ListResourceTags
PutKeyPolicy ReEncrypt TagResource UntagResource UpdateAlias UpdateKeyDescription
""".split()

MODEL = botocore.session.get_session().get_service_model("kms")


def input_shape(operation):
    return MODEL.operation_model(operation).input_shape
