import { z } from "zod";
import {
  addEvidence,
  baselineState,
  type Detector,
  defineDetector,
  type EntityKind,
  type Evidence,
  levelOf,
  newEvidence,
  type Subject,
} from "../../src/detection/detector.ts";

/** What it learned, hour by hour, in the order in which it was told. */
export interface Learned {
  hours: [hour: number, count: number][];
}

/** What was known when an hour opened. */
export interface Frozen {
  hour: number;
  learnedThrough: number | null;
  hoursLearned: number;
}

interface Bucket {
  count: number;
  evidence: Evidence;
}

/** The smallest detector there is: three events of an hour are a finding, and it writes down all that it is asked to learn. */
export function countingDetector(
  period: Subject["period"] = "hour",
  overrides: {
    id?: string;
    entity?: EntityKind;
    version?: number;
    judgesLate?: boolean;
    /** It is judged as its hour closes, and then only up to so many events are a finding. */
    mostToClose?: number;
  } = {},
): Detector {
  const { id = `counting-${period}`, entity = "principal", version = 1 } = overrides;
  const { mostToClose } = overrides;
  const detector = defineDetector<Learned, Bucket, Frozen, object>({
    id,
    version,
    title: "Counting",
    entity,
    severity: "medium",
    why: "For tests.",
    falsePositives: [],
    knownGaps: [],
    triage: [],
    attack: [],
    options: z.strictObject({}),
    judgesLate: overrides.judgesLate ?? false,
    judgesClosed: mostToClose === undefined ? [] : [""],

    accepts: ({ operation }) => operation !== "other",
    newBaseline: () => ({ hours: [] }),
    newBucket: () => ({ count: 0, evidence: newEvidence() }),
    limits: ({ hours }, hour) => ({
      hour,
      learnedThrough: hours.at(-1)?.[0] ?? null,
      hoursLearned: hours.length,
    }),
    add({ bucket }, event) {
      bucket.count += 1;
      addEvidence(bucket.evidence, event);
    },
    subjects: () => [{ name: "", period }],
    level({ bucket }) {
      if (mostToClose !== undefined && bucket.count > mostToClose) return -1;
      return levelOf(bucket.count, overrides.judgesLate === true ? 1 : 3);
    },
    describe: ({ hour, bucket }) => ({
      title: "Counting",
      summary: `Counted ${bucket.count}.`,
      reasons: [{ code: "count", text: "It counted.", points: 40 + Math.min(50, bucket.count) }],
      eventTimeMs: hour * 3_600_000,
      windowStartMs: hour * 3_600_000,
      windowEndMs: (hour + 1) * 3_600_000,
      principal: bucket.evidence.principal,
      key: null,
      accountId: null,
      region: null,
      observed: { count: bucket.count },
      expected: { count: 0 },
      baseline: baselineState(0, 0),
      evidence: bucket.evidence,
    }),
    fold: ({ hours }, hour, { count }) => void hours.push([hour, count]),
    skip({ hours }, from, to) {
      for (let hour = from; hour < to; hour += 1) hours.push([hour, 0]);
    },
  });
  return detector;
}
