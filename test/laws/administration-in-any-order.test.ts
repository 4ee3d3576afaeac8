import { describe, expect, it } from "vitest";
import { detectors } from "../../detectors/index.ts";
import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import { Random } from "../../src/simulation/random.ts";
import { detect } from "../support/detection.ts";
import { ACCOUNT, event, inHour, key, keyArn, person, principal } from "../support/events.ts";

const HOUR_MS = 3_600_000;
const DAYS = 20;
const FOREIGN = "999988887777";

/** Detectors of administration, each of which must have something to say. */
const ADMINISTRATION = [
  "alias-repointed",
  "custom-key-store-change",
  "grant-storm",
  "grant-to-outsider",
  "imported-material",
  "key-revived",
  "policy-change",
  "replica-in-new-region",
  "rotation-off",
];
const options = {
  detectors: detectors
    .filter(({ id }) => ADMINISTRATION.includes(id))
    .map((detector) => ({ detector, options: detector.options.parse({}), shadow: false })),
};

/** Everything that administrators do, at random, few actors on few keys: what happens meets what happened before. */
const acts: Record<string, (random: Random) => Readonly<Record<string, unknown>>> = {
  PutKeyPolicy: (random) => ({
    policy: policyOf(random),
    bypassPolicyLockoutSafetyCheck: random.chance(0.2),
  }),
  CreateKey: (random) => (random.chance(0.5) ? {} : { policy: policyOf(random) }),
  ReplicateKey: (random) => ({ replicaRegion: random.pick(["us-east-1", "sa-east-1"]) }),
  CreateGrant: (random) => ({
    granteePrincipal: random.pick([role("a"), role("b"), role("c", FOREIGN), ACCOUNT]),
    operations: random.pick([["Decrypt"], ["Decrypt", "CreateGrant"]]),
  }),
  RevokeGrant: () => ({}),
  ImportKeyMaterial: (random) => ({ validTo: random.pick(["2026-02-20", "2029-01-01"]) }),
  GetParametersForImport: () => ({}),
  DisconnectCustomKeyStore: (random) => ({ customKeyStoreId: `cks-${random.integer(1, 3)}` }),
  ConnectCustomKeyStore: () => ({ customKeyStoreId: "cks-1" }),
  UpdateAlias: (random) => ({ aliasName: `alias/${random.integer(1, 3)}`, targetKeyId: keyArn(1) }),
  DeleteAlias: (random) => ({ aliasName: `alias/${random.integer(1, 3)}` }),
  DisableKeyRotation: () => ({}),
  RotateKeyOnDemand: () => ({}),
  CancelKeyDeletion: () => ({}),
  EnableKey: () => ({}),
};

describe("law 1, for administration", () => {
  it.each([1, 2, 3, 4, 5, 6])(
    "the same acts in any order give the same alerts, draw %i",
    (draw) => {
      const random = new Random(`administration/${draw}`);
      const trail = history(random);
      const expected = detect([trail], options);
      const arrived = [...trail]
        .map((one) => ({ one, at: one.timeMs + random.integer(0, HOUR_MS - 1) }))
        .sort((one, other) => one.at - other.at)
        .map(({ one }) => one);
      const found = detect(batchesOf(arrived, 61), options);
      expect(found.last).toEqual(expected.last);
      const told = new Set([...found.last.values()].map(({ detector }) => detector));
      expect(told).toEqual(new Set(ADMINISTRATION));
      for (const [name, text] of expected.memories) {
        expect(JSON.parse(found.memories.get(name) ?? "null"), name).toEqual(JSON.parse(text));
      }
    },
  );
});

function history(random: Random): KmsEvent[] {
  const actors = [
    person("ada@example.com"),
    person("bob@example.com"),
    principal("pipeline-pr-12", { family: "pipeline" }),
    principal("pipeline-pr-13", { family: "pipeline" }),
    principal("operator"),
  ];
  const names = Object.keys(acts);
  const events: KmsEvent[] = [];
  for (let count = 0; count < 500; count += 1) {
    const name = random.pick(names);
    const second = random.integer(0, DAYS * 24 * 60) * 60;
    // Now and then all at once, so that hours hold several acts of one actor.
    const hour = random.chance(0.5) ? 0 : random.integer(1, 12) * 37 - Math.floor(second / 3600);
    events.push(
      event({
        hour: Math.max(0, hour),
        second,
        name,
        operation: name.startsWith("Get") ? "read" : "admin",
        principal: random.pick(actors),
        keys: [{ ...key(keyArn(random.integer(1, 3))), alias: undefined }],
        parameters: acts[name]?.(random),
        error: random.chance(0.1) ? { code: "AccessDenied", class: "denied" } : undefined,
      }),
    );
  }
  const operator = principal("operator");
  const revoking = { name: "RevokeGrant", operation: "admin", principal: operator } as const;
  events.push(...inHour(19 * 24, 9, revoking), ...inHour(19 * 24 + 1, 9, revoking));
  return events.sort((one, other) => one.timeMs - other.timeMs);
}

function policyOf(random: Random): string {
  const principals = [
    "*",
    ACCOUNT,
    FOREIGN,
    role("a"),
    role("b"),
    role("preview-pr-1"),
    role("preview-pr-2"),
  ];
  const Statement = Array.from({ length: random.integer(1, 4) }, () => ({
    Effect: random.chance(0.9) ? "Allow" : "Deny",
    Principal: { AWS: random.pick(principals) },
    Action: random.pick(["kms:*", "kms:Decrypt", "kms:PutKeyPolicy", "kms:CreateGrant"]),
    ...(random.chance(0.3)
      ? { Condition: { StringEquals: { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } } }
      : {}),
  }));
  return JSON.stringify({ Statement });
}

function role(name: string, account = ACCOUNT): string {
  return `arn:aws:iam::${account}:role/${name}`;
}

function batchesOf(events: readonly KmsEvent[], size: number): KmsEvent[][] {
  return Array.from({ length: Math.ceil(events.length / size) }, (_, index) =>
    events.slice(index * size, (index + 1) * size),
  );
}
