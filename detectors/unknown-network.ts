import { z } from "zod";
import { DAY_HOURS, daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
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
  publicAddressOf,
  type Reason,
  soleKey,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  calls: number;
  /** Networks that workloads of the account called from. */
  networks: KnownSet;
  /** Public addresses of IPv4 that they called from. */
  addresses: KnownSet;
  /** Those met first within a day, and who came from there. */
  guests: Record<string, Guest>;
}

/** Calls from an address since it was met first. */
interface Guest {
  sinceHour: number;
  /** Null where several came. */
  caller: string | null;
  count: number;
}

/** Calls from one network within an hour. */
interface Visit {
  count: number;
  firstMs: number;
  /** Callers told apart; null while the network is known. */
  callers: string[] | null;
  evidence: Evidence | null;
}

interface VisitFromAddress extends Visit {
  network: string;
}

interface Bucket {
  calls: number;
  visits: Record<string, Visit>;
  /** By public address, and whether any was new as it was met. */
  addresses: Record<string, VisitFromAddress>;
  hasNewAddress: boolean;
}

interface Limits {
  days: number;
  calls: number;
  /** Probability that the next network met on a day is new; 0 while the account is learned, and where nearly any is. */
  discovery: number;
  networks: number;
  /** The same of addresses; 0 where hosts have addresses of their own, too many to say that one is new. */
  addressDiscovery: number;
  addresses: number;
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
    .describe(
      "Calls from the network within the hour, or by one caller alone within some, before it counts.",
    ),
  minimumCallsOfAddress: z
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe(
      "Calls by one caller alone from a new public address in a known network, within some hours, before it counts.",
    ),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const MOST_NETWORKS = 256;
const MOST_VISITS = 64;
const MOST_ADDRESSES = 32;
/** An account whose next network, or address, is new with a greater chance than this has no few ways out. */
const MOST_NETWORK_DISCOVERY = 0.25;
const MOST_ADDRESS_DISCOVERY = 0.1;
/** Callers told apart; from so many on it is the network that changed, not a caller. */
const MANY_CALLERS = 3;
const NOTHING: readonly Subject[] = [];
/** Others may follow within the hour: then it is a new way out. */
const ADDRESS: Subject = { name: "address", period: "hour" };

/** A workload calls from a network from which no workload of its account ever called. */
export const unknownNetwork = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "unknown-network",
  version: 2,
  title: "Network unknown to an account",
  entity: "account",
  reliableFrom: 45,
  severity: "informational to high",
  why: "Credentials that were taken off a machine are used from the thief's. The machines of an account share a few ways out, so that a network which none of them ever came from says more than one that is new to a single caller.",
  falsePositives: [
    "A network that is rebuilt: its first callers, until others follow.",
    "A workload tried out on somebody's desk.",
  ],
  knownGaps: [
    "An intruder on the victim's own machines, or in a network of the account; where hosts have public addresses of their own, in the same 16 bits.",
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
  judgesClosed: [ADDRESS.name],

  accepts: (event) => workloadNetworkOf(event) !== undefined,
  newBaseline: () => ({
    born: -1,
    calls: 0,
    networks: newKnownSet(),
    addresses: newKnownSet(),
    guests: {},
  }),
  newBucket: () => ({ calls: 0, visits: {}, addresses: {}, hasNewAddress: false }),

  limits({ born, calls, networks, addresses }, hour, options) {
    const days = daysSince(born, hour);
    const discovery = (set: KnownSet, most: number): number => {
      if (days < options.learningDays || set.meetings < options.learningVisits) return 0;
      const probability = discoveryProbability(set);
      return probability > most ? 0 : probability;
    };
    return {
      days,
      calls,
      discovery: discovery(networks, MOST_NETWORK_DISCOVERY),
      networks: size(networks),
      addressDiscovery: discovery(addresses, MOST_ADDRESS_DISCOVERY),
      addresses: size(addresses),
    };
  },

  add(view, event) {
    const network = workloadNetworkOf(event);
    if (network === undefined) return;
    const { bucket } = view;
    bucket.calls += 1;
    if (bucket.visits[network] !== undefined || hasRoom(bucket.visits)) {
      const visit = (bucket.visits[network] ??= newVisit(event, isNewNetwork(view, network)));
      countVisit(visit, event);
    }
    const address = publicAddressOf(event);
    if (address === undefined) return;
    if (bucket.addresses[address] !== undefined || hasRoom(bucket.addresses)) {
      const isNew = isNewAddress(view, address);
      bucket.hasNewAddress ||= isNew;
      const visit = (bucket.addresses[address] ??= { ...newVisit(event, isNew), network });
      countVisit(visit, event);
    }
  },

  subjects(event) {
    const network = workloadNetworkOf(event);
    if (network === undefined) return NOTHING;
    const visit: Subject = { name: network, period: "day" };
    return publicAddressOf(event) === undefined ? [visit] : [visit, ADDRESS];
  },

  level(view, network, options) {
    if (network === ADDRESS.name) return loneAddress(view, options) === undefined ? -1 : 0;
    const visit = view.bucket.visits[network];
    // Known as the hour's first call came from there, and forgotten since: nothing was kept of it.
    if (visit === undefined || visit.evidence === null || !isNewNetwork(view, network)) return -1;
    return levelOf(visit.count, options.minimumCalls);
  },

  describe: (view, subject, options) =>
    subject === ADDRESS.name ? describeAddress(view, options) : describeVisit(view, subject),

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.calls += bucket.calls;
    for (const network of Object.keys(bucket.visits).sort()) {
      meet(baseline.networks, network, hour, MOST_NETWORKS);
    }
    learnAddresses(baseline, hour, bucket);
  },
  skip: () => {},
});

/** Network of a direct call by a workload, as its own account's trail tells it; undefined for any other. */
function workloadNetworkOf(event: KmsEvent): string | undefined {
  const { principal, recipientAccountId: recipient } = event;
  const isOwnTrail = recipient === undefined || recipient === principal.accountId;
  return isOwnTrail && !principal.human && !principal.service ? networkOf(event) : undefined;
}

function hasRoom(visits: Bucket["visits"]): boolean {
  return Object.keys(visits).length < MOST_VISITS;
}

function newVisit({ timeMs }: KmsEvent, isNew: boolean): Visit {
  const callers = isNew ? [] : null;
  return { count: 0, firstMs: timeMs, callers, evidence: isNew ? newEvidence() : null };
}

function countVisit(visit: Visit, event: KmsEvent): void {
  visit.count += 1;
  visit.firstMs = Math.min(visit.firstMs, event.timeMs);
  if (visit.callers === null || visit.evidence === null) return;
  addEvidence(visit.evidence, event);
  keepSmallest(visit.callers, event.principal.entity, MANY_CALLERS);
}

/** Whether an address was not met a day ago. */
function isNewAddress({ baseline, limits, hour }: View, address: string): boolean {
  return limits.addressDiscovery > 0 && !isKnown(baseline.addresses, address, hour - DAY_HOURS);
}

/** Calls from which on a lone address is told; a whole network that is new, and told as such, needs no address. */
function leastOf(view: View, network: string, options: Options): number {
  const { baseline, bucket, hour } = view;
  if (isKnown(baseline.networks, network, hour - DAY_HOURS)) return options.minimumCallsOfAddress;
  const count = bucket.visits[network]?.count ?? 0;
  return count >= options.minimumCalls && isNewNetwork(view, network)
    ? Number.POSITIVE_INFINITY
    : options.minimumCalls;
}

interface Lone {
  readonly address: string;
  /** Calls since it was met first. */
  readonly count: number;
  readonly firstMs: number;
  readonly evidence: Evidence;
}

/** A new address that only one caller came from until the hour's end, and in this hour often enough to be told; the busiest one. */
function loneAddress(view: View, options: Options): Lone | undefined {
  let lone: Lone | undefined;
  if (!view.bucket.hasNewAddress) return lone;
  for (const address of Object.keys(view.bucket.addresses).sort()) {
    const visit = view.bucket.addresses[address] as VisitFromAddress;
    if (visit.callers?.length !== 1 || visit.evidence === null) continue;
    const before = callsBefore(view, address, visit.callers[0] ?? "");
    const least = leastOf(view, visit.network, options);
    if (before === undefined || before >= least) continue;
    const count = before + visit.count;
    if (count < least || count <= (lone?.count ?? 0)) continue;
    lone = { address, count, firstMs: visit.firstMs, evidence: visit.evidence };
  }
  return lone;
}

/** Calls from a new address before this hour; undefined where any that are learned were another caller's: as an hour closes, all are. */
function callsBefore({ baseline, earlier }: View, address: string, caller: string) {
  const guest = baseline.guests[address];
  if (guest !== undefined && guest.caller !== caller) return undefined;
  let sum = guest?.count ?? 0;
  for (const { bucket } of earlier) sum += bucket.addresses[address]?.count ?? 0;
  return sum;
}

function learnAddresses({ addresses, guests }: Baseline, hour: number, bucket: Bucket): void {
  for (const [address, { sinceHour }] of Object.entries(guests)) {
    if (sinceHour <= hour - DAY_HOURS) delete guests[address];
  }
  for (const address of Object.keys(bucket.addresses).sort()) {
    const { callers, count } = bucket.addresses[address] as Visit;
    meet(addresses, address, hour, MOST_ADDRESSES);
    if (callers === null) continue;
    const guest = (guests[address] ??= { sinceHour: hour, caller: callers[0] ?? null, count: 0 });
    guest.count += count;
    if (callers.some((one) => one !== guest.caller)) guest.caller = null;
  }
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

function describeAddress(view: View, options: Options): Finding {
  const { hour, limits, entity } = view;
  const lone = loneAddress(view, options);
  if (lone === undefined) throw new Error(`unknown-network: no lone address in ${entity}`);
  const { address, count, firstMs, evidence } = lone;
  const percent = Math.round(limits.addressDiscovery * 1000) / 10;
  const startMs = hour * HOUR_MS;
  return {
    title: "Address unknown to an account",
    summary: `${callerName(evidence.principal)} made ${counted(count, "KMS call")} from ${address}, from which no workload of account ${entity} ever called; ${limits.addresses} addresses are known.`,
    reasons: [
      {
        code: "new-address",
        text: `${address} is new; workloads of the account come from another new one with a chance of ${percent} % a day.`,
        points: Math.round(Math.min(34, 8 + 5.5 * surpriseBits(limits.addressDiscovery))),
      },
      { code: "sole-caller", text: "One caller came from there alone.", points: 10 },
    ],
    eventTimeMs: firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: soleKey(evidence),
    accountId: entity,
    region: null,
    observed: { calls: count, address, callers: 1 },
    expected: { calls: 0, knownAddresses: limits.addresses },
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
    reasons.push({ code: "sole-caller", text: "One caller came from there alone.", points: 12 });
  }
  if (callers.length >= MANY_CALLERS) {
    const text = "Many came from there: a new way out of the account.";
    reasons.push({ code: "many-callers", text, points: -10 });
  }
  return reasons;
}
