import { type Alert, severityOf } from "../../src/detection/alert.ts";
import type { DeadLetter } from "../../src/sources/source.ts";
import type { CallSegment, Commit, Delivery } from "../../src/store/store.ts";

/** A commit that changes only what is named. */
export function commitOf(changes: Partial<Commit> = {}): Commit {
  return {
    positions: new Map(),
    memories: new Map(),
    engineState: undefined,
    calls: [],
    forgetCallsBeforeHour: undefined,
    alerts: [],
    deliveries: [],
    deadLetters: [],
    counters: {},
    history: [],
    usage: [],
    ...changes,
  };
}

/** A complete alert about a role and a key; its id is made of hex digits. */
export function alertOf(changes: Partial<Alert> = {}): Alert {
  const score = changes.score ?? 75;
  return {
    schemaVersion: "1.0",
    alertId: "a1",
    revision: 0,
    status: "created",
    detector: "decrypt-spike",
    detectorVersion: 1,
    title: "Decrypt spike",
    summary: "app decrypted 812 times in an hour; 41 were expected",
    severity: severityOf(score),
    score,
    eventTime: "2026-03-14T02:11:09Z",
    window: { start: "2026-03-14T02:00:00Z", end: "2026-03-14T03:00:00Z" },
    principal: {
      key: "arn:aws:iam::111122223333:role/app",
      type: "AssumedRole",
      accountId: "111122223333",
      name: "app",
      session: null,
      via: null,
    },
    kmsKey: {
      arn: "arn:aws:kms:eu-west-1:111122223333:key/0d5e7f3a-1111-2222-3333-444455556666",
      accountId: "111122223333",
      region: "eu-west-1",
    },
    accountId: "111122223333",
    region: "eu-west-1",
    observed: { decryptsPerHour: 812 },
    expected: { decryptsPerHour: 41.5 },
    baseline: { maturity: "mature", daysLearned: 21, samples: 480 },
    reasons: [{ code: "rate", text: "20 times the usual rate", weight: score / 100 }],
    evidence: { eventCount: 812, eventIds: [], sourceAddresses: [], userAgents: [] },
    attack: [],
    attackVersion: "19.0",
    triage: [],
    links: {},
    replay: false,
    ...changes,
  };
}

export function deliveryOf(sinks: readonly string[], changes: Partial<Alert> = {}): Delivery {
  return { alert: alertOf(changes), sinks };
}

export function letterOf(changes: Partial<DeadLetter> = {}): DeadLetter {
  return {
    reason: "not-json",
    detail: "no JSON at byte 0",
    origin: "stream/shardId-000000000000/49590338271490256608559692538361571095921575989136588898",
    payload: new TextEncoder().encode("<html>"),
    ...changes,
  };
}

/** A segment of call identities, each 8 bytes with its number in the last four. */
export function segmentOf(hour: number, ...calls: number[]): CallSegment {
  const ids = new Uint8Array(calls.length * 8);
  const view = new DataView(ids.buffer);
  calls.forEach((call, index) => view.setUint32(index * 8 + 4, call));
  return { hour, ids };
}

/** The numbers of the calls in segments, by hour, in order. */
export function callsIn(segments: readonly CallSegment[]): Map<number, number[]> {
  const calls = new Map<number, number[]>();
  for (const { hour, ids } of segments) {
    const view = new DataView(ids.buffer, ids.byteOffset, ids.byteLength);
    const known = calls.get(hour) ?? [];
    for (let offset = 4; offset < ids.length; offset += 8) {
      known.push(view.getUint32(offset));
    }
    calls.set(
      hour,
      known.sort((left, right) => left - right),
    );
  }
  return calls;
}
