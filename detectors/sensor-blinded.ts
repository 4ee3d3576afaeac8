import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import {
  addEvidence,
  baselineState,
  callerName,
  counted,
  defineDetector,
  type Evidence,
  type Finding,
  type HourView,
  type KmsEvent,
  newEvidence,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  events: number;
}

interface Bucket {
  events: number;
  actors: Record<string, Actor>;
}

interface Actor {
  firstMs: number;
  /** Number of calls by what they do to the sensor. */
  blows: Partial<Record<Blow, number>>;
  denied: number;
  evidence: Evidence;
}

interface Limits {
  days: number;
  events: number;
}

const BLOWS = {
  "logging-stopped": { points: 92, text: "The trail stopped recording." },
  "trail-deleted": { points: 92, text: "A trail was deleted." },
  "kms-excluded": { points: 92, text: "The trail leaves out the events of KMS." },
  "management-excluded": { points: 92, text: "The trail leaves out management events, KMS's too." },
  "write-only": {
    points: 92,
    text: "The trail records writing calls only; Decrypt is a reading one.",
  },
  "regions-excluded": { points: 72, text: "The trail records one Region only." },
  "trail-changed": { points: 30, text: "The trail's settings were changed." },
} as const;
type Blow = keyof typeof BLOWS;

const Options = z.strictObject({});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const MOST_ACTORS = 200;
const NOTHING: readonly Subject[] = [];
const KMS = "kms.amazonaws.com";

/** Somebody tells CloudTrail to look away from KMS. */
export const sensorBlinded = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "sensor-blinded",
  version: 1,
  title: "Sensor blinded",
  entity: "account",
  severity: "low to critical",
  why: "What CloudTrail does not record, nothing here can see, and it cannot be recovered later. Whoever goes on to abuse keys may take the eyes off them first.",
  falsePositives: [
    "KMS events are left out to save costs: that, too, makes everything here blind.",
    "One of several trails is retired.",
  ],
  knownGaps: [
    "A trail of another service, or an organization's trail changed in an account whose records do not arrive.",
    "The bucket or stream behind the trail taken away.",
  ],
  triage: [
    "Put the selectors back, or start logging again, before anything else.",
    "Ask the principal; a change to the trail without a ticket is an incident.",
    "Look at what the principal did since, in other trails and services, and at KMS's last-used times.",
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
  judgesLate: true,

  accepts: () => true,
  newBaseline: () => ({ born: -1, events: 0 }),
  newBucket: () => ({ events: 0, actors: {} }),
  limits: (baseline, hour) => ({
    days: daysSince(baseline.born, hour),
    events: baseline.events,
  }),

  add({ bucket }, event) {
    bucket.events += 1;
    const blow = blowOf(event);
    if (blow === undefined) return;
    const name = nameOf(event);
    let actor = bucket.actors[name];
    if (actor === undefined) {
      if (Object.keys(bucket.actors).length >= MOST_ACTORS) return;
      actor = { firstMs: event.timeMs, blows: {}, denied: 0, evidence: newEvidence() };
      bucket.actors[name] = actor;
    }
    actor.firstMs = Math.min(actor.firstMs, event.timeMs);
    if (event.error === undefined) actor.blows[blow] = (actor.blows[blow] ?? 0) + 1;
    else actor.denied += 1;
    addEvidence(actor.evidence, event);
  },

  subjects: (event) =>
    blowOf(event) === undefined ? NOTHING : [{ name: nameOf(event), period: "hour" }],

  level({ bucket }, subject) {
    const actor = bucket.actors[subject];
    if (actor === undefined) return -1;
    const points = gravest(actor)?.points ?? 0;
    if (points >= 90) return 2;
    return points >= 70 ? 1 : 0;
  },

  describe: describeActor,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.events += bucket.events;
  },
  skip: () => {},
});

function nameOf({ principal }: KmsEvent): string {
  return `p:${principal.entity}`;
}

/** What a call does to the sensor; undefined where it does nothing. */
function blowOf({ service, name, parameters = {} }: KmsEvent): Blow | undefined {
  if (service !== "cloudtrail") return undefined;
  switch (name) {
    case "StopLogging":
      return "logging-stopped";
    case "DeleteTrail":
      return "trail-deleted";
    case "UpdateTrail":
      return parameters["isMultiRegionTrail"] === false ? "regions-excluded" : "trail-changed";
    case "PutEventSelectors":
      return selectorsBlow(parameters);
    default:
      return undefined;
  }
}

/** A trail records what any of its selectors lets through. */
function selectorsBlow(parameters: Readonly<Record<string, unknown>>): Blow | undefined {
  const basic = objectsOf(parameters["eventSelectors"]);
  const advanced = objectsOf(parameters["advancedEventSelectors"]);
  const blows = [...basic.map(basicBlow), ...advanced.map(advancedBlow)];
  if (blows.length === 0 || blows.includes(undefined)) return undefined;
  const ranked: readonly Blow[] = ["write-only", "kms-excluded", "management-excluded"];
  return ranked.find((blow) => blows.includes(blow));
}

function basicBlow(selector: Readonly<Record<string, unknown>>): Blow | undefined {
  if (selector["includeManagementEvents"] === false) return "management-excluded";
  if (textsOf(selector["excludeManagementEventSources"]).includes(KMS)) return "kms-excluded";
  const kind = selector["readWriteType"];
  return kind === "WriteOnly" ? "write-only" : undefined;
}

/** Advanced selectors: all fields of one must hold; `eventCategory` is one of them. */
function advancedBlow(selector: Readonly<Record<string, unknown>>): Blow | undefined {
  const fields = objectsOf(selector["fieldSelectors"]);
  const field = (name: string) => fields.find((one) => one["field"] === name);
  if (!textsOf(field("eventCategory")?.["equals"]).includes("Management")) {
    return "management-excluded";
  }
  const source = field("eventSource");
  const only = textsOf(source?.["equals"]);
  if (only.length > 0 && !only.includes(KMS)) return "kms-excluded";
  if (textsOf(source?.["notEquals"]).includes(KMS)) return "kms-excluded";
  const readOnly = textsOf(field("readOnly")?.["equals"]);
  return readOnly.length > 0 && !readOnly.includes("true") ? "write-only" : undefined;
}

type Objects = readonly Readonly<Record<string, unknown>>[];

function objectsOf(value: unknown): Objects {
  if (!Array.isArray(value)) return [];
  return value.filter((one) => typeof one === "object" && one !== null) as Objects;
}

/** Texts of a list, or one alone. */
function textsOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one) => typeof one === "string");
}

function gravest({ blows }: Actor): (Reason & { code: Blow }) | undefined {
  let found: (Reason & { code: Blow }) | undefined;
  for (const code of Object.keys(BLOWS) as Blow[]) {
    if (blows[code] === undefined) continue;
    const { points, text } = BLOWS[code];
    if (found === undefined || points > found.points) found = { code, text, points };
  }
  return found;
}

function describeActor({ hour, bucket, limits, entity }: View, subject: string): Finding {
  const actor = bucket.actors[subject];
  if (actor === undefined) throw new Error(`sensor-blinded: no actor ${subject} in ${entity}`);
  const { evidence, denied } = actor;
  const worst = gravest(actor);
  const who = callerName(evidence.principal, subject);
  const startMs = hour * HOUR_MS;
  const refused: Reason = {
    code: "refused",
    text: `${counted(denied, "attempt")}, all refused.`,
    points: 45,
  };
  return {
    title: worst === undefined ? "Attempt to blind the sensor" : titleOf(worst.code),
    summary: `${who} changed what CloudTrail records of account ${entity}: ${worst?.text ?? refused.text}`,
    reasons: [worst ?? refused],
    eventTimeMs: actor.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key: null,
    accountId: entity,
    region: null,
    observed: { change: worst?.code ?? "refused", calls: evidence.count, denied },
    expected: { change: "none", calls: 0 },
    baseline: baselineState(limits.days, limits.events),
    evidence,
  };
}

function titleOf(blow: Blow): string {
  return blow === "trail-changed" ? "Trail changed" : "CloudTrail told to look away";
}
