import { type Caller, seenFromOutside } from "./caller.ts";
import { type KeyEvent, keyEventRecord } from "./key-event.ts";
import type { Random } from "./random.ts";
import {
  type CloudTrailRecord,
  type KmsCall,
  type ServiceCall,
  crossAccountRecords,
  kmsRecord,
  serviceRecord,
} from "./record.ts";

/** Writes the records of calls into a trail. */
export interface Emit {
  kms(call: KmsCall): void;
  /** A call of another service; left out where a trail holds KMS only, unless it is `essential`. */
  other(call: ServiceCall, essential?: boolean): void;
  /** Something that KMS does to a key by itself. */
  event(event: KeyEvent): void;
}

/** What a trail knows about the calls in it. */
export interface TrailState {
  readonly kmsOnly: boolean;
  isOurs(accountId: string): boolean;
  /** Why cryptography with a key fails at a time; undefined where it works. */
  stateOf(keyArn: string, timeMs: number): string | undefined;
  /** The caller as it calls at a time: networks change. */
  whereabouts(caller: Caller, timeMs: number): Caller;
  /** Whether a record is lost. */
  isSilent(record: Pick<CloudTrailRecord, "recipientAccountId" | "eventTime">): boolean;
  /** Remembers who used which key when, and why where it is benign. */
  noteUse(entity: string, keyArn: string, cause: string | undefined, timeMs: number): void;
}

/**
 * An `Emit` that writes as CloudTrail does: a call across accounts of the organization into both trails, a refused one
 * into the caller's only, one by or to a stranger into ours only; a broken key fails.
 */
export function emitter(
  state: TrailState,
  cause: string | undefined,
  random: Random,
  write: (record: CloudTrailRecord) => void,
): Emit {
  const put = (record: CloudTrailRecord): void => {
    if (!state.isSilent(record)) write(record);
  };
  return {
    kms(call) {
      const whole = withState(call, state);
      const { caller, key } = whole;
      const timeMs = msOf(whole.time);
      state.noteUse(caller.entity, key.arn, cause, timeMs);
      if (caller.accountId === key.accountId || caller.sourceAddress === caller.userAgent) {
        put(kmsRecord(whole, random));
        return;
      }
      if (!state.isOurs(caller.accountId)) {
        const outside = seenFromOutside(caller);
        state.noteUse(outside.entity, key.arn, cause, timeMs);
        const sharedEventId = random.uuid();
        const recipientAccountId = key.accountId;
        put(kmsRecord({ ...whole, caller: outside, sharedEventId, recipientAccountId }, random));
        return;
      }
      const [own, theirs] = crossAccountRecords(whole, random);
      put(own);
      if (whole.error !== undefined || !state.isOurs(key.accountId)) return;
      state.noteUse(`arn:aws:iam::${caller.accountId}:root`, key.arn, cause, timeMs);
      put(theirs);
    },
    other(call, essential = false) {
      if (essential || !state.kmsOnly) put(serviceRecord(call, random));
    },
    event(event) {
      state.noteUse("AWS Internal", event.key.arn, cause, event.time);
      put(keyEventRecord(event, random));
    },
  };
}

/** The refusal that CloudTrail records for a caller without permission. */
export function denied(action: string, resource: string): { code: string; message: string } {
  const because = `because no identity-based policy allows the kms:${action} action`;
  return {
    code: "AccessDenied",
    message: `User is not authorized to perform: kms:${action} on resource: ${resource} ${because}`,
  };
}

const cryptography = /^(?:Decrypt|Encrypt|GenerateDataKey|CreateGrant|ReEncrypt|Sign|GenerateMac)/;

function withState(given: KmsCall, state: TrailState): KmsCall {
  const timeMs = msOf(given.time);
  const caller = state.whereabouts(given.caller, timeMs);
  const call = caller === given.caller ? given : { ...given, caller };
  if (call.error !== undefined || !cryptography.test(call.name ?? "Decrypt")) return call;
  const reason = state.stateOf(call.key.arn, timeMs);
  if (reason === undefined) return call;
  const message = `${call.key.arn} is ${reason}.`;
  return { ...call, error: { code: "KMSInvalidStateException", message } };
}

function msOf(time: string | number): number {
  return typeof time === "number" ? time : Date.parse(time);
}
