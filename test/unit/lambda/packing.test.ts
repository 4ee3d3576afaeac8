import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import { pack, PackingError, type Parcel, unpack } from "../../../src/lambda/packing.ts";
import { alertOf } from "../../support/commits.ts";
import { event, inHour, key, principal } from "../../support/events.ts";

/** Any UTF-16 text: NUL, lone surrogates and all. */
const text = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  maxLength: 12,
});
const some = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const plain = <Model extends object>(model: { [Name in keyof Model]: fc.Arbitrary<Model[Name]> }) =>
  fc.record<Model>(model, { noNullPrototype: true });

const anyKey = plain({ arn: text, accountId: text, region: text, alias: some(text) });
const anyPrincipal = plain({
  key: text,
  entity: text,
  type: text,
  accountId: some(text),
  name: text,
  session: some(text),
  via: some(text),
  human: fc.boolean(),
  service: fc.boolean(),
  family: text,
  accessKeyId: some(text),
});
const anyEvent: fc.Arbitrary<KmsEvent> = plain({
  eventId: text,
  sharedEventId: some(text),
  timeMs: fc.integer({ min: -8.64e15, max: 8.64e15 }),
  name: text,
  operation: fc.constantFrom(
    "decrypt",
    "dataKey",
    "encrypt",
    "reEncrypt",
    "sign",
    "read",
    "admin",
    "other",
  ),
  region: text,
  recipientAccountId: some(text),
  principal: anyPrincipal,
  keys: fc.array(anyKey, { maxLength: 3 }),
  error: some(plain({ code: text, class: fc.constantFrom("denied", "dryRun", "other") })),
  source: plain({ kind: fc.constantFrom("address", "service", "unknown"), value: text }),
  userAgent: some(text),
  context: some(
    plain({
      keys: fc.array(text, { maxLength: 3 }),
      fingerprint: text,
      place: fc.option(text, { nil: undefined }),
    }),
  ),
  networkActivity: fc.boolean(),
  serviceEvent: fc.boolean(),
  vpcEndpointId: some(text),
  attestation: some(text),
  signing: some(text),
  service: some(fc.constant("cloudtrail" as const)),
  parameters: some(
    fc.dictionary(
      text,
      fc.oneof(
        fc.jsonValue({ stringUnit: "binary" }),
        text,
        fc.constantFrom(Infinity, -Infinity, -0, "\u0000Infinity", "\u0000\u0000"),
      ),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
});

describe("a packed record", () => {
  it("gives back every field of every event, whatever stands in it", () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 5 }), (events) => {
        const parcel = parcelOf(events);
        expect(unpack(pack(parcel))).toStrictEqual(parcel);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps names of entities, hours, signs and where each event came from", () => {
    const parcel: Parcel = {
      events: [
        { event: filled(event()), origin: "shardId-1/49", index: 3 },
        { event: filled(event()), origin: "shardId-2/50", index: 0 },
        { event: filled(event()), origin: "shardId-1/49", index: 4 },
      ],
      entities: [
        { name: "principal:a\u0000#\ud800", events: [0, 2] },
        { name: "key:b", events: [1] },
      ],
      hours: [{ name: "account:1", hour: 490_000 }],
      signs: [{ name: "combination:a b 1", alert: alertOf({ summary: "\u0000\udfff" }) }],
    };
    expect(unpack(pack(parcel))).toStrictEqual(parcel);
  });

  it("keeps a property of the name __proto__", () => {
    const parameters = JSON.parse(`{"__proto__":{"a":1},"policy":"x"}`);
    const [read] = unpack(pack(parcelOf([event({ parameters })]))).events;
    expect(JSON.stringify(read?.event.parameters)).toBe(JSON.stringify(parameters));
  });

  it("keeps fields of a megabyte", () => {
    const huge = "\u{1f511}".repeat(250_000);
    const [read] = unpack(pack(parcelOf([event({ userAgent: huge })]))).events;
    expect(read?.event.userAgent === huge).toBe(true);
  });

  it("takes less than 80 bytes an event where events are alike", () => {
    const events = inHour(0, 1000, {
      principal: principal("app"),
      keys: [key("arn:aws:kms:eu-west-1:111122223333:key/1")],
    });
    expect(pack(parcelOf(events)).byteLength / events.length).toBeLessThan(80);
  });

  it("makes one object of equal values", () => {
    const events = inHour(0, 2).map((one) => ({ ...one, principal: { ...one.principal } }));
    const [one, other] = unpack(pack(parcelOf(events))).events;
    expect(one?.event.principal).toBe(other?.event.principal);
  });

  it("of another version is refused by its name", () => {
    const data = pack(parcelOf([event()]));
    data[0] = 2;
    expect(() => unpack(data)).toThrow(PackingError);
    expect(() => unpack(data)).toThrow("expected version 1 of a packed record, found version 2");
    expect(() => unpack(new Uint8Array())).toThrow("found nothing");
    expect(reasonOf(data)).toBe("version");
  });

  it("that was damaged anywhere is refused or the same, never something else's fault", () => {
    const data = pack(parcelOf(inHour(0, 5)));
    for (let at = 1; at < data.length; at += 7) {
      const damaged = Uint8Array.from(data);
      damaged[at] = (damaged[at] ?? 0) ^ 0x55;
      expect(reasonOf(damaged)).toBe("corrupt");
      expect(reasonOf(data.subarray(0, at))).toBe("corrupt");
    }
  });

  it("that opens to more than 64 MiB is refused", () => {
    const data = pack(parcelOf([event({ userAgent: "a".repeat(65 * 2 ** 20) })]));
    expect(data.byteLength).toBeLessThan(2 ** 20);
    expect(reasonOf(data)).toBe("corrupt");
  });
});

function parcelOf(events: readonly KmsEvent[]): Parcel {
  return {
    events: events.map((one, index) => ({ event: filled(one), origin: "shard/1", index })),
    entities: [{ name: "principal:a", events: events.map((_, index) => index) }],
    hours: [],
    signs: [],
  };
}

/** An event with every field, as reading one makes it. */
function filled(one: KmsEvent): KmsEvent {
  return { ...one, service: one.service, attestation: one.attestation, signing: one.signing };
}

function reasonOf(data: Uint8Array): string | undefined {
  try {
    unpack(data);
    return undefined;
  } catch (error) {
    return error instanceof PackingError ? error.reason : "another error";
  }
}
