import { z } from "zod";
import { type Actors, learnActor, newActors, standingOf } from "../src/baseline/actors.ts";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  isKnown,
  type KnownSet,
  meet,
  newKnownSet,
  size,
  surpriseBits,
} from "../src/baseline/known-set.ts";
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
  keepSmallest,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  calls: number;
  /** Regions in which the account used or administered keys. */
  regions: KnownSet;
  /** Who changes keys, their aliases or policies. */
  builders: Actors;
}

/** Uses of one Region within an hour. */
interface Visit {
  count: number;
  firstMs: number;
  /** Callers told apart; null while the Region is known. */
  callers: string[] | null;
  evidence: Evidence | null;
}

interface Bucket {
  calls: number;
  visits: Record<string, Visit>;
  /** Regions that are taken into use: whether by one who builds. */
  opened: Record<string, boolean>;
  /** Who changed anything about keys: the families of their names. */
  builders: Record<string, string>;
}

interface Limits {
  days: number;
  calls: number;
  /** Probability that a day of use brings a new Region; 0 while the account is learned. */
  discovery: number;
  regions: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of an account's own history before it is judged."),
  learningVisits: z
    .number()
    .min(0)
    .default(10)
    .describe("Days on which Regions must have been used, all together, before another is new."),
  minimumCalls: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe("Calls that use or change a key in the Region within the hour before it counts."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

/** AWS has fewer; a record may name anything. */
const MOST_REGIONS = 100;
const MOST_BUILDERS = 200;
/** Callers told apart; from so many on it is the account that moves, not a caller. */
const MANY_CALLERS = 3;
const REGION = /^(?=.{5,32}$)[a-z]+(?:-[a-z]+)+-\d{1,2}$/;
/** Calls that give a Region its keys and aliases. */
const MAKING = new Set(["CreateKey", "CreateAlias", "ReplicateKey", "UpdatePrimaryRegion"]);
/** Calls that take a key elsewhere, and the parameter that says where to. */
const TAKING = new Map([
  ["ReplicateKey", "replicaRegion"],
  ["UpdatePrimaryRegion", "primaryRegion"],
]);
const NOTHING: readonly Subject[] = [];

/** KMS is used in a Region in which the account never used it, other than by those who build there. */
export const unusedRegion = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "unused-region",
  version: 1,
  title: "Region unused by an account",
  entity: "account",
  severity: "informational to medium",
  why: "An account lives in a few Regions, and nobody looks at the others. Whoever goes there with stolen credentials leaves hardly any call, each of them in a place where there should be none.",
  falsePositives: [
    "A Region that is opened by a person or a pipeline that never administered keys.",
    "The first service of an expansion whose keys AWS made.",
    "Something tried out in the wrong Region.",
  ],
  knownGaps: [
    "An intruder in a Region that the account uses.",
    "What follows in a Region once it was told, or was opened by those who build: the credentials of a pipeline open any.",
    "Looking around: scanners do so everywhere. Refused calls, which `denied-probing` counts.",
    "Regions whose trail does not arrive.",
  ],
  triage: [
    "Ask the caller what the Region is for.",
    "List keys, grants, snapshots and machines there: look for what was made since.",
    "If nobody claims it, revoke the caller's sessions.",
    "Close Regions that you do not use with a service control policy.",
  ],
  attack: [
    {
      technique: "T1535",
      name: "Unused/Unsupported Cloud Regions",
      tactic: "defense-evasion",
    },
  ],
  options: Options,

  accepts: isOwn,
  newBaseline: () => ({ born: -1, calls: 0, regions: newKnownSet(), builders: newActors() }),
  newBucket: () => ({ calls: 0, visits: {}, opened: {}, builders: {} }),

  limits({ born, calls, regions }, hour, options) {
    const days = daysSince(born, hour);
    const isLearning = days < options.learningDays || regions.meetings < options.learningVisits;
    return {
      days,
      calls,
      discovery: isLearning ? 0 : chanceOfNewRegion(regions),
      regions: size(regions),
    };
  },

  add(view, event) {
    noteOpening(view, event);
    noteBuilder(view.bucket, event);
    if (isUse(event)) noteVisit(view, event);
  },

  subjects: (event) => (isUse(event) ? [{ name: event.region, period: "once" }] : NOTHING),

  level(view, region, options) {
    const visit = view.bucket.visits[region];
    // Known as the hour's first call came there, and forgotten since: nothing was kept of it.
    if (visit === undefined || visit.evidence === null || !isNewRegion(view, region)) return -1;
    return levelOf(visit.count, options.minimumCalls);
  },

  describe: describeVisit,

  fold(baseline, hour, bucket, _limits, { learningDays }) {
    if (baseline.born < 0) baseline.born = hour;
    const { regions } = baseline;
    baseline.calls += bucket.calls;
    const met = new Set([...Object.keys(bucket.visits), ...Object.keys(bucket.opened)]);
    for (const region of [...met].sort()) meet(regions, region, hour, MOST_REGIONS);
    // What is met while the account is learned is how the account is: nothing was discovered yet.
    if (daysSince(baseline.born, hour) < learningDays) regions.discoveries = 0;
    for (const name of Object.keys(bucket.builders).sort()) {
      const family = bucket.builders[name] ?? name;
      learnActor(baseline.builders, { name, family }, hour);
    }
  },
  skip: () => {},
});

/**
 * Probability that a day on which the account uses KMS brings a new Region: `discoveryProbability`, but by the days on which its
 * Regions are used on average, since an account with many of them comes no less often to another.
 */
function chanceOfNewRegion(regions: KnownSet): number {
  const days = regions.meetings / Math.max(1, size(regions));
  return Math.min(1, (regions.discoveries + 0.5) / (days + 1));
}

/** A call that succeeded by a person or workload of the account, as its own trail tells it. */
function isOwn(event: KmsEvent): boolean {
  const { principal, recipientAccountId: recipient, error, region, service } = event;
  if (error !== undefined || service !== undefined || principal.service) return false;
  if (isServiceLinked(event)) return false;
  return (recipient === undefined || recipient === principal.accountId) && REGION.test(region);
}

/** Whether a call uses or changes a key: looking is not using. */
function isUse(event: KmsEvent): boolean {
  return event.operation === "admin" || isCryptographic(event);
}

/** Grants come and go with machines and volumes: making them is no administration. */
function isAdministration({ operation, name }: KmsEvent): boolean {
  return operation === "admin" && !name.endsWith("Grant");
}

function isNewRegion({ baseline, limits, knownBy }: View, region: string): boolean {
  return limits.discovery > 0 && !isKnown(baseline.regions, region, knownBy);
}

/**
 * Notes a Region that is taken into use: by what those who build do there, or as a key is taken there, which
 * `replica-in-new-region` judges.
 */
function noteOpening(view: View, event: KmsEvent): void {
  const { baseline, bucket, knownBy } = view;
  const { region, parameters, name } = event;
  const target = parameters?.[TAKING.get(name) ?? ""];
  if (typeof target === "string" && REGION.test(target)) {
    open(bucket, target, isBuilding(view, event));
  }
  if (isKnown(baseline.regions, region, knownBy) || !isBuilding(view, event)) return;
  open(bucket, region, true);
}

function open({ opened }: Bucket, region: string, isBuilt: boolean): void {
  if (opened[region] === undefined && Object.keys(opened).length >= MOST_REGIONS) return;
  opened[region] = opened[region] === true || isBuilt;
}

/**
 * Whether a call is part of building: anything by a workload that administers keys, a key or alias made by a person who
 * does so regularly, and administration through CloudFormation.
 */
function isBuilding({ baseline, knownBy }: View, event: KmsEvent): boolean {
  const { human, entity, via } = event.principal;
  if (via === "cloudformation.amazonaws.com" && event.operation === "admin") return true;
  if (human && !MAKING.has(event.name)) return false;
  const standing = standingOf(
    baseline.builders,
    { name: entity, family: familyOf(event) },
    knownBy,
  );
  return human ? standing === "regular" : standing !== "new";
}

function noteBuilder({ builders }: Bucket, event: KmsEvent): void {
  if (!isAdministration(event)) return;
  const { entity } = event.principal;
  if (builders[entity] !== undefined || Object.keys(builders).length >= MOST_BUILDERS) return;
  builders[entity] = familyOf(event);
}

/** The family of a workload's name; people share a permission set without being alike. */
function familyOf({ principal: { human, entity, accountId, family } }: KmsEvent): string {
  return human ? entity : `${accountId ?? ""}/${family}`;
}

function noteVisit(view: View, event: KmsEvent): void {
  const { bucket } = view;
  const { region, timeMs } = event;
  bucket.calls += 1;
  let visit = bucket.visits[region];
  if (visit === undefined) {
    if (Object.keys(bucket.visits).length >= MOST_REGIONS) return;
    visit = isNewRegion(view, region)
      ? { count: 0, firstMs: timeMs, callers: [], evidence: newEvidence() }
      : { count: 0, firstMs: timeMs, callers: null, evidence: null };
    bucket.visits[region] = visit;
  }
  visit.count += 1;
  visit.firstMs = Math.min(visit.firstMs, timeMs);
  if (visit.callers === null || visit.evidence === null) return;
  addEvidence(visit.evidence, event);
  keepSmallest(visit.callers, event.principal.entity, MANY_CALLERS);
}

function describeVisit(view: View, region: string): Finding {
  const { hour, bucket, limits, entity } = view;
  const visit = bucket.visits[region];
  const evidence = visit?.evidence;
  if (visit === undefined || !evidence) {
    throw new Error(`unused-region: no visit to ${region} in ${entity}`);
  }
  const startMs = hour * HOUR_MS;
  const callers = visit.callers?.length ?? 0;
  const isAlone = callers === 1;
  const who = isAlone ? callerName(evidence.principal) : "Several callers";
  return {
    title: "Region unused by an account",
    summary: `${who} used KMS ${counted(visit.count, "time")} in ${region}, where nobody of account ${entity} ever did; ${counted(limits.regions, "Region")} ${limits.regions === 1 ? "is" : "are"} in use.`,
    reasons: reasonsOf(view, region, callers),
    eventTimeMs: visit.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: isAlone ? evidence.principal : null,
    key: soleKey(evidence),
    accountId: entity,
    region,
    observed: { callsPerHour: visit.count, region, callers },
    expected: { callsPerHour: 0, regionsInUse: limits.regions },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

/**
 * Whether the Region was taken into use in an hour before that is not learned yet: then that hour, and not this one, says how it
 * began.
 */
function isBegun({ hour, baseline, earlier }: View, region: string): boolean {
  const since = baseline.regions.members[region]?.[0] ?? hour;
  return (
    since < hour ||
    earlier.some(({ bucket: { visits, opened } }) => region in visits || region in opened)
  );
}

function reasonsOf(view: View, region: string, callers: number): Reason[] {
  const { limits, bucket } = view;
  const percent = Math.round(limits.discovery * 1000) / 10;
  const reasons: Reason[] = [
    {
      code: "unused-region",
      text: `${region} is new to the account, which comes to another new one with a chance of ${percent} % a day.`,
      points: Math.round(Math.min(44, 8 + 6 * surpriseBits(limits.discovery))),
    },
  ];
  if (isBegun(view, region)) {
    const text = "It was taken into use in the hour before.";
    return [...reasons, { code: "begun-before", text, points: -30 }];
  }
  if (callers === 1) {
    reasons.push({ code: "sole-caller", text: "One caller went there alone.", points: 9 });
  }
  if (callers >= MANY_CALLERS) {
    const text = "Many went there: the account spreads.";
    reasons.push({ code: "many-callers", text, points: -26 });
  }
  if (bucket.opened[region] === true) {
    const text = "It is opened by those who administer the account's keys elsewhere.";
    reasons.push({ code: "builders", text, points: -26 });
  }
  return reasons;
}
