import { z } from "zod";
import { HOUR_MS } from "../src/baseline/calendar.ts";
import {
  hoursLearned,
  isLong,
  learnPresent,
  mayBeLong,
  newPresence,
  nextLong,
  type Presence,
  shareEmpty,
  type SilenceLimits,
  silenceSince,
  type Stretch,
} from "../src/baseline/presence.ts";
import { noteSpoken, spokeIn, type SpokenHours } from "../src/baseline/spoken-hours.ts";
import { short } from "../src/baseline/forgetting.ts";
import {
  baselineState,
  counted,
  defineDetector,
  type Finding,
  keepSmallest,
  type KmsEvent,
  levelOf,
  newEvidence,
  type Reason,
  type Silence,
  type SilenceView,
} from "../src/detection/detector.ts";

/** What an hour held of a flow: all events of an account, or those of one Region. */
interface FlowHour {
  events: number;
  lastMs: number;
  /** The smallest ids, a sample for people. */
  ids: string[];
}

interface Flow {
  presence: Presence;
  /** Usual events and principals in an hour that is not empty: exponentially weighted means, `NEWEST` the newest hour's share. */
  events: number;
  principals: number;
  /** Its newest hour. */
  newest: FlowHour;
}

interface Bucket {
  /** By Region, and under `ALL`. */
  flows: Record<string, FlowHour>;
  /** Some of those who were heard, as many as it takes to tell one from several; sorted. */
  principals: string[];
}

interface Baseline {
  flows: Record<string, Flow>;
  /** Hours in which the account was heard, in any Region. */
  spoken: SpokenHours;
}

const Options = z.strictObject({
  leastHours: z
    .int()
    .min(2)
    .max(168)
    .default(2)
    .describe(
      "Whole hours without any event before a busy flow counts as silent; others take longer.",
    ),
  learningDays: z
    .number()
    .min(1)
    .default(7)
    .describe("Days in which a flow must have been learned before its silence says anything."),
});
type Options = z.infer<typeof Options>;
type View = SilenceView<Baseline, Bucket>;

const ALL = "";
const MOST_FLOWS = 40;
const MOST_PRINCIPALS = 8;
const SAMPLES = 3;
/** Events and principals of an hour that make a flow busy, which is hardly ever empty by chance. */
const BUSY_EVENTS = 20;
const MANY_PRINCIPALS = 3;
/** A shorter silence may be records that are on their way. */
const SOME_HOURS = 3;
const NEWEST = 0.05;
/** Entity that stands for the whole organization. */
const WHOLE = "organization";

/** The steady flow of an account's or a Region's events stops. */
export const sensorSilent = defineDetector<Baseline, Bucket, null, Options>({
  id: "sensor-silent",
  version: 3,
  title: "Sensor silent",
  entity: "account",
  reliableFrom: 60,
  severity: "low to high",
  why: "Whoever cuts an account's trail off leaves no event that says so where it is cut off first. What is always there and suddenly is not, is the only sign.",
  falsePositives: [
    "An account is closed, or its only workload is moved.",
    "CloudTrail delivers an account's records hours late.",
  ],
  knownGaps: [
    "Accounts that are quiet for hours on ordinary days.",
    "The silence of all accounts at once shows only when somebody is heard again; until then `run` says that nothing arrives.",
    "One principal of many that falls silent.",
  ],
  triage: [
    "Look whether the account's trail still logs: aws cloudtrail get-trail-status and get-event-selectors.",
    "Look for StopLogging, DeleteTrail, PutEventSelectors and changes of the bucket's policy before the last event.",
    "Follow the records' way: bucket, subscription, stream.",
    "Once records flow again, replay those of the silent hours.",
  ],
  attack: [
    {
      technique: "T1562.008",
      name: "Impair Defenses: Disable or Modify Cloud Logs",
      tactic: "defense-evasion",
    },
  ],
  options: Options,
  grave: true,

  accepts: () => true,
  newBaseline: () => ({ flows: {}, spoken: [] }),
  newBucket: () => ({ flows: {}, principals: [] }),
  limits: () => null,

  add({ bucket }, event) {
    addTo(bucket, ALL, event);
    if (event.region !== "") addTo(bucket, event.region, event);
    keepSmallest(bucket.principals, event.principal.entity, MOST_PRINCIPALS);
  },

  subjects: () => [],
  level: () => -1,
  describe: () => {
    throw new Error("sensor-silent: judges hours without events");
  },

  silence: {
    judge: judgeSilence,
    due: dueHour,
    hear(bucket, hour) {
      // Who was heard first depends on the order of events: that somebody was must do.
      bucket.flows[ALL] = { events: 1, lastMs: (hour + 1) * HOUR_MS, ids: [] };
    },
    ends: (bucket, subject) => bucket.flows[subject] !== undefined,
  },

  fold: (baseline, hour, bucket, _limits, options) => learn(baseline, { hour, bucket }, options),
  skip: () => {},
});

function addTo({ flows }: Bucket, name: string, { timeMs, eventId }: KmsEvent): void {
  const flow = (flows[name] ??= { events: 0, lastMs: 0, ids: [] });
  flow.events += 1;
  flow.lastMs = Math.max(flow.lastMs, timeMs);
  keepSmallest(flow.ids, eventId, SAMPLES);
}

function learn(
  baseline: Baseline,
  { hour, bucket }: { hour: number; bucket: Bucket },
  options: Options,
): void {
  for (const name of Object.keys(bucket.flows).sort()) {
    const heard = bucket.flows[name];
    if (heard === undefined) continue;
    let flow = baseline.flows[name];
    if (flow === undefined) {
      if (Object.keys(baseline.flows).length >= MOST_FLOWS) continue;
      flow = { presence: newPresence(), events: 0, principals: 0, newest: heard };
      baseline.flows[name] = flow;
    }
    const isUsual = !isLong(
      silenceSince(flow.presence, hour - 1, () => true, limitsOf(flow, options)),
    );
    learnPresent(flow.presence, hour, isUsual);
    flow.newest = heard;
    flow.events = towards(flow.events, heard.events);
    flow.principals = towards(flow.principals, bucket.principals.length);
  }
  noteSpoken(baseline.spoken, hour);
}

function limitsOf({ events, principals }: Flow, options: Options): SilenceLimits {
  return { ...options, isBusy: events >= BUSY_EVENTS && principals >= MANY_PRINCIPALS };
}

function towards(usual: number, value: number): number {
  return usual === 0 ? value : short(usual * (1 - NEWEST) + value * NEWEST);
}

/** Goes through the hours that are closed but not learned yet, teaching a copy, so that each silence is judged by what came before it. */
function judgeSilence(view: View, options: Options): Silence[] {
  // Hardly ever is anybody away for long enough, and then there is nothing more to compute.
  const flows = Object.values(view.baseline.flows);
  if (!flows.some(({ presence }) => mayBeLong(presence, view.through, options))) return [];
  const baseline = view.copy();
  const taught = { ...view, baseline };
  const silences: Silence[] = [];
  for (const open of view.hours) {
    for (const name of Object.keys(open.bucket.flows)) {
      keep(silences, silenceOf(taught, name, open.hour - 1, options));
    }
    learn(baseline, open, options);
  }
  for (const name of Object.keys(baseline.flows)) {
    keep(silences, silenceOf(taught, name, view.through, options));
  }
  return silences;
}

function dueHour(
  { baseline, hours, through }: Pick<View, "baseline" | "hours" | "through">,
  options: Options,
): number | undefined {
  let due: number | undefined;
  for (const [name, { presence }] of Object.entries(baseline.flows)) {
    const heard = hours.findLast(({ bucket }) => bucket.flows[name] !== undefined);
    const last = heard?.hour ?? presence.last;
    const next = nextLong({ ...presence, last }, through, options);
    if (next !== undefined && (due === undefined || next < due)) due = next;
  }
  return due;
}

function keep(silences: Silence[], silence: Silence | undefined): void {
  if (silence !== undefined) silences.push(silence);
}

function silenceOf(view: View, name: string, to: number, options: Options): Silence | undefined {
  const flow = view.baseline.flows[name];
  if (flow === undefined) return undefined;
  const heard = (hour: number): boolean =>
    name === ALL ? view.heard(hour) : spokeIn(view.baseline.spoken, hour);
  const stretch = silenceSince(flow.presence, to, heard, limitsOf(flow, options));
  if (!isLong(stretch)) return undefined;
  return {
    subject: name,
    hour: flow.presence.last + 1,
    level: Math.max(0, levelOf(stretch.hours, stretch.enough)),
    finding: describeSilence(view, name, flow, stretch),
  };
}

function describeSilence(view: View, name: string, flow: Flow, stretch: Stretch): Finding {
  const { entity } = view;
  const { presence, newest } = flow;
  const isWhole = entity === WHOLE;
  const [title, who] = namesOf(entity, name);
  const silentHours = counted(stretch.hours, "hour");
  const evidence = newEvidence();
  evidence.count = newest.events;
  evidence.ids = newest.ids;
  if (name !== ALL) evidence.regions = [name];
  return {
    title: `${title} has fallen silent`,
    summary: `No event of ${who} for ${silentHours}, since ${minuteOf(newest.lastMs)}: of ${hoursLearned(presence)} hours learned, ${percent(shareEmpty(presence))} were empty.`,
    reasons: reasonsOf(view, flow, stretch),
    eventTimeMs: (stretch.reached + 1) * HOUR_MS - 1000,
    windowStartMs: (presence.last + 1) * HOUR_MS,
    windowEndMs: (stretch.through + 1) * HOUR_MS,
    principal: null,
    key: null,
    accountId: isWhole ? null : entity,
    region: name === ALL ? null : name,
    observed: { silentHours: stretch.hours, eventsPerHour: 0, principalsPerHour: 0 },
    expected: {
      silentHours: Math.round(presence.longest * 10) / 10,
      eventsPerHour: Math.round(flow.events),
      principalsPerHour: Math.round(flow.principals * 10) / 10,
    },
    baseline: baselineState((presence.last - presence.born) / 24, hoursLearned(presence)),
    evidence,
  };
}

function namesOf(entity: string, flow: string): [title: string, who: string] {
  if (entity === WHOLE) return ["The organization", "the whole organization"];
  if (flow === ALL) return ["An account", `account ${entity}`];
  return ["A Region", `account ${entity} in ${flow}`];
}

function reasonsOf({ entity }: View, flow: Flow, { hours }: Stretch): Reason[] {
  const longest = Math.round(flow.presence.longest * 10) / 10;
  const reasons: Reason[] = [
    {
      code: "silent",
      text: `Not one event in ${counted(hours, "hour")}; the longest silence of late was ${longest} hours.`,
      points: 46,
    },
  ];
  if (entity === WHOLE) {
    reasons.push({ code: "everybody", text: "No account was heard at all.", points: 24 });
    return reasons;
  }
  const usual = `Usually ${Math.round(flow.events)} events an hour by ${Math.round(flow.principals)} principals.`;
  if (flow.principals >= MANY_PRINCIPALS)
    reasons.push({ code: "many-principals", text: usual, points: 18 });
  if (flow.principals < 1.5) {
    const text = "Usually one principal only: it may have been switched off.";
    reasons.push({ code: "one-principal", text, points: -14 });
  }
  if (flow.events >= BUSY_EVENTS) {
    reasons.push({ code: "busy", text: "It is a busy flow.", points: 8 });
  }
  if (hours < SOME_HOURS) {
    const text = "Two hours may be records that come late.";
    reasons.push({ code: "short", text, points: -16 });
  }
  if (hours >= 6) {
    reasons.push({ code: "long", text: `${hours} hours so far.`, points: hours >= 12 ? 10 : 5 });
  }
  return reasons;
}

function percent(share: number): string {
  return share === 0 ? "none" : `${Math.round(share * 1000) / 10} %`;
}

function minuteOf(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
