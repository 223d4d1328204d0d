// The AWS SDK for JavaScript against a running server; the environment says where it is and who calls.
import assert from "node:assert/strict";
import { createPublicKey, randomBytes, randomUUID, verify } from "node:crypto";
import { test } from "node:test";
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  GetKeyPolicyCommand,
  GetPublicKeyCommand,
  KMSClient,
  ListKeyPoliciesCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ReEncryptCommand,
  SignCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
  VerifyCommand,
  paginateListAliases,
  paginateListKeys,
} from "@aws-sdk/client-kms";

const kms = new KMSClient({ maxAttempts: 1 });
const send = (command) => kms.send(command);
const newKey = async (input = {}) => (await send(new CreateKeyCommand(input))).KeyMetadata;
const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

test("a key from creation to disabling", async () => {
  const key = await newKey({ Description: "made with JavaScript", Tags: [{ TagKey: "a", TagValue: "" }] });
  assert.equal(key.KeyState, "Enabled");
  assert.ok(key.CreationDate instanceof Date && Math.abs(key.CreationDate - Date.now()) < 60_000);
  await send(new UpdateKeyDescriptionCommand({ KeyId: key.KeyId, Description: "changed" }));
  await send(new DisableKeyCommand({ KeyId: key.KeyId }));
  const described = (await send(new DescribeKeyCommand({ KeyId: key.Arn }))).KeyMetadata;
  assert.deepEqual([described.KeyState, described.Enabled, described.Description], ["Disabled", false, "changed"]);
  await assert.rejects(send(new EncryptCommand({ KeyId: key.KeyId, Plaintext: randomBytes(8) })), (error) => {
    assert.deepEqual([error.name, error.message], ["DisabledException", `${key.Arn} is disabled.`]);
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.ok(error.$metadata.requestId);
    return true;
  });
  await send(new EnableKeyCommand({ KeyId: key.KeyId }));
});

test("encrypt, re-encrypt, decrypt with a context", async () => {
  const [first, second] = [await newKey(), await newKey()];
  const plain = randomBytes(4096);
  const context = { purpose: "test", "ünï": "⚿" };
  const sealed = await send(new EncryptCommand({ KeyId: first.KeyId, Plaintext: plain, EncryptionContext: context }));
  const moved = await send(
    new ReEncryptCommand({
      CiphertextBlob: sealed.CiphertextBlob,
      SourceEncryptionContext: context,
      DestinationKeyId: second.Arn,
    }),
  );
  const opened = await send(new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob }));
  assert.ok(same(opened.Plaintext, plain));
  assert.equal(opened.KeyId, second.Arn);
  await assert.rejects(send(new DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob })), {
    name: "InvalidCiphertextException",
  });
});

test("data keys and random bytes", async () => {
  const key = await newKey();
  const made = await send(new GenerateDataKeyCommand({ KeyId: key.KeyId, KeySpec: "AES_256" }));
  const opened = await send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, KeyId: key.Arn }));
  assert.ok(made.Plaintext.length === 32 && same(made.Plaintext, opened.Plaintext));
  const blind = await send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId: key.KeyId, NumberOfBytes: 48 }));
  assert.equal(blind.Plaintext, undefined);
  assert.equal((await send(new GenerateRandomCommand({ NumberOfBytes: 1024 }))).Plaintext.length, 1024);
});

test("aliases, tags and the policy", async () => {
  const [first, second] = [await newKey(), await newKey()];
  const AliasName = `alias/js-${randomUUID()}`;
  await send(new CreateAliasCommand({ AliasName, TargetKeyId: first.KeyId }));
  await send(new UpdateAliasCommand({ AliasName, TargetKeyId: second.KeyId }));
  assert.equal((await send(new DescribeKeyCommand({ KeyId: AliasName }))).KeyMetadata.KeyId, second.KeyId);
  await send(new DeleteAliasCommand({ AliasName }));
  const KeyId = first.KeyId;
  await send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: "x", TagValue: "1" }, { TagKey: "y", TagValue: "" }] }));
  await send(new UntagResourceCommand({ KeyId, TagKeys: ["x"] }));
  assert.deepEqual((await send(new ListResourceTagsCommand({ KeyId }))).Tags, [{ TagKey: "y", TagValue: "" }]);
  const { Policy } = await send(new GetKeyPolicyCommand({ KeyId }));
  await send(new PutKeyPolicyCommand({ KeyId, Policy }));
  assert.equal((await send(new GetKeyPolicyCommand({ KeyId }))).Policy, Policy);
  assert.deepEqual((await send(new ListKeyPoliciesCommand({ KeyId }))).PolicyNames, ["default"]);
});

// KEY-314
test("paginators walk to the end without gap or repetition", async () => {
  const made = new Set();
  for (let n = 0; n < 5; n += 1) made.add((await newKey()).KeyId);
  const seen = [];
  for await (const page of paginateListKeys({ client: kms, pageSize: 2 }, {})) {
    seen.push(...page.Keys.map((key) => key.KeyId));
  }
  assert.equal(new Set(seen).size, seen.length);
  for (const id of made) assert.ok(seen.includes(id));
  const names = [];
  for await (const page of paginateListAliases({ client: kms, pageSize: 3 }, {})) {
    names.push(...page.Aliases.map((alias) => alias.AliasName));
  }
  assert.ok(names.includes("alias/aws/s3") && new Set(names).size === names.length);
});

test("Node verifies what was signed", async () => {
  const message = randomBytes(100);
  const specs = { RSA_2048: "RSASSA_PKCS1_V1_5_SHA_256", ECC_NIST_P256: "ECDSA_SHA_256", ECC_SECG_P256K1: "ECDSA_SHA_256" };
  for (const [KeySpec, SigningAlgorithm] of Object.entries(specs)) {
    const { KeyId } = await newKey({ KeySpec, KeyUsage: "SIGN_VERIFY" });
    const { Signature } = await send(new SignCommand({ KeyId, Message: message, SigningAlgorithm }));
    const { PublicKey } = await send(new GetPublicKeyCommand({ KeyId }));
    const key = createPublicKey({ key: Buffer.from(PublicKey), format: "der", type: "spki" });
    assert.ok(verify("sha256", message, key, Signature));
    assert.ok(!verify("sha256", randomBytes(100), key, Signature));
    const told = await send(new VerifyCommand({ KeyId, Message: message, Signature, SigningAlgorithm }));
    assert.equal(told.SignatureValid, true);
  }
});

test("an operation that is not built says so", async () => {
  await assert.rejects(send(new DescribeCustomKeyStoresCommand({})), { name: "UnknownOperationException" });
});
