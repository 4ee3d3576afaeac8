import { expect, it } from "vitest";
import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import { Random } from "../../src/simulation/random.ts";
import { detect } from "../support/detection.ts";
import { ACCOUNT, context, event, key, keyArn, person, principal } from "../support/events.ts";

const DAYS = 40;
const PER_DAY = 400;
/** More than any detector remembers of anything. */
const MANY = 2000;
const CALLS = [
  ["Decrypt", "decrypt"],
  ["Decrypt", "decrypt"],
  ["GenerateDataKey", "dataKey"],
  ["ReEncrypt", "reEncrypt"],
  ["Sign", "sign"],
  ["DescribeKey", "read"],
  ["CreateGrant", "admin"],
  ["UpdateAlias", "admin"],
  ["ReplicateKey", "admin"],
] as const;

/**
 * Whatever was met longest ago makes room, also while an hour is open in which it is met again: whoever asks then for what an hour
 * held of something new finds nothing.
 */
it.each([1, 2, 3])("more of everything than is remembered stops nobody, draw %i", (draw) => {
  const random = new Random(`more-than-is-remembered/${draw}`);
  const arrivals = Array.from({ length: DAYS * PER_DAY }, () => arrival(random));
  arrivals.sort((one, other) => one.atMs - other.atMs);
  const batches = Array.from({ length: DAYS * 8 }, (_, batch) =>
    arrivals.slice((batch * PER_DAY) / 8, ((batch + 1) * PER_DAY) / 8).map(({ event }) => event),
  );
  const { last, late } = detect(batches);
  expect(last.size).toBeGreaterThan(0);
  expect(late).toBe(0);
});

/** An event of any time that arrives in time. */
function arrival(random: Random): { readonly atMs: number; readonly event: KmsEvent } {
  const event = anything(random, random.integer(0, DAYS * 24 * 3600));
  return { atMs: event.timeMs + random.integer(0, 3500) * 1000, event };
}

function anything(random: Random, second: number): KmsEvent {
  const number = random.chance(0.5) ? random.integer(0, 60) : random.integer(0, MANY);
  const [name, operation] = random.pick(CALLS);
  const account = random.chance(0.9) ? ACCOUNT : `99998888${String(number).padStart(4, "0")}`;
  return event({
    second,
    name,
    operation,
    region: `eu-west-${number % 150}`,
    principal: callerOf(random, number),
    keys: [key(keyArn(random.integer(0, 3) === 0 ? number : 1, account))],
    source: { kind: "address", value: `20.${number % 256}.${number >> 8}.1` },
    userAgent: `agent-${number}/1.0`,
    context: random.chance(0.8) ? context(`name-${number % 400}`, number) : undefined,
    error: random.chance(0.1) ? { code: "AccessDenied", class: "denied" } : undefined,
    parameters: {
      granteePrincipal: `arn:aws:iam::${account}:role/grantee-${number}`,
      operations: ["Decrypt"],
      aliasName: `alias/${number}`,
      targetKeyId: keyArn(number),
      replicaRegion: `us-east-${number % 150}`,
      signingAlgorithm: `ALGORITHM_${number % 40}`,
    },
  });
}

function callerOf(random: Random, number: number): KmsEvent["principal"] {
  if (random.chance(0.1)) return person(`person-${number % 30}`);
  const session = `session-${number}`;
  return random.chance(0.8)
    ? principal(`app-${number % 3}`, { session })
    : principal(`worker-${number}`, { session });
}
