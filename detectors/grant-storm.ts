import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { fade, short } from "../src/baseline/forgetting.ts";
import { grantOf } from "../src/baseline/grant.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

/** Numbers of one hour, each judged by itself. */
type Counts = Record<Kind, number>;

interface Baseline {
  born: number;
  /** Hours with any grant made or removed. */
  hours: number;
  /** The last of them, and how many grants were revoked in it. */
  last: number;
  lastRevoked: number;
  /** Fading maxima of an hour. */
  peaks: Counts;
}

interface Bucket {
  counts: Counts;
  /** Key and fingerprint → how many grants were just that. */
  alike: Record<string, number>;
  human: boolean;
  firstMs: number;
  evidence: Evidence;
}

interface Limits {
  days: number;
  hours: number;
  counts: Counts;
}

const Options = z.strictObject({
  identical: z
    .int()
    .min(2)
    .default(10)
    .describe("Grants within an hour that ask for just the same, on one key."),
  created: z
    .int()
    .min(2)
    .default(60)
    .describe("Grants made within an hour, whatever they ask for."),
  firstCreated: z
    .int()
    .min(2)
    .default(5)
    .describe("The same for one who never made or removed a grant before."),
  revoked: z.int().min(2).default(5).describe("Grants revoked within an hour and the one before."),
  firstRevoked: z
    .int()
    .min(2)
    .default(3)
    .describe("The same for one who never made or removed a grant before."),
  retired: z.int().min(2).default(60).describe("Grants retired within an hour."),
  ratio: z
    .number()
    .min(1)
    .default(3)
    .describe("Times the principal's own largest hour that must be reached as well."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

/** What each kind of storm weighs at its limit, and its words. */
const KINDS = {
  identical: [54, "grants on one key that ask for just the same"],
  revoked: [56, "grants revoked"],
  created: [40, "grants made"],
  retired: [34, "grants retired"],
} as const;
type Kind = keyof typeof KINDS;
const NAMES = Object.keys(KINDS) as Kind[];

const CALLS = new Map<string, Kind>([
  ["CreateGrant", "created"],
  ["RevokeGrant", "revoked"],
  ["RetireGrant", "retired"],
]);
const HOURLY: readonly Subject[] = [{ name: "", period: "hour" }];
const MOST_ALIKE = 1000;
/** Fewer revoked grants are no storm by their number. */
const FEW_REVOKED = 5;
const PEAK_HALF_LIFE_HOURS = 35 * 24;

/** A principal makes the same grant again and again, or removes grants by the dozen. */
export const grantStorm = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "grant-storm",
  version: 4,
  title: "Grant storm",
  entity: "principal",
  reliableFrom: 54,
  severity: "low to high",
  why: "Of many equal grants one always remains when the others are revoked. Revoked grants take volumes, databases and backups from the services that live on them.",
  falsePositives: [
    "An environment is torn down by a script that revokes its grants one by one.",
    "An application retries a grant in a loop.",
  ],
  knownGaps: [
    "Grants that services make or retire for somebody: they do so routinely.",
    "A few equal grants a day, over weeks.",
  ],
  triage: [
    "List the grants of the key and revoke those that nobody claims.",
    "After revocations: look for services that fail for want of the key, volumes first.",
    "Ask the principal's owner, by another channel than the account itself.",
    "Look at who the grantees are and what they did with the key.",
  ],
  attack: [
    { technique: "T1098", name: "Account Manipulation", tactic: "persistence" },
    { technique: "T1489", name: "Service Stop", tactic: "impact" },
  ],
  options: Options,

  accepts: ({ name, error, principal }) =>
    CALLS.has(name) && error === undefined && principal.via === undefined,
  newBaseline: () => ({ born: -1, hours: 0, last: -1, lastRevoked: 0, peaks: newCounts() }),
  newBucket: () => ({
    counts: newCounts(),
    alike: {},
    human: false,
    firstMs: Number.MAX_SAFE_INTEGER,
    evidence: newEvidence(),
  }),

  limits({ born, hours, peaks }, hour, options) {
    const counts = newCounts();
    for (const kind of NAMES) {
      counts[kind] = Math.ceil(Math.max(options[kind], options.ratio * peaks[kind]));
    }
    if (hours === 0) {
      counts.created = Math.min(counts.created, options.firstCreated);
      counts.revoked = Math.min(counts.revoked, options.firstRevoked);
    }
    return { days: daysSince(born, hour), hours, counts };
  },

  add({ bucket }, event) {
    const { counts } = bucket;
    const kind = CALLS.get(event.name);
    if (kind === undefined) return;
    counts[kind] += 1;
    bucket.human ||= event.principal.human;
    bucket.firstMs = Math.min(bucket.firstMs, event.timeMs);
    addEvidence(bucket.evidence, event);
    if (kind === "created")
      counts.identical = Math.max(counts.identical, countAlike(bucket, event));
  },

  subjects: () => HOURLY,

  level(view) {
    const counts = countsOf(view);
    return Math.max(...NAMES.map((kind) => levelOf(counts[kind], firstNotice(kind, view.limits))));
  },

  describe: describeStorm,

  fold(baseline, hour, bucket, limits) {
    if (baseline.born < 0) baseline.born = hour;
    const factor = baseline.last < 0 ? 0 : fade(hour - baseline.last, PEAK_HALF_LIFE_HOURS);
    const before = baseline.last === hour - 1 ? baseline.lastRevoked : 0;
    baseline.hours += 1;
    baseline.last = hour;
    baseline.lastRevoked = bucket.counts.revoked;
    for (const kind of NAMES) {
      const found = bucket.counts[kind] + (kind === "revoked" ? before : 0);
      // A storm teaches no more than four times what would just have been one.
      const count = Math.min(found, 4 * limits.counts[kind]);
      baseline.peaks[kind] = short(Math.max(count, baseline.peaks[kind] * factor));
    }
  },
  skip: () => {},
});

/** The hour's numbers; revocations with those of the hour before, since a storm does not mind the clock. */
function countsOf({ bucket, baseline, earlier, hour }: View): Counts {
  const { counts } = bucket;
  if (counts.revoked === 0) return counts;
  const open = earlier.find((one) => one.hour === hour - 1)?.bucket.counts.revoked;
  const before = open ?? (baseline.last === hour - 1 ? baseline.lastRevoked : 0);
  return { ...counts, revoked: counts.revoked + before };
}

function newCounts(): Counts {
  return { identical: 0, revoked: 0, created: 0, retired: 0 };
}

function countAlike(bucket: Bucket, event: KmsEvent): number {
  const name = `${event.keys[0]?.arn ?? ""} ${grantOf(event.parameters)?.fingerprint ?? ""}`;
  const known = bucket.alike[name];
  if (known === undefined && Object.keys(bucket.alike).length >= MOST_ALIKE) return 0;
  const count = (known ?? 0) + 1;
  bucket.alike[name] = count;
  return count;
}

/** Half as many equal grants as make a storm are worth a low word: nobody needs the second one. */
function firstNotice(kind: Kind, { counts }: Limits): number {
  return kind === "identical" ? Math.ceil(counts.identical / 2) : counts[kind];
}

function describeStorm(view: View): Finding {
  const { hour, bucket, limits, entity } = view;
  const { evidence, human } = bucket;
  const counts = countsOf(view);
  const startMs = hour * HOUR_MS;
  const reasons = reasonsOf(counts, human, limits);
  const what = NAMES.filter((kind) => counts[kind] >= firstNotice(kind, limits)).map(
    (kind) => `${counts[kind]} ${KINDS[kind][1]}`,
  );
  return {
    title: counts.revoked >= limits.counts.revoked ? "Storm of revocations" : "Storm of grants",
    summary: `${callerName(evidence.principal, entity)}, within an hour: ${what.join(", ")}.`,
    reasons,
    eventTimeMs: bucket.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: null,
    accountId: null,
    region: null,
    observed: {
      identicalGrants: counts.identical,
      grantsCreated: counts.created,
      grantsRevoked: counts.revoked,
      grantsRetired: counts.retired,
    },
    expected: {
      identicalGrants: Math.ceil(Math.max(1, limits.counts.identical / 10)),
      identicalGrantsLimit: limits.counts.identical,
      grantsCreatedLimit: limits.counts.created,
      grantsRevokedLimit: limits.counts.revoked,
      grantsRetiredLimit: limits.counts.retired,
    },
    baseline: baselineState(limits.days, limits.hours),
    evidence,
  };
}

function reasonsOf(counts: Counts, human: boolean, limits: Limits): Reason[] {
  const reasons: Reason[] = [];
  for (const kind of NAMES) {
    const limit = limits.counts[kind];
    const count = counts[kind];
    if (count < firstNotice(kind, limits)) continue;
    const [points, text] = KINDS[kind];
    // What is counted as equal is counted as made as well.
    if (kind === "created" && isMostlyIdentical(counts, limits)) continue;
    reasons.push({
      code: kind,
      text: `${count} ${text}; ${counted(limit, "time")} would be many.`,
      points: count < limit ? 30 : points + strength(count / limit),
    });
  }
  if (limits.hours === 0 && counts.identical >= firstNotice("identical", limits)) {
    const text = "It never made a grant before.";
    reasons.push({ code: "first-time", text, points: 12 });
  }
  if (counts.revoked >= limits.counts.revoked && counts.revoked < FEW_REVOKED) {
    const text = "A few only, by one who never removed a grant before.";
    reasons.push({ code: "few", text, points: -14 });
  }
  if (human) reasons.push({ code: "person", text: "A person did it.", points: 4 });
  return reasons;
}

/** Whether equal grants are told, and the others are not many by themselves. */
function isMostlyIdentical(counts: Counts, limits: Limits): boolean {
  const { identical, created } = counts;
  return (
    identical >= firstNotice("identical", limits) && created - identical < limits.counts.created
  );
}

/** Points for how far over its limit a count is: 0 at the limit, 24 at 64 times. */
function strength(timesLimit: number): number {
  return Math.round(Math.min(24, 4 * Math.log2(Math.max(1, timesLimit))));
}
