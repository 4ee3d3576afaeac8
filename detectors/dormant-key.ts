import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  awayLimit,
  daysAway,
  type Gaps,
  learnActive,
  leastAfterFewDays,
  newGaps,
} from "../src/baseline/gaps.ts";
import { isKnown, type KnownSet, meet, newKnownSet, size } from "../src/baseline/known-set.ts";
import { countMinute, crossingSecond, type MinuteCounts } from "../src/baseline/minute-counts.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  isCryptographic,
  isDecryption,
  keyOf,
  levelOf,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline extends Gaps {
  calls: number;
  users: KnownSet;
}

interface Bucket {
  calls: number;
  reads: number;
  firstMs: number;
  /** Of one that was away. */
  minutes: MinuteCounts;
  /** Who used it; at most `MOST_USERS`. */
  users: string[];
  human: boolean;
  /** Null where the key was not dormant. */
  evidence: Evidence | null;
}

interface Limits {
  awayDays: number;
  limitDays: number;
  usualDays: number;
  days: number;
  calls: number;
  users: number;
  isAwake: boolean;
  /** Calls in an hour from which on its use is told. */
  least: number;
}

const Options = z.strictObject({
  dormantDays: z
    .number()
    .min(1)
    .default(21)
    .describe("Days without use after which a key is dormant."),
  activeDays: z
    .int()
    .min(2)
    .default(3)
    .describe(
      "Days of use before; of fewer only an hour of more calls than in all of them is told.",
    ),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const SUBJECTS: readonly Subject[] = [{ name: "", period: "day" }];
const MOST_USERS = 100;

/** A key that nobody has used for weeks is used again. */
export const dormantKey = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "dormant-key",
  version: 3,
  title: "Dormant key awakes",
  entity: "key",
  reliableFrom: 46,
  severity: "low to high",
  why: "What lies under a key that nothing uses any more is old and forgotten, backups and archives mostly: worth taking, and not missed.",
  falsePositives: ["A restore from an archive.", "A rare job whose rhythm is not known yet."],
  knownGaps: [
    "Keys that were used on a day or two before they fell asleep, and no more when they wake.",
    "Use by AWS services alone, such as their own backups.",
  ],
  triage: [
    "Find out what the key protects, and who owns it.",
    "Ask whoever used it what for.",
    "If nothing needs it any more, disable it, and delete it once nobody misses it.",
  ],
  attack: [
    { technique: "T1530", name: "Data from Cloud Storage", tactic: "collection" },
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,

  accepts: (event) =>
    event.error === undefined && !event.principal.service && isCryptographic(event),
  newBaseline: () => ({ ...newGaps(), calls: 0, users: newKnownSet() }),
  newBucket: () => ({
    calls: 0,
    reads: 0,
    firstMs: 0,
    minutes: [],
    users: [],
    human: false,
    evidence: null,
  }),

  limits(baseline, hour, options) {
    const awayDays = daysAway(baseline, hour);
    const limitDays = awayLimit(baseline, options.dormantDays);
    return {
      awayDays,
      limitDays,
      usualDays: baseline.usual,
      days: daysSince(baseline.born, hour),
      calls: baseline.calls,
      users: size(baseline.users),
      isAwake: baseline.days === 0 || awayDays < limitDays,
      least: baseline.days < options.activeDays ? leastAfterFewDays(baseline, baseline.calls) : 1,
    };
  },

  add({ bucket, limits }, event) {
    bucket.firstMs = bucket.calls === 0 ? event.timeMs : Math.min(bucket.firstMs, event.timeMs);
    bucket.calls += 1;
    const user = event.principal.entity;
    if (!bucket.users.includes(user) && bucket.users.length < MOST_USERS) {
      bucket.users.push(user);
      bucket.users.sort();
    }
    if (limits.isAwake) return;
    if (isDecryption(event)) bucket.reads += 1;
    bucket.human ||= event.principal.human;
    countMinute(bucket.minutes, event.timeMs);
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: () => SUBJECTS,
  level: ({ bucket, limits }) => (limits.isAwake ? -1 : levelOf(bucket.calls, limits.least)),
  describe: describeHour,

  fold(baseline, hour, bucket) {
    learnActive(baseline, hour);
    baseline.calls += bucket.calls;
    for (const user of bucket.users) meet(baseline.users, user, hour, MOST_USERS);
  },
  skip: () => {},
});

function describeHour(view: View): Finding {
  const { hour, bucket, limits, entity } = view;
  const evidence = bucket.evidence ?? newEvidence();
  const away = Math.floor(limits.awayDays);
  const key = keyOf(entity);
  const startMs = hour * HOUR_MS;
  const users = counted(bucket.users.length, "principal");
  return {
    title: "Dormant key awakes",
    summary: `A key that nobody had used for ${away} days was used by ${users}, ${callerName(evidence.principal)} among them: ${counted(bucket.calls, "call")} in the hour.`,
    reasons: reasonsOf(view),
    eventTimeMs:
      limits.least === 1
        ? bucket.firstMs
        : startMs + 1000 * crossingSecond(bucket.minutes, limits.least - 1),
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key,
    accountId: key.accountId,
    region: key.region,
    observed: { daysAway: away, callsPerHour: bucket.calls, principals: bucket.users.length },
    expected: {
      daysAway: Math.round(limits.usualDays * 10) / 10,
      daysAwayLimit: Math.round(limits.limitDays),
      knownPrincipals: limits.users,
    },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

function reasonsOf({ bucket, limits, baseline, knownBy }: View): Reason[] {
  const times = limits.awayDays / limits.limitDays;
  const reasons: Reason[] = [
    {
      code: "dormant",
      text: `No use in ${Math.floor(limits.awayDays)} days; usual gap ${Math.round(limits.usualDays * 10) / 10} days, limit ${Math.round(limits.limitDays)}.`,
      points: Math.round(Math.min(48, 40 + 5 * Math.log2(Math.max(1, times)))),
    },
  ];
  if (!bucket.users.some((user) => isKnown(baseline.users, user, knownBy))) {
    const text = "None of those who use it now ever did.";
    reasons.push({ code: "strangers", text, points: 12 });
  }
  if (bucket.calls > limits.calls) {
    const text = `${bucket.calls} calls in its first hour, more than in all its ${Math.floor(limits.days)} days before.`;
    reasons.push({ code: "more-than-ever", text, points: 12 });
  }
  if (bucket.reads >= 10) {
    const text = `${bucket.reads} decrypts in its first hour.`;
    reasons.push({ code: "many-reads", text, points: bucket.reads >= 50 ? 10 : 6 });
  }
  if (bucket.human) {
    reasons.push({ code: "person", text: "A person uses it.", points: 4 });
  }
  return reasons;
}
