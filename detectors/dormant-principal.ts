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
  isServiceLinked,
  levelOf,
  newEvidence,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline extends Gaps {
  calls: number;
}

interface Bucket {
  calls: number;
  firstMs: number;
  /** Of one that was away. */
  minutes: MinuteCounts;
  keys: string[];
  human: boolean;
  isDirect: boolean;
  /** Null where the principal was not away. */
  evidence: Evidence | null;
}

interface Limits {
  awayDays: number;
  limitDays: number;
  usualDays: number;
  days: number;
  calls: number;
  isAwake: boolean;
  /** Calls in an hour from which on its return is told. */
  least: number;
}

const Options = z.strictObject({
  dormantDays: z
    .number()
    .min(1)
    .default(15)
    .describe("Days without use after which a workload counts as dormant."),
  dailyDormantDays: z
    .number()
    .min(1)
    .default(6)
    .describe(
      "Days after which one counts as dormant that had come every day for weeks; two more for one that rests at weekends.",
    ),
  personDormantDays: z
    .number()
    .min(1)
    .default(45)
    .describe("Days without use after which a person does, who may have been on leave."),
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
const MOST_KEYS = 100;
/** Projects rest for a holiday. */
const HOLIDAY_DAYS = 21;
/** Days for which IAM users are away without meaning anything: they are mostly programs. */
const USER_LEAVE_DAYS = 28;
/** Active days, and the longest gap between two, of one who comes daily. */
const DAILY_DAYS = 14;
const DAILY_GAP = 3;

/** A principal that has not used any key for weeks uses one again. */
export const dormantPrincipal = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "dormant-principal",
  version: 5,
  title: "Dormant principal awakes",
  entity: "principal",
  reliableFrom: 44,
  severity: "low to high",
  why: "Nobody watches a role that nothing uses any more, and nobody misses it: its forgotten credentials are the ones to take.",
  falsePositives: ["A rare job whose rhythm is not known yet.", "Return from a long leave."],
  knownGaps: [
    "Principals that were used on a day or two before they fell asleep, and do no more when they wake.",
    "Rare principals, whose absence has to last five times as long as usual.",
  ],
  triage: [
    "Find the owner, and ask what woke it.",
    "Compare source address and user agent with those of its last days of use.",
    "If nothing needs it any more, remove it.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,

  accepts: (event) =>
    event.error === undefined && isCryptographic(event) && !isServiceLinked(event),
  newBaseline: () => ({ ...newGaps(), calls: 0 }),
  newBucket: () => ({
    calls: 0,
    firstMs: 0,
    minutes: [],
    keys: [],
    human: false,
    isDirect: false,
    evidence: null,
  }),

  limits(baseline, hour, options) {
    const awayDays = daysAway(baseline, hour);
    const floorDays = isDaily(baseline)
      ? options.dailyDormantDays + baseline.longest - 1
      : options.dormantDays;
    const limitDays = awayLimit(baseline, floorDays);
    return {
      awayDays,
      limitDays,
      usualDays: baseline.usual,
      days: daysSince(baseline.born, hour),
      calls: baseline.calls,
      isAwake: baseline.days === 0 || awayDays < limitDays,
      least: baseline.days < options.activeDays ? leastAfterFewDays(baseline, baseline.calls) : 1,
    };
  },

  add({ bucket, limits }, event) {
    bucket.firstMs = bucket.calls === 0 ? event.timeMs : Math.min(bucket.firstMs, event.timeMs);
    bucket.calls += 1;
    if (limits.isAwake) return;
    bucket.human ||= event.principal.human;
    bucket.isDirect ||= event.principal.via === undefined;
    for (const { arn } of event.keys) {
      if (!bucket.keys.includes(arn) && bucket.keys.length < MOST_KEYS) bucket.keys.push(arn);
    }
    bucket.keys.sort();
    countMinute(bucket.minutes, event.timeMs);
    bucket.evidence ??= newEvidence();
    addEvidence(bucket.evidence, event);
  },

  subjects: () => SUBJECTS,

  level({ bucket, limits, entity }, _subject, options) {
    if (limits.isAwake || limits.awayDays < leaveDays(entity, options)) return -1;
    return levelOf(bucket.calls, limits.least);
  },

  describe: describeHour,

  fold(baseline, hour, bucket) {
    learnActive(baseline, hour);
    baseline.calls += bucket.calls;
  },
  skip: () => {},
});

/** Whether it came on every day, or every working day, for as long as it was there. */
function isDaily({ days, longest }: Baseline): boolean {
  return days >= DAILY_DAYS && longest <= DAILY_GAP;
}

/** Days for which people are away without meaning anything, by the name of the memory: it must not change within the hour. */
function leaveDays(entity: string, { personDormantDays }: Options): number {
  if (entity.includes("#") || entity.includes("/user/")) return personDormantDays;
  return entity.includes(":user/") ? Math.min(USER_LEAVE_DAYS, personDormantDays) : 0;
}

function describeHour({ hour, bucket, limits, entity }: View): Finding {
  const evidence = bucket.evidence ?? newEvidence();
  const away = Math.floor(limits.awayDays);
  const startMs = hour * HOUR_MS;
  return {
    title: "Dormant principal awakes",
    summary: `${callerName(evidence.principal, entity)} used keys again after ${away} days without: ${counted(bucket.calls, "call")} on ${counted(bucket.keys.length, "key")} in the hour.`,
    reasons: reasonsOf(bucket, limits),
    eventTimeMs:
      limits.least === 1
        ? bucket.firstMs
        : startMs + 1000 * crossingSecond(bucket.minutes, limits.least - 1),
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { daysAway: away, callsPerHour: bucket.calls, keys: bucket.keys.length },
    expected: {
      daysAway: Math.round(limits.usualDays * 10) / 10,
      daysAwayLimit: Math.round(limits.limitDays),
    },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

function reasonsOf(bucket: Bucket, limits: Limits): Reason[] {
  const times = limits.awayDays / limits.limitDays;
  const least = limits.awayDays < HOLIDAY_DAYS ? 36 : 38;
  const reasons: Reason[] = [
    {
      code: "dormant",
      text: `No use in ${Math.floor(limits.awayDays)} days; usual gap ${Math.round(limits.usualDays * 10) / 10} days, limit ${Math.round(limits.limitDays)}.`,
      points: Math.round(Math.min(46, least + 5 * Math.log2(Math.max(1, times)))),
    },
  ];
  if (bucket.calls >= 20) {
    const text = `${bucket.calls} calls in its first hour.`;
    reasons.push({ code: "many-calls", text, points: bucket.calls >= 100 ? 12 : 8 });
  }
  if (bucket.keys.length >= 3) {
    const text = `${bucket.keys.length} different keys.`;
    reasons.push({ code: "several-keys", text, points: 6 });
  }
  if (bucket.isDirect) {
    const text = "Called KMS directly, not through an AWS service.";
    reasons.push({ code: "direct", text, points: bucket.human ? 10 : 4 });
  }
  return reasons;
}
