import type { KmsEvent } from "./event.ts";

/** What the platform lends to the pure parser. */
export interface Platform {
  /** Opens gzip (all members) and zlib. Throws `EnvelopeError` with `gzip-torn` or `too-large` (opened size over `maxBytes`). */
  gunzip(data: Uint8Array, maxBytes: number): Uint8Array;
  /** Gives back the memory of what `gunzip` gave, which nobody reads any more. */
  release(opened: Uint8Array): void;
  md5(data: Uint8Array): Uint8Array;
}

export interface ReadOptions {
  readonly platform: Platform;
  /** 16 bytes; keys the hashes of encryption-context values. */
  readonly contextHashKey: Uint8Array;
  /** Most bytes one envelope may open to, over all its layers. */
  readonly maxOpenedBytes: number;
  /** Most bytes of one CloudTrail record; AWS's own limit is 256 KB. */
  readonly maxRecordBytes: number;
  /** Event times later than this are a lying clock and are rejected; undefined for no bound. */
  readonly notAfterMs: number | undefined;
}

/** All that one envelope held. Reading never throws: what is not understood is in `rejected`. */
export interface Reading {
  readonly events: readonly KmsEvent[];
  /** CloudTrail records of any service, KMS or not. */
  readonly records: number;
  /** Records of eventSource kms.amazonaws.com, those rejected later included. */
  readonly kmsEvents: number;
  /** Opened bytes. */
  readonly bytes: number;
  readonly rejected: readonly Rejected[];
  /** Things that are fine but hold no records: control messages, s3:TestEvent, digests, Insights. */
  readonly skipped: number;
  /** Log files that a notification points to. */
  readonly objects: readonly ObjectPointer[];
}

export interface Rejected {
  readonly reason: RejectReason;
  /** One line for people; holds no value of the record beyond field names. */
  readonly detail: string;
  /** True where it was recognised as a KMS record before it was rejected. */
  readonly recognised: boolean;
  /** The part that was not understood. */
  readonly payload: Uint8Array;
}

export type RejectReason =
  | "empty"
  | "gzip-torn"
  | "too-large"
  | "not-json"
  | "not-cloudtrail"
  | "event-time"
  | "event-id"
  | "event-name"
  | "future";

export interface ObjectPointer {
  readonly bucket: string;
  /** Decoded key. */
  readonly key: string;
}

/** Why a layer of an envelope could not be opened. */
export class EnvelopeError extends Error {
  readonly reason: "gzip-torn" | "too-large";

  constructor(reason: "gzip-torn" | "too-large", message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EnvelopeError";
    this.reason = reason;
  }
}
