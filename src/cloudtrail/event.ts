/** What detectors see of a CloudTrail record: one KMS call in our own words. Plain data, safe to copy between threads. */
export interface KmsEvent {
  /** `eventID`. Unique per copy; a cross-account call has two copies with different ids. */
  readonly eventId: string;
  /** `sharedEventID`: the same for both copies of a cross-account call. AWS-service copies carry one without a twin. */
  readonly sharedEventId: string | undefined;
  /** Event time, milliseconds since the epoch, UTC. CloudTrail's resolution is one second. */
  readonly timeMs: number;
  /** `eventName`, e.g. `Decrypt`. */
  readonly name: string;
  readonly operation: OperationClass;
  readonly region: string;
  /** The account in whose trail this copy was written; undefined where the record does not say. */
  readonly recipientAccountId: string | undefined;
  readonly principal: Principal;
  /** KMS keys the call is about, the used one first. ReEncrypt: source, then destination. Empty for List*, GenerateRandom … */
  readonly keys: readonly KmsKey[];
  /** Undefined for a call that succeeded. */
  readonly error: CallError | undefined;
  readonly source: CallSource;
  /** `userAgent`, cut at 256 characters; undefined where absent. */
  readonly userAgent: string | undefined;
  readonly context: EncryptionContext | undefined;
  /** True for the VPC endpoint owner's copy (network activity event): a second view, never counted into volume. */
  readonly networkActivity: boolean;
  /** True for `AwsServiceEvent`: something KMS did by itself (rotation, deletion at the end of the waiting period). */
  readonly serviceEvent: boolean;
  readonly vpcEndpointId: string | undefined;
  /**
   * What KMS attested of the code that called, cut at 128 characters: the digest of a Nitro enclave's image (PCR0), or the
   * measurements of a NitroTPM. Undefined for a call without an attestation document.
   */
  readonly attestation?: string | undefined;
  /**
   * How a message was signed: algorithm and kind of message of `Sign`, `RSASSA_PSS_SHA_256 DIGEST`, or the algorithm of `GenerateMac`,
   * each cut at 64 characters. Undefined for every other call, and where the record names no algorithm.
   */
  readonly signing?: string | undefined;
  /**
   * The service that was called, where it is not KMS. CloudTrail's own calls that decide what it records are events too, of
   * class `admin` and without keys; they are no KMS events in any count.
   */
  readonly service?: "cloudtrail" | undefined;
  /** Request parameters of administration calls (policy, grant, deletion window …); undefined for cryptographic calls. */
  readonly parameters: Readonly<Record<string, unknown>> | undefined;
}

/** Which family of KMS operations a call belongs to: `decrypt` reveals plaintext, `encrypt` only hides it. */
export type OperationClass =
  | "decrypt" // Decrypt
  | "dataKey" // GenerateDataKey, GenerateDataKeyPair and their WithoutPlaintext forms
  | "encrypt" // Encrypt
  | "reEncrypt" // ReEncrypt
  | "sign" // Sign, Verify, GenerateMac, VerifyMac, DeriveSharedSecret
  | "read" // Describe*, Get*, List*
  | "admin" // everything that changes a key, grant, alias, policy or key store
  | "other"; // GenerateRandom and names not known yet

/** Who acted, by a key that is stable across sessions. */
export interface Principal {
  /** Role ARN of the session's issuer, user ARN, account root ARN, service name … (CONTRACT: `principal.key`). */
  readonly key: string;
  /**
   * What a memory of this principal is filed under: `key`, and for permission-set roles `key` + `#` + session name,
   * since many people share such a role.
   */
  readonly entity: string;
  readonly type: string;
  readonly accountId: string | undefined;
  /** Short name for people: role name, user name, service name. */
  readonly name: string;
  /** Session name, undefined where there is none. */
  readonly session: string | undefined;
  /** The AWS service that made the call for the principal (`invokedBy`), undefined for direct calls. */
  readonly via: string | undefined;
  /** True for a person: IAM user with console session, permission-set role, Identity Center user, federated user, root. */
  readonly human: boolean;
  /** True for an AWS service acting by itself or KMS's own service events. */
  readonly service: boolean;
  /** Name with a generated suffix removed, so that members of a family of roles share it; equals `name` where there is none. */
  readonly family: string;
  /** Access key id with all but the prefix and the last four characters masked. */
  readonly accessKeyId: string | undefined;
}

export interface KmsKey {
  /** Key ARN, or alias ARN where the record names no more than an alias. */
  readonly arn: string;
  readonly accountId: string;
  readonly region: string;
  /** The alias name (`alias/…`) the caller used, if any. */
  readonly alias: string | undefined;
}

export interface CallError {
  /** `errorCode` as written, e.g. `AccessDenied`. */
  readonly code: string;
  readonly class: "denied" | "dryRun" | "invalid" | "notFound" | "state" | "throttled" | "other";
}

/** `sourceIPAddress` is often not an address. */
export interface CallSource {
  readonly kind: "address" | "service" | "unknown";
  readonly value: string;
}

/** Encryption context: names in clear; values only as keyed hashes. */
export interface EncryptionContext {
  /** Context keys in sorted order, at most 8, each cut at 128 characters. */
  readonly keys: readonly string[];
  /**
   * 16 hex digits: keyed hash over the context's keys and values without `SecretVersionId`, which changes with each
   * version of the same secret. Two calls about the same thing have the same fingerprint.
   */
  readonly fingerprint: string;
  /**
   * The bucket of an S3 object, 16 hex digits: the fingerprint that a context of the bucket itself has, as S3 Bucket Keys give it.
   * Undefined where the context names no object.
   */
  readonly place: string | undefined;
}
