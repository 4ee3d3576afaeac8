import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  discoveryProbability,
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
  keepSmallest,
  type KmsEvent,
  levelOf,
  networkOf,
  newEvidence,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  calls: number;
  /** Networks that workloads of the account called from. */
  networks: KnownSet;
}

/** Calls from one network within an hour. */
interface Visit {
  count: number;
  firstMs: number;
  /** Callers told apart; null while the network is known. */
  callers: string[] | null;
  evidence: Evidence | null;
}

interface Bucket {
  calls: number;
  visits: Record<string, Visit>;
}

interface Limits {
  days: number;
  calls: number;
  /** Probability that the next network met on a day is new; 0 while the account is learned. */
  discovery: number;
  networks: number;
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
    .describe("Days on which networks must have been met, all together, before another is new."),
  minimumCalls: z
    .int()
    .min(1)
    .max(1000)
    .default(3)
    .describe("Calls from the network within the hour before it counts."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const MOST_NETWORKS = 256;
const MOST_VISITS = 64;
/** Callers told apart; from so many on it is the network that changed, not a caller. */
const MANY_CALLERS = 3;
const NOTHING: readonly Subject[] = [];

/** A workload calls from a network from which no workload of its account ever called. */
export const unknownNetwork = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "unknown-network",
  version: 1,
  title: "Network unknown to an account",
  entity: "account",
  reliableFrom: 42,
  severity: "informational to high",
  why: "Credentials that were taken off a machine are used from the thief's. The machines of an account share a few ways out, so that a network which none of them ever came from says more than one that is new to a single caller.",
  falsePositives: [
    "A network that is rebuilt: its first callers, until others follow.",
    "A workload tried out on somebody's desk.",
  ],
  knownGaps: [
    "An intruder on the victim's own machines, or in a network of the account.",
    "People: they travel.",
    "Calls through services, which show no address.",
  ],
  triage: [
    "Look up whose address it is.",
    "See whether other workloads of the account moved there too: then it is a new way out.",
    "See what else the caller did from there, in every service.",
    "If nobody claims it, revoke the caller's sessions.",
  ],
  attack: [
    { technique: "T1078.004", name: "Valid Accounts: Cloud Accounts", tactic: "initial-access" },
  ],
  options: Options,

  accepts: (event) => workloadNetworkOf(event) !== undefined,
  newBaseline: () => ({ born: -1, calls: 0, networks: newKnownSet() }),
  newBucket: () => ({ calls: 0, visits: {} }),

  limits({ born, calls, networks }, hour, options) {
    const days = daysSince(born, hour);
    const isLearning = days < options.learningDays || networks.meetings < options.learningVisits;
    return {
      days,
      calls,
      discovery: isLearning ? 0 : discoveryProbability(networks),
      networks: size(networks),
    };
  },

  add(view, event) {
    const network = workloadNetworkOf(event);
    if (network === undefined) return;
    const { bucket } = view;
    bucket.calls += 1;
    let visit = bucket.visits[network];
    if (visit === undefined) {
      if (Object.keys(bucket.visits).length >= MOST_VISITS) return;
      const isNew = isNewNetwork(view, network);
      visit = {
        count: 0,
        firstMs: event.timeMs,
        callers: isNew ? [] : null,
        evidence: isNew ? newEvidence() : null,
      };
      bucket.visits[network] = visit;
    }
    visit.count += 1;
    visit.firstMs = Math.min(visit.firstMs, event.timeMs);
    if (visit.callers === null || visit.evidence === null) return;
    addEvidence(visit.evidence, event);
    keepSmallest(visit.callers, event.principal.entity, MANY_CALLERS);
  },

  subjects(event) {
    const network = workloadNetworkOf(event);
    return network === undefined ? NOTHING : [{ name: network, period: "day" }];
  },

  level(view, network, options) {
    const visit = view.bucket.visits[network];
    // Known as the hour's first call came from there, and forgotten since: nothing was kept of it.
    if (visit === undefined || visit.evidence === null || !isNewNetwork(view, network)) return -1;
    return levelOf(visit.count, options.minimumCalls);
  },

  describe: describeVisit,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    for (const network of Object.keys(bucket.visits).sort()) {
      meet(baseline.networks, network, hour, MOST_NETWORKS);
    }
  },
  skip: () => {},
});

/** Network of a direct call by a workload, as its own account's trail tells it; undefined for any other. */
function workloadNetworkOf(event: KmsEvent): string | undefined {
  const { principal, recipientAccountId: recipient } = event;
  const isOwnTrail = recipient === undefined || recipient === principal.accountId;
  return isOwnTrail && !principal.human && !principal.service ? networkOf(event) : undefined;
}

function isNewNetwork({ baseline, limits, knownBy }: View, network: string): boolean {
  return limits.discovery > 0 && !isKnown(baseline.networks, network, knownBy);
}

function describeVisit({ hour, bucket, limits, entity }: View, network: string): Finding {
  const visit = bucket.visits[network];
  const { callers, evidence } = visit ?? {};
  if (visit === undefined || callers === null || callers === undefined || !evidence) {
    throw new Error(`unknown-network: no visit from ${network} in ${entity}`);
  }
  const startMs = hour * HOUR_MS;
  const isAlone = callers.length === 1;
  const who = isAlone ? callerName(evidence.principal) : "Several workloads";
  return {
    title: "Network unknown to an account",
    summary: `${who} made ${counted(visit.count, "KMS call")} from ${network}, from which no workload of account ${entity} ever called; ${limits.networks} networks are known.`,
    reasons: reasonsOf(limits, network, callers),
    eventTimeMs: visit.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: isAlone ? evidence.principal : null,
    key: soleKey(evidence),
    accountId: entity,
    region: null,
    observed: { callsPerHour: visit.count, network, callers: callers.length },
    expected: { callsPerHour: 0, knownNetworks: limits.networks },
    baseline: baselineState(limits.days, limits.calls),
    evidence,
  };
}

function reasonsOf(limits: Limits, network: string, callers: readonly string[]): Reason[] {
  const surprise = surpriseBits(limits.discovery);
  const percent = Math.round(limits.discovery * 1000) / 10;
  const reasons: Reason[] = [
    {
      code: "new-network",
      text: `${network} is new; workloads of the account come from another new one with a chance of ${percent} % a day.`,
      points: Math.round(Math.min(34, 8 + 5.5 * surprise)),
    },
  ];
  if (callers.length === 1) {
    reasons.push({ code: "sole-caller", text: "One caller came from there alone.", points: 9 });
  }
  if (callers.length >= MANY_CALLERS) {
    const text = "Many came from there: a new way out of the account.";
    reasons.push({ code: "many-callers", text, points: -10 });
  }
  return reasons;
}
