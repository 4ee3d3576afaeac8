import type { KmsEvent } from "../src/detection/detector.ts";
import { event, inHour, KEY, person, principal, START_MS } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { importedMaterial } from "./imported-material.ts";

const DAY = 24;
const NOW = 20 * DAY;
const ada = person("ada@example.com");
const custodian = principal("key-custodian");
const denied: Partial<KmsEvent> = { error: { code: "AccessDenied", class: "denied" } };

testDetector(importedMaterial, {
  fires: {
    "material that expires in ten days": {
      events: [...ask(NOW), ...load(NOW, { validTo: iso(NOW + 10 * DAY) })],
      expect: {
        atLeast: "high",
        atMost: "high",
        title: "Key material imported",
        reasons: ["expires-soon"],
        withoutReasons: ["imported", "new-key", "new-actor"],
        observed: { acts: "expires-soon asked", expires: true },
        kmsKey: KEY,
        eventTime: "2026-02-22T00:00:00Z",
        alerts: 1,
      },
    },
    "an expiry in words": {
      events: load(NOW, { validTo: "Mar 3, 2026 12:00:00 AM" }),
      expect: { atLeast: "high", reasons: ["expires-soon", "hardly-ever"] },
    },
    "an expiry in seconds": {
      events: load(NOW, { validTo: START_MS / 1000 + 25 * 86_400 }),
      expect: { atLeast: "medium", reasons: ["expires-soon"] },
    },
    "an expiry as an HTTP date": {
      events: load(NOW, { validTo: "Tue, 03 Mar 2026 00:00:00 GMT" }),
      expect: { atLeast: "high", reasons: ["expires-soon", "hardly-ever"] },
    },
    "an expiry that cannot be read, beside the means to import, medium": {
      events: [
        ...ask(NOW),
        ...load(NOW, { expirationModel: "KEY_MATERIAL_EXPIRES", validTo: "in spring" }),
      ],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["expires-later", "asked"] },
    },
    "material that expires next year, at low": {
      events: load(NOW, { validTo: "2027-02-01T00:00:00Z" }),
      expect: { atLeast: "low", atMost: "low", reasons: ["expires-later"] },
    },
    "material that does not expire, at low": {
      events: load(NOW, {
        expirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE",
        validTo: iso(NOW + DAY),
      }),
      expect: { atLeast: "low", atMost: "low", reasons: ["imported"] },
    },
    "material that does not expire, beside the means to import, medium": {
      events: [...ask(NOW), ...load(NOW, { expirationModel: "KEY_MATERIAL_DOES_NOT_EXPIRE" })],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["imported", "asked"] },
    },
    "new material beside the old": {
      events: load(NOW, { importType: "NEW_KEY_MATERIAL" }),
      expect: { atLeast: "low", reasons: ["replaced"] },
    },
    "a stranger among those who import it": {
      events: [...habit(), ...load(NOW, { validTo: iso(NOW + 10 * DAY) }, { principal: ada })],
      learnUntilHour: 19 * DAY,
      expect: { atLeast: "medium", reasons: ["expires-soon", "new-actor"], alerts: 1 },
    },
    "who renews it regularly, less": {
      events: [
        ...habit(),
        ...load(NOW, { validTo: iso(NOW + 10 * DAY) }, { principal: custodian }),
      ],
      learnUntilHour: 19 * DAY,
      expect: { atMost: "low", reasons: ["regular"], alerts: 1 },
    },
    "somebody who fetches the means to import, at low": {
      events: ask(NOW),
      expect: { atLeast: "low", atMost: "low", reasons: ["asked"] },
    },
    "material that has expired": {
      events: inHour(NOW, 1, {
        name: "DeleteExpiredKeyMaterial",
        operation: "admin",
        serviceEvent: true,
        principal: principal("AWS Internal", { service: true }),
      }),
      expect: { atLeast: "medium", title: "Imported key material expired", reasons: ["expired"] },
    },
    "a refused import, at low": {
      events: load(NOW, {}, denied),
      expect: { atLeast: "low", atMost: "low", reasons: ["refused"] },
    },
    "the first import into a new key, hardly": {
      events: [...inHour(NOW, 1, { name: "CreateKey", operation: "admin" }), ...load(NOW + 2, {})],
      expect: { atMost: "informational", reasons: ["new-key"] },
    },
  },
  staysSilent: {
    "regular renewal without expiry": {
      events: [...habit(), ...load(NOW, {}, { principal: custodian })],
      learnUntilHour: 19 * DAY,
    },
    "a key being made": inHour(NOW, 1, { name: "CreateKey", operation: "admin" }),
    "an import that went wrong": load(
      NOW,
      {},
      { error: { code: "IncorrectKeyMaterialException", class: "invalid" } },
    ),
    "deleted material, which is key-destruction's": inHour(NOW, 1, {
      name: "DeleteImportedKeyMaterial",
      operation: "admin",
    }),
  },
});

function habit(): KmsEvent[] {
  return [0, 6, 12, 18].flatMap((day) => load(day * DAY, {}, { principal: custodian }));
}

function load(hour: number, parameters: object, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  const given = { expirationModel: "KEY_MATERIAL_EXPIRES", ...parameters };
  return inHour(hour, 1, {
    name: "ImportKeyMaterial",
    operation: "admin",
    principal: ada,
    parameters: given,
    ...overrides,
  });
}

function ask(hour: number): KmsEvent[] {
  return [event({ hour, name: "GetParametersForImport", operation: "read", principal: ada })];
}

function iso(hour: number): string {
  return new Date(START_MS + hour * 3_600_000).toISOString();
}
