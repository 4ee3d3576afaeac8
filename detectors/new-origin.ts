import { z } from "zod";
import { DAY_HOURS, dayOf, daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { type FadingPeak, newFadingPeak, peakAt, raisePeak } from "../src/baseline/fading-peak.ts";
import {
  discoveryProbability,
  isKnown,
  type KnownSet,
  meet,
  newKnownSet,
  size,
} from "../src/baseline/known-set.ts";
import {
  addEvidence,
  attackSystemOf,
  backReason,
  beyondReasons,
  baselineState,
  callerName,
  callerReasons,
  clientOf,
  defineDetector,
  type HourOfMoves,
  isBack,
  isEncryption,
  type KmsEvent,
  type Movable,
  type Move,
  moveBefore,
  moveIn,
  type Evidence,
  type Finding,
  type HourView,
  networkOf,
  pointsOfNovelty,
  newEvidence,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

const KINDS = ["network", "client", "region"] as const;
type Kind = (typeof KINDS)[number];

interface Baseline {
  born: number;
  calls: number;
  known: Record<Kind, KnownSet>;
  /** Largest count of calls in an hour without anything new. */
  busiest: FadingPeak;
  /** The first move of the last day that had one. */
  move: Move | null;
}

interface Bucket {
  calls: number;
  /** Whether among the calls with anything new there were decrypts, and encryptions, that succeeded. */
  reads: boolean;
  writes: boolean;
  /** Name → its earliest call. */
  met: Record<Kind, Record<string, number>>;
  /** The last call with a name that was known before the day; 0 before any. */
  lastUsualMs: Record<Movable, number>;
  /** Operating system for penetration tests named by a new client. */
  attackSystem: string;
  human: boolean;
  /** Of calls with anything new; null before any. */
  evidence: Evidence | null;
}

interface Limits {
  days: number;
  calls: number;
  /** Probability that the next one met is new; 0 where too little is known to say that anything is new. */
  discovery: Record<Kind, number>;
  sizes: Record<Kind, number>;
  /** Calls of its busiest hour of late. */
  busiest: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of its own history before a principal is judged."),
  learningVisits: z
    .number()
    .min(0)
    .default(5)
    .describe(
      "Days on which a network, client or Region must have been seen, lately, before another is new.",
    ),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const DAILY: Subject = { name: "", period: "day" };
const SUBJECTS = [DAILY];
const MOST_KNOWN = 64;
/** Names of each kind told apart within one hour. */
const MOST_MET = 32;
/** How far it has gone when the usual network or client goes on being used. */
const BACK_LEVEL = 3;
/** What the strongest, the second … new thing of an hour counts: they seldom come by chance together. */
const SHARES = [1, 0.85, 0.6, 0.5];
/** People travel, and software is rolled out to other Regions. */
const TRAVEL_DISCOUNT = 6;
const ROLLOUT_DISCOUNT = 3;
/** Whose next network is new with a greater chance than this has no place of its own: that alone is not told. */
const MOST_ROVING = 0.25;

/** A principal calls from a network, with a client or in a Region in which it never did. */
export const newOrigin = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "new-origin",
  version: 8,
  title: "New origin",
  entity: "principal",
  reliableFrom: 46,
  severity: "informational to high",
  why: "Stolen credentials are used from somewhere else, mostly with another client. A workload keeps to its subnets and its SDK for months.",
  falsePositives: [
    "Travel, a new office, a new provider of Internet access.",
    "A deployment that moves a service or changes its SDK.",
  ],
  knownGaps: [
    "An intruder on the victim's own machines.",
    "Another address in the same 16 bits of IPv4, or 48 of IPv6.",
    "Calls through services, which show no address, and the first direct ones of one who came through services alone: see direct-use.",
  ],
  triage: [
    "Look up whose address it is, and whether others of the organization use it.",
    "Ask the person or the service's owner whether they moved.",
    "See what else the same access key did since, in every service.",
    "If nobody claims it, revoke the principal's sessions.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
    { technique: "T1535", name: "Unused/Unsupported Cloud Regions", tactic: "defense-evasion" },
  ],
  options: Options,

  accepts: () => true,
  newBaseline: () => ({
    born: -1,
    calls: 0,
    known: { network: newKnownSet(), client: newKnownSet(), region: newKnownSet() },
    busiest: newFadingPeak(),
    move: null,
  }),
  newBucket: () => ({
    calls: 0,
    reads: false,
    writes: false,
    met: { network: {}, client: {}, region: {} },
    lastUsualMs: { network: 0, client: 0 },
    attackSystem: "",
    human: false,
    evidence: null,
  }),

  limits(baseline, hour, options) {
    const days = daysSince(baseline.born, hour);
    const { known } = baseline;
    const discovery = (set: KnownSet): number =>
      days < options.learningDays || set.meetings < options.learningVisits
        ? 0
        : discoveryProbability(set);
    return {
      days,
      calls: baseline.calls,
      discovery: {
        network: discovery(known.network),
        client: discovery(known.client),
        region: discovery(known.region),
      },
      sizes: {
        network: size(known.network),
        client: size(known.client),
        region: size(known.region),
      },
      busiest: peakAt(baseline.busiest, hour),
    };
  },

  add(view, event) {
    const { bucket } = view;
    bucket.calls += 1;
    const isNewNetwork = meetMovable(view, "network", networkOf(event), event.timeMs);
    const isNewClient = meetMovable(view, "client", clientOf(event), event.timeMs);
    const isNewRegion = meetOne(view, "region", nameOf("region", event.region), event.timeMs);
    // Refused calls count too: the first thing that a thief does is to try.
    if (isNewNetwork || isNewClient || isNewRegion) noteFresh(bucket, event, isNewClient);
  },

  subjects: () => SUBJECTS,

  level(view) {
    const { bucket } = view;
    const returned = hasReturned(view) ? BACK_LEVEL : -1;
    if (bucket.evidence === null) return returned;
    const kinds = KINDS.filter((kind) => newNames(view, kind).length > 0);
    const isNothing = kinds.every((kind) => kind === "network" && isRoving(view.limits));
    return Math.max(returned, isNothing ? -1 : kinds.length - 1 + extentOf(bucket));
  },

  describe: (view) => (view.bucket.evidence === null ? describeReturn(view) : describeHour(view)),

  fold(baseline, hour, bucket, limits) {
    if (baseline.born < 0) baseline.born = hour;
    if (baseline.move?.day !== dayOf(hour)) {
      baseline.move =
        moveIn(ofMoves({ hour, bucket, limits }), baseline.known, []) ?? baseline.move;
    }
    baseline.calls += bucket.calls;
    if (bucket.evidence === null) raisePeak(baseline.busiest, hour, bucket.calls);
    for (const kind of KINDS) {
      for (const name of Object.keys(bucket.met[kind]).sort()) {
        meet(baseline.known[kind], name, hour, MOST_KNOWN);
      }
    }
  },
  skip: () => {},
});

/** Notes a call with anything new. */
function noteFresh(bucket: Bucket, event: KmsEvent, isNewClient: boolean): void {
  bucket.human ||= event.principal.human;
  bucket.reads ||= event.operation === "decrypt" && event.error === undefined;
  bucket.writes ||= isEncryption(event) && event.error === undefined;
  const system = isNewClient ? attackSystemOf(event) : undefined;
  if (system !== undefined && system > bucket.attackSystem) bucket.attackSystem = system;
  bucket.evidence ??= newEvidence();
  addEvidence(bucket.evidence, event);
}

/** Notes a name in its hour; true where it is new. */
function meetOne(view: View, kind: Kind, name: string, timeMs: number): boolean {
  const met = view.bucket.met[kind];
  const firstMs = met[name];
  if (firstMs === undefined && Object.keys(met).length >= MOST_MET) return false;
  if (firstMs === undefined || timeMs < firstMs) met[name] = timeMs;
  return isNewName(view, kind, name);
}

function meetMovable(view: View, kind: Movable, text: string | undefined, timeMs: number): boolean {
  if (text === undefined) return false;
  const name = nameOf(kind, text);
  const isNew = meetOne(view, kind, name, timeMs);
  const { lastUsualMs } = view.bucket;
  if (isNew || timeMs <= lastUsualMs[kind]) return isNew;
  const beforeToday = Math.min(view.knownBy, dayOf(view.hour) * DAY_HOURS - 1);
  if (isKnown(view.baseline.known[kind], name, beforeToday)) lastUsualMs[kind] = timeMs;
  return false;
}

/** A name is an attacker's text, hence the kind before it. */
function nameOf(kind: Kind, text: string): string {
  return `${kind} ${text}`;
}

/** Whether a new network is nothing new, as for functions whose every host has an address of its own. */
function isRoving({ discovery }: Limits): boolean {
  return discovery.network > MOST_ROVING;
}

function isNewName({ baseline, limits, knownBy }: View, kind: Kind, name: string): boolean {
  return limits.discovery[kind] > 0 && !isKnown(baseline.known[kind], name, knownBy);
}

/** New names of the hour, sorted. */
function newNames(view: View, kind: Kind): string[] {
  if (view.limits.discovery[kind] === 0) return [];
  return Object.keys(view.bucket.met[kind])
    .filter((name) => isNewName(view, kind, name))
    .sort();
}

/** What an hour tells of moves. */
function ofMoves({ hour, bucket, limits }: Pick<View, "hour" | "bucket" | "limits">): HourOfMoves {
  const { met, lastUsualMs, evidence, human } = bucket;
  const points = {
    network: isRoving(limits) ? 0 : pointsOfNovelty(limits.discovery.network),
    client: pointsOfNovelty(limits.discovery.client),
  };
  const mover =
    human || evidence === null ? null : { principal: evidence.principal, writes: bucket.writes };
  return { hour, met, lastUsualMs, points, mover };
}

/** The day's first move in an hour before this one. */
function earlierMove({ hour, baseline, earlier }: View): Move | null {
  return moveBefore(hour, baseline.known, baseline.move, earlier.map(ofMoves));
}

function hasReturned(view: View): boolean {
  if (!mayHaveMoved(view)) return false;
  const { baseline, earlier, bucket } = view;
  const move = earlierMove(view) ?? moveIn(ofMoves(view), baseline.known, earlier.map(ofMoves));
  return move !== null && isBack(bucket.lastUsualMs, move);
}

/** Whether anything was new on this day: of most hours it is known at once that nothing was. */
function mayHaveMoved({ hour, bucket, baseline, earlier }: View): boolean {
  const day = dayOf(hour);
  return (
    bucket.evidence !== null ||
    baseline.move?.day === day ||
    earlier.some((one) => one.bucket.evidence !== null && dayOf(one.hour) === day)
  );
}

function describeReturn(view: View): Finding {
  const { hour, bucket, limits } = view;
  const move = earlierMove(view);
  if (move === null) throw new Error(`new-origin: no move before hour ${hour} in ${view.entity}`);
  const startMs = hour * HOUR_MS;
  const what = move.names.slice(0, 3).join(", ");
  const [kind = "network"] = Object.keys(move.firstMs).sort();
  return {
    title: `New ${kind} of a caller beside its usual one`,
    summary: `${callerName(move.principal)} calls KMS as it always does again, after its first calls of this day with a new ${what}.`,
    reasons: [
      { code: `new-${kind}`, text: `New today: ${what}.`, points: move.points },
      backReason(kind === "network"),
      ...endpointReasons(move.names),
    ],
    eventTimeMs: Math.min(...Object.values(move.firstMs)),
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: move.principal,
    key: null,
    accountId: null,
    region: null,
    observed: { callsPerHour: bucket.calls, new: what },
    expected: expectedOf(limits),
    baseline: baselineState(limits.days, limits.calls),
    evidence: { ...newEvidence(), principal: move.principal },
  };
}

function expectedOf({ sizes }: Limits): Finding["expected"] {
  return {
    callsPerHour: 0,
    knownNetworks: sizes.network,
    knownClients: sizes.client,
    knownRegions: sizes.region,
  };
}

function describeHour(view: View): Finding {
  const { hour, bucket, limits } = view;
  const evidence = bucket.evidence ?? newEvidence();
  const names = KINDS.flatMap((kind) => newNames(view, kind));
  const what = names.join(", ");
  const firsts = names
    .map((name) => [name, name.split(" ", 1)[0] as Kind] as const)
    .filter(([, kind]) => kind !== "network" || !isRoving(limits))
    .map(([name, kind]) => bucket.met[kind][name] ?? 0);
  const startMs = hour * HOUR_MS;
  return {
    title: names.length > 1 ? "Several new things about a caller" : titleOf(names[0]),
    summary: `${callerName(evidence.principal)} called KMS for the first time like this: ${what}. ${evidence.count} of ${bucket.calls} calls of the hour.`,
    reasons: reasonsOf(view),
    eventTimeMs: Math.min(...firsts),
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: null,
    region: null,
    observed: { callsPerHour: evidence.count, new: what },
    expected: expectedOf(limits),
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

/** How much was done from the new origin: 0 for a few calls, 1 from ten, 2 from fifty on. */
function extentOf({ evidence }: Bucket): number {
  const count = evidence?.count ?? 0;
  if (count < 10) return 0;
  return count < 50 ? 1 : 2;
}

function titleOf(name = ""): string {
  return `New ${name.startsWith("region") ? "Region" : (name.split(" ", 1)[0] ?? "")} of a caller`;
}

function reasonsOf(view: View): Reason[] {
  const { bucket } = view;
  const found: Reason[] = KINDS.flatMap((kind) => {
    const names = newNames(view, kind);
    return names.length === 0 ? [] : [noveltyOf(view, kind, names)];
  });
  found.sort((one, other) => other.points - one.points || (one.code < other.code ? -1 : 1));
  const reasons = found.map((reason, at) => ({
    ...reason,
    points: Math.round(reason.points * (SHARES[at] ?? 0)),
  }));
  const isBackToo = hasReturned(view);
  const isOnlyNetwork = found.every(({ code }) => code === "new-network");
  // A workload that moves does all of its work from elsewhere, but no more.
  if (isOnlyNetwork && !bucket.human) {
    reasons.push(...beyondReasons(bucket.evidence?.count ?? 0, view.limits.busiest));
  } else if (extentOf(bucket) > 0) {
    const text = `${bucket.evidence?.count ?? 0} such calls in an hour: more than a try.`;
    reasons.push({ code: "many-calls", text, points: 5 * extentOf(bucket) });
  }
  // A new feature writes what it reads.
  if (bucket.reads && !bucket.writes && !bucket.human && !isOnlyNetwork) {
    const text = "A workload's calls of that kind read, and wrote nothing.";
    reasons.push({ code: "reads-only", text, points: 8 });
  }
  if (isBackToo) reasons.push(backReason(isOnlyNetwork));
  const names = KINDS.flatMap((kind) => newNames(view, kind));
  return [...reasons, ...callerReasons(bucket, isOnlyNetwork), ...endpointReasons(names)];
}

/** Nobody comes in through an account's own VPC endpoint; one that a single caller uses is told by `unknown-network`. */
function endpointReasons(names: readonly string[]): Reason[] {
  if (!names.every((name) => name.startsWith(nameOf("network", "vpce-")))) return [];
  const text = "A VPC endpoint: they are made for whole networks at a time.";
  return [{ code: "vpc-endpoint", text, points: -16 }];
}

/** A new name counts by how rarely this principal has any; some of them count less. */
function noveltyOf({ bucket, limits }: View, kind: Kind, names: readonly string[]): Reason {
  const probability = limits.discovery[kind];
  const isTravel = kind === "network" && bucket.human;
  const discount = (isTravel ? TRAVEL_DISCOUNT : 0) + (kind === "region" ? ROLLOUT_DISCOUNT : 0);
  const percent = Math.round(probability * 1000) / 10;
  return {
    code: `new-${kind}`,
    text: `New ${names.slice(0, 3).join(", ")}; ${limits.sizes[kind]} known, a new one with a chance of ${percent} % a day.`,
    points: pointsOfNovelty(probability) - discount,
  };
}
