import { z } from "zod";
import {
  type ActsBaseline,
  actsFinding,
  actsLimits,
  type ActsLimits,
  type ActsOfHour,
  type ActWeights,
  baselineState,
  callerName,
  defineDetector,
  type Doer,
  type Finding,
  type HourView,
  keyOf,
  type KmsEvent,
  learnActs,
  levelOfActs,
  mainly,
  newActsBaseline,
  newActsOfHour,
  noteAct,
  pointsOf,
  type Reason,
  refusalsOf,
  standingOfDoer,
  standingReasons,
  type Subject,
  thingsOf,
  toldActs,
  witness,
} from "../src/detection/detector.ts";

interface Baseline extends ActsBaseline {
  /** Hour in which the key was made; −1 where that was not seen. */
  made: number;
}

interface Bucket extends ActsOfHour {
  made: boolean;
}

const Options = z.strictObject({
  soonDays: z
    .number()
    .min(1)
    .default(30)
    .describe("Days within which imported material that expires does so soon."),
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a key's imports before a stranger among those who make them counts."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, ActsLimits>;

/** What is done with material of one's own, the gravest first. */
const ACTS = {
  expired: [60, "Imported material has expired, and the key does not work any more"],
  "expires-soon": [66, "Material was imported that expires soon"],
  replaced: [26, "New material was imported beside the old"],
  "expires-later": [36, "Material was imported that expires"],
  imported: [36, "Material was imported"],
  asked: [20, "The means to import material were fetched"],
} as const satisfies ActWeights;
const CALLS = new Set([
  "CreateKey",
  "DeleteExpiredKeyMaterial",
  "GetParametersForImport",
  "ImportKeyMaterial",
]);
const DAY_MS = 86_400_000;
const NEW_KEY_DAYS = 7;
const NOTHING: readonly Subject[] = [];

/** Somebody brings key material of their own, which expires when they want, or material has expired. */
export const importedMaterial = defineDetector<Baseline, Bucket, ActsLimits, Options>({
  id: "imported-material",
  version: 4,
  title: "Imported material",
  entity: "key",
  reliableFrom: 50,
  severity: "informational to high",
  why: "Who imports a key's material has a copy of it, and says when it expires. At that moment all data under the key is out of reach, unless the same material is imported again.",
  falsePositives: ["Imported material is renewed as planned, with an expiry date."],
  knownGaps: [
    "Deleted material: see key-destruction.",
    "Whether the material that was imported is the owner's.",
  ],
  triage: [
    "Ask the key's owner whether the material and its expiry are theirs.",
    "Import the owner's material again without expiry.",
    "Look at what was encrypted under the key since.",
  ],
  attack: [
    { technique: "T1486", name: "Data Encrypted for Impact", tactic: "impact" },
    { technique: "T1485", name: "Data Destruction", tactic: "impact" },
  ],
  options: Options,
  grave: true,
  judgesLate: true,

  accepts: ({ name }) => CALLS.has(name),
  newBaseline: () => ({ ...newActsBaseline(), made: -1 }),
  newBucket: () => ({ ...newActsOfHour(), made: false }),
  limits: actsLimits,

  add({ bucket }, event, options) {
    bucket.events += 1;
    if (event.name === "CreateKey") bucket.made = true;
    const act = actOf(event, options);
    if (act === undefined) return;
    noteAct(bucket, event, act, thingOf(event));
    witness(bucket, event);
  },

  subjects: (event) =>
    event.name === "CreateKey" || isVoid(event)
      ? NOTHING
      : [{ name: event.principal.entity, period: "day" }],

  level(view, subject, options) {
    const doer = view.bucket.doers[subject];
    if (doer === undefined) return -1;
    return pointsOf(weightyReasons(view, subject, doer, options)) < 12 ? -1 : levelOfActs(doer);
  },

  describe: describeImport,

  fold(baseline, hour, bucket) {
    learnActs(baseline, hour, bucket);
    if (bucket.made) baseline.made = hour;
  },
  skip: () => {},
});

function isVoid({ error }: KmsEvent): boolean {
  return error !== undefined && error.class !== "denied";
}

function actOf(event: KmsEvent, { soonDays }: Options): keyof typeof ACTS | undefined {
  if (isVoid(event)) return undefined;
  if (event.name === "DeleteExpiredKeyMaterial") return "expired";
  if (event.name === "GetParametersForImport") return "asked";
  if (event.name !== "ImportKeyMaterial") return undefined;
  const days = daysOfLife(event);
  if (days !== undefined) return days <= soonDays ? "expires-soon" : "expires-later";
  const { importType, expirationModel } = event.parameters ?? {};
  if (importType === "NEW_KEY_MATERIAL") return "replaced";
  return expirationModel === "KEY_MATERIAL_EXPIRES" ? "expires-later" : "imported";
}

function thingOf(event: KmsEvent): string {
  const days = event.name === "ImportKeyMaterial" ? daysOfLife(event) : undefined;
  return days === undefined ? event.name : `in ${days} days`;
}

/** Whole days until the imported material expires; undefined where it does not, or does not say when. */
function daysOfLife({ parameters, timeMs }: KmsEvent): number | undefined {
  if (parameters?.["expirationModel"] === "KEY_MATERIAL_DOES_NOT_EXPIRE") return undefined;
  const expiryMs = expiryOf(parameters?.["validTo"]);
  return expiryMs === undefined ? undefined : Math.max(0, Math.round((expiryMs - timeMs) / DAY_MS));
}

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

/**
 * CloudTrail renders `validTo` as ISO 8601, as `Jan 1, 2027 12:00:00 AM`, as an HTTP date (RFC 9110) or in seconds; a day is as near
 * as it matters.
 */
function expiryOf(validTo: unknown): number | undefined {
  if (typeof validTo === "number") return validTo < 1e11 ? validTo * 1000 : validTo;
  if (typeof validTo !== "string") return undefined;
  const iso = /^(\d{4})-(\d\d)-(\d\d)/.exec(validTo);
  if (iso !== null) return Date.UTC(Number(iso[1]), Number(iso[2]) - 1, Number(iso[3]));
  const named = /^([A-Z][a-z]{2}) (\d{1,2}), (\d{4})/.exec(validTo);
  if (named !== null) return dateOf(named[3], named[1], named[2]);
  const http = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4})/.exec(validTo);
  return http === null ? undefined : dateOf(http[3], http[2], http[1]);
}

function dateOf(year: string | undefined, name: string | undefined, day: string | undefined) {
  const month = MONTHS.indexOf(name ?? "");
  return month < 0 ? undefined : Date.UTC(Number(year), month / 3, Number(day));
}

function reasonsOf(view: View, subject: string, doer: Doer, options: Options): Reason[] {
  const reasons = weightyReasons(view, subject, doer, options);
  const { baseline, bucket, earlier, hour } = view;
  const isNew =
    bucket.made ||
    earlier.some((open) => open.bucket.made) ||
    (baseline.made >= 0 && hour - baseline.made <= NEW_KEY_DAYS * 24);
  if (!isNew || thingsOf(doer, "expired").length > 0) return reasons;
  const text = "The key is new, and had no material to lose.";
  return [...reasons, { code: "new-key", text, points: -18 }];
}

/** All but what speaks for the deed by the key's age, which may become known later than the deed. */
function weightyReasons(
  { baseline, limits, knownBy }: View,
  subject: string,
  doer: Doer,
  { learningDays }: Options,
): Reason[] {
  const reasons = mainly(toldActs(doer, ACTS), 5);
  if (refusalsOf(doer).length > 0) {
    const points = reasons.length > 0 ? 5 : 24;
    reasons.push({ code: "refused", text: "An attempt was refused.", points });
  }
  const standing = standingOfDoer(baseline, subject, doer, knownBy);
  return [...reasons, ...standingReasons(standing, limits, { learningDays, regular: 28 })];
}

function describeImport(view: View, subject: string, options: Options): Finding {
  const { bucket, limits, entity } = view;
  const doer = bucket.doers[subject];
  if (doer === undefined) throw new Error(`imported-material: no doer ${subject} in ${entity}`);
  const acts = Object.keys(ACTS).filter((act) => thingsOf(doer, act).length > 0);
  const soon = thingsOf(doer, "expires-soon");
  const who = callerName(doer.evidence.principal, subject);
  const isExpired = acts.includes("expired");
  return actsFinding(view, subject, doer, {
    title: isExpired ? "Imported key material expired" : "Key material imported",
    summary: isExpired
      ? "The imported material of a key has expired; what is encrypted under the key is out of reach."
      : `${who} handled imported material of a key: ${acts.length === 0 ? "refused" : acts.join(", ")}${soon.length > 0 ? `, ${soon.join(", ")}` : ""}.`,
    reasons: reasonsOf(view, subject, doer, options),
    key: keyOf(entity),
    observed: { acts: acts.join(" "), expires: soon.length > 0 || isExpired },
    expected: { acts: "", expires: false },
    baseline: baselineState(limits.days, limits.acts),
  });
}
