import { z } from "zod";
import { HOUR_MS } from "../src/baseline/calendar.ts";
import {
  addEvidence,
  baselineState,
  type BreakGlassUse,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type HourView,
  levelOf,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

type Fault = BreakGlassUse["faults"][number];

interface Bucket {
  declared: Use | null;
  undeclared: Use | null;
}

interface Use {
  firstMs: number;
  name: string;
  owner: string;
  /** In order. */
  faults: Fault[];
  evidence: Evidence;
}

const Options = z.strictObject({});
type View = HourView<null, Bucket, null>;

const SUBJECTS: readonly Subject[] = [
  { name: "declared", period: "day" },
  { name: "undeclared", period: "day" },
];

const FAULTS: Readonly<Record<Fault, string>> = {
  session: "Used under a session name that is not declared.",
  key: "Used on a key that is not declared.",
  time: "Used while no change window that covers it was open.",
};

/** A role for emergencies is used. */
export const breakGlass = defineDetector<null, Bucket, null, z.infer<typeof Options>>({
  id: "break-glass",
  version: 1,
  title: "Break-glass use",
  entity: "principal",
  severity: "low as declared, high to critical otherwise",
  why: "A role for emergencies may do what no other may. Its use is always told, once a day; a use that is not the declared one is what an intruder would make of it.",
  falsePositives: ["An emergency that the declaration did not think of."],
  knownGaps: [
    "Roles that are not in detection.breakGlass.",
    "An intruder who uses the role as declared is told of mildly; grave detectors stay loud all the same.",
    "Session names of a role that anybody may assume under any name prove nothing.",
  ],
  triage: [
    "Ask the declaration's owner for the incident or change that it was used for.",
    "Read what else was noted about the role on that day: its other alerts are kept, marked as muted.",
    "If nobody claims it, revoke the role's sessions and close the way to it.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,
  declarations: ["breakGlass"],
  grave: true,

  accepts: () => true,
  newBaseline: () => null,
  newBucket: () => ({ declared: null, undeclared: null }),
  limits: () => null,

  add({ bucket, organization, knownBy }, event) {
    const found = organization.breakGlass(event, knownBy);
    if (found === undefined) return;
    const kind = found.faults.length === 0 ? "declared" : "undeclared";
    bucket[kind] ??= {
      firstMs: event.timeMs,
      name: found.name,
      owner: found.owner,
      faults: [],
      evidence: newEvidence(),
    };
    const use = bucket[kind];
    use.firstMs = Math.min(use.firstMs, event.timeMs);
    use.faults = [...new Set([...use.faults, ...found.faults])].sort();
    addEvidence(use.evidence, event);
  },

  subjects: () => SUBJECTS,

  /** As declared it is told once; otherwise again as it goes on. */
  level({ bucket }, subject) {
    if (subject === "declared") return bucket.declared === null ? -1 : 0;
    return levelOf(bucket.undeclared?.evidence.count ?? 0, 1);
  },

  describe: describeUse,
  fold: () => {},
  skip: () => {},
});

function describeUse({ hour, entity, bucket }: View, subject: string) {
  const isDeclared = subject === "declared";
  const use = isDeclared ? bucket.declared : bucket.undeclared;
  const evidence = use?.evidence ?? newEvidence();
  const startMs = hour * HOUR_MS;
  const who = callerName(evidence.principal, entity);
  const calls = counted(evidence.count, "call");
  const manner = isDeclared ? "as declared" : "not as declared";
  return {
    title: isDeclared ? "Break-glass role used" : "Break-glass role used otherwise than declared",
    summary: `${who} was used ${manner} (${use?.name ?? ""}): ${calls} in the hour. Owner: ${use?.owner ?? ""}.`,
    reasons: use === null ? [] : reasonsOf(use),
    eventTimeMs: use?.firstMs ?? startMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: null,
    accountId: null,
    region: null,
    observed: {
      declaration: use?.name ?? null,
      callsPerHour: evidence.count,
      notAsDeclared: use === null ? "" : use.faults.join(" "),
    },
    expected: { callsPerHour: 0, notAsDeclared: "" },
    baseline: baselineState(0, 0),
    evidence,
  };
}

function reasonsOf({ name, faults }: Use): Reason[] {
  const [first, ...others] = faults;
  if (first === undefined) {
    return [
      { code: "break-glass-used", text: `Declared as ${name}; any use is told.`, points: 25 },
    ];
  }
  return [
    { code: `undeclared-${first}`, text: FAULTS[first], points: 76 },
    ...others.map((fault) => ({
      code: `undeclared-${fault}`,
      text: FAULTS[fault],
      points: 8,
    })),
  ];
}
