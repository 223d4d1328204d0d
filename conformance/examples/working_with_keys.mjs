// Working with keys: create, list, describe, alias, tag, use, rotate, disable and delete one.
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GetKeyRotationStatusCommand,
  KMSClient,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  paginateListKeys,
} from "@aws-sdk/client-kms";

// Where the server is and who calls comes from the environment:
// AWS_ENDPOINT_URL_KMS, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION.
const client = new KMSClient({});
const send = (command) => client.send(command);

// Create. Without parameters this is a symmetric encryption key, enabled at once.
const { KeyMetadata: key } = await send(new CreateKeyCommand({ Description: "Protects the orders" }));
const KeyId = key.KeyId;

// Describe and list.
console.log("state", (await send(new DescribeKeyCommand({ KeyId }))).KeyMetadata.KeyState);
for await (const page of paginateListKeys({ client }, {})) {
  for (const listed of page.Keys) console.log("key", listed.KeyArn);
}

// Give it a name, and use the key by that name.
const AliasName = "alias/example-orders";
await send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyId }));
const EncryptionContext = { order: "4711" };
const Plaintext = Buffer.from("two tons of gravel");
const { CiphertextBlob } = await send(new EncryptCommand({ KeyId: AliasName, Plaintext, EncryptionContext }));
const opened = await send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
console.log("decrypted", Buffer.from(opened.Plaintext).toString());

// Tags are changed at any time.
await send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: "Stage", TagValue: "production" }] }));

// Rotate: every 180 days from now on, and once more whenever it is asked for.
await send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 180 }));
console.log("rotates on", (await send(new GetKeyRotationStatusCommand({ KeyId }))).NextRotationDate);
await send(new RotateKeyOnDemandCommand({ KeyId }));

// A disabled key refuses to encrypt and decrypt until it is enabled again.
await send(new DisableKeyCommand({ KeyId }));
await send(new DecryptCommand({ CiphertextBlob, EncryptionContext })).catch((refusal) => {
  console.log("refused", refusal.name);
});
await send(new EnableKeyCommand({ KeyId }));
await send(new DeleteAliasCommand({ AliasName }));

// There is no way to delete a key at once: it waits for 7 to 30 days, in which it can be had back, disabled.
const waiting = await send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
console.log("gone on", waiting.DeletionDate);
await send(new CancelKeyDeletionCommand({ KeyId }));
await send(new EnableKeyCommand({ KeyId }));
