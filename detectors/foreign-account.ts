import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { isKnown, type KnownSet, meet, newKnownSet } from "../src/baseline/known-set.ts";
import {
  fadeNamedPeaks,
  keepPeaksOf,
  learnNamedPeak,
  type NamedPeaks,
} from "../src/baseline/named-peaks.ts";
import {
  accountOfCrossing,
  baselineState,
  callerName,
  countCrossing,
  counted,
  type Crossing,
  crossingOf,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isDecryption,
  isLook,
  keyOf,
  levelOf,
  newCrossing,
  type Reason,
  type Subject,
  used,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  events: number;
  /** `in:ACCOUNT`, `out:ACCOUNT` and the same with `:denied` met so far. */
  counterparts: KnownSet;
  /** Fading maximum of successful calls an hour, by counterpart. */
  peaks: NamedPeaks;
}

interface Bucket {
  events: number;
  decrypts: number;
  crossings: Record<string, Crossing>;
}

interface Limits {
  days: number;
  events: number;
  peaks: NamedPeaks;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(7)
    .describe(
      "Days before a foreign account counts as new, where the organization's accounts are not listed.",
    ),
  bulkCalls: z
    .int()
    .min(2)
    .default(20)
    .describe(
      "Calls an hour with a foreign account that is known already below which it never alerts again.",
    ),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const MOST_COUNTERPARTS = 500;
const MOST_CROSSINGS = 500;
/** Times its largest hour so far that a known foreign account must exceed. */
const BULK_RATIO = 5;
const BULK = ":bulk";
const NOTHING: readonly Subject[] = [];

/** One of our keys is used by an account that is not ours, or one of ours uses a foreign key. */
export const foreignAccount = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "foreign-account",
  version: 2,
  title: "Foreign account",
  entity: "account",
  severity: "low to critical",
  why: "Data encrypted under a key of another organization is theirs to withhold, and data that another organization may decrypt is theirs to read. Both show in KMS events without any S3 data event.",
  falsePositives: [
    "A vendor's account that nobody has listed as approved yet.",
    "An account of the organization whose own trail does not arrive here: list the accounts.",
  ],
  knownGaps: [
    "Denied calls by outsiders: AWS logs them in the caller's account only.",
    "Where accounts are not listed, foreign accounts that were there from the first week.",
  ],
  triage: [
    "Find out whose account it is: list it as approved with an owner, or go on.",
    "Inbound: read the key's policy and grants for that account, and remove it.",
    "Outbound: find which bucket or volume is written under the foreign key, and by whom.",
    "Treat outbound encryption of existing data as ransomware until shown otherwise.",
  ],
  attack: [
    { technique: "T1537", name: "Transfer Data to Cloud Account", tactic: "exfiltration" },
    { technique: "T1486", name: "Data Encrypted for Impact", tactic: "impact" },
  ],
  options: Options,
  grave: true,
  judgesLate: true,

  accepts: () => true,
  newBaseline: () => ({ born: -1, events: 0, counterparts: newKnownSet(), peaks: {} }),
  newBucket: () => ({ events: 0, decrypts: 0, crossings: {} }),
  limits: (baseline, hour) => ({
    days: daysSince(baseline.born, hour),
    events: baseline.events,
    peaks: { ...baseline.peaks },
  }),

  add({ bucket }, event) {
    bucket.events += 1;
    if (isDecryption(event)) bucket.decrypts += 1;
    const name = crossingOf(event);
    if (name === undefined) return;
    let crossing = bucket.crossings[name];
    if (crossing === undefined) {
      if (Object.keys(bucket.crossings).length >= MOST_CROSSINGS) return;
      crossing = newCrossing();
      bucket.crossings[name] = crossing;
    }
    countCrossing(crossing, event);
  },

  subjects(event) {
    const name = crossingOf(event);
    if (name === undefined) return NOTHING;
    return [
      { name, period: "once" },
      { name: name + BULK, period: "day" },
    ];
  },

  level(view, subject, options) {
    const name = nameOf(subject);
    const crossing = view.bucket.crossings[name];
    if (crossing === undefined || !isForeign(view, name, crossing)) return -1;
    const isMet = isKnown(view.baseline.counterparts, name, view.knownBy);
    if (name === subject) return isMet ? -1 : levelOf(crossing.evidence.count, 1);
    // While it is new, the alert on its being new tells of the volume as well.
    return isMet ? levelOf(used(crossing), bulkLimit(view.limits, name, options)) : -1;
  },

  describe: describeCrossing,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.events += bucket.events;
    for (const name of Object.keys(bucket.crossings).sort()) {
      meet(baseline.counterparts, name, hour, MOST_COUNTERPARTS);
      const crossing = bucket.crossings[name];
      if (crossing !== undefined) learnNamedPeak(baseline.peaks, name, used(crossing));
    }
    keepPeaksOf(baseline.peaks, (name) => baseline.counterparts.members[name] !== undefined);
  },
  skip(baseline, from, to) {
    fadeNamedPeaks(baseline.peaks, to - from);
  },

  history: (bucket) => ({
    events: bucket.events,
    decrypts: bucket.decrypts,
    expected: null,
    limit: null,
  }),
});

function isForeign({ organization, knownBy }: View, name: string, crossing: Crossing): boolean {
  const account = accountOfCrossing(name);
  return (
    !organization.isOurs(account, knownBy) && !organization.isApproved(account, crossing.firstMs)
  );
}

/** The crossing that a subject is about. */
function nameOf(subject: string): string {
  return subject.endsWith(BULK) ? subject.slice(0, -BULK.length) : subject;
}

function bulkLimit({ peaks }: Limits, name: string, { bulkCalls }: Options): number {
  return Math.ceil(Math.max(bulkCalls, BULK_RATIO * (peaks[name] ?? 0))) + 1;
}

function describeCrossing(view: View, subject: string, options: Options): Finding {
  const { hour, bucket, limits, entity, organization } = view;
  const crossing = bucket.crossings[nameOf(subject)];
  if (crossing === undefined)
    throw new Error(`foreign-account: no crossing ${subject} in ${entity}`);
  const { evidence, decrypts, encrypts, denied } = crossing;
  const inbound = subject.startsWith("in:");
  const account = accountOfCrossing(subject);
  const startMs = hour * HOUR_MS;
  const isSettled = organization.declared || limits.days >= options.learningDays;
  const isBulk = subject.endsWith(BULK);
  const largest = Math.round(limits.peaks[nameOf(subject)] ?? 0);
  return {
    title: titleOf(subject),
    summary: inbound
      ? `Account ${account}, which is not ours, ${isLook(subject) ? "looked at" : "used"} a key of account ${entity}: ${counted(evidence.count, "call")}.`
      : `${callerName(evidence.principal)} of account ${entity} used a key of account ${account}, which is not ours: ${counted(evidence.count, "call")}, ${encrypts} of them encrypting.`,
    reasons: [
      isBulk ? bulkReason(crossing, largest) : firstReason(subject),
      ...furtherReasons(crossing, inbound, isSettled),
    ],
    eventTimeMs: crossing.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: keyOver(evidence),
    accountId: entity,
    region: null,
    observed: {
      foreignAccount: account,
      direction: inbound ? "inbound" : "outbound",
      decrypts,
      encrypts,
      denied,
      callsPerHour: used(crossing),
    },
    expected: {
      callsPerHour: isBulk ? largest : 0,
      foreignAccount: "none, own or approved accounts only",
      accountsListed: organization.declared,
    },
    baseline: baselineState(limits.days, limits.events),
    evidence,
  };
}

/** The key on the other side of the account boundary. */
function keyOver({ keys, principal }: Evidence): Finding["key"] {
  const arn = keys.find((key) => keyOf(key).accountId !== principal?.accountId);
  return arn === undefined ? null : keyOf(arn);
}

function titleOf(subject: string): string {
  const inbound = subject.startsWith("in:");
  if (isLook(subject)) return "Key looked at by a foreign account";
  if (subject.endsWith(BULK))
    return inbound ? "Key used in bulk by a foreign account" : "Foreign key used in bulk";
  return inbound ? "Key used by a foreign account" : "Foreign key used";
}

function firstReason(subject: string): Reason {
  if (isLook(subject)) {
    const text = "An account that is neither ours nor approved may look at the key, and did.";
    return { code: "foreign-look", text, points: 44 };
  }
  return subject.startsWith("in:")
    ? {
        code: "foreign-caller",
        text: "An account that is neither ours nor approved used the key for the first time.",
        points: 70,
      }
    : {
        code: "foreign-key",
        text: "A key of an account that is neither ours nor approved was used for the first time.",
        points: 70,
      };
}

function bulkReason(crossing: Crossing, largest: number): Reason {
  return {
    code: "bulk",
    text: `${used(crossing)} calls within an hour with an account that is neither ours nor approved; the largest hour so far had ${largest}.`,
    points: 70,
  };
}

function furtherReasons(crossing: Crossing, inbound: boolean, settled: boolean): Reason[] {
  const reasons: Reason[] = [];
  if (!inbound && crossing.encrypts >= 20) {
    reasons.push({
      code: "encrypts-under-foreign-key",
      text: `${crossing.encrypts} encrypting calls under a key that somebody else controls.`,
      points: 22,
    });
  } else if (inbound && crossing.decrypts >= 20) {
    reasons.push({
      code: "many-decrypts",
      text: `${crossing.decrypts} decrypts by the foreign account.`,
      points: 15,
    });
  }
  if (crossing.denied > 0) {
    reasons.push({ code: "denied-only", text: "Every call was denied.", points: -25 });
  }
  if (!settled) {
    reasons.push({
      code: "learning",
      text: "The organization's accounts are not listed and are still being learned; an own account may look foreign.",
      points: -35,
    });
  }
  return reasons;
}
