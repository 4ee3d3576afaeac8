import { z } from "zod";
import { isKnown, type KnownSet, meet, newKnownSet } from "../src/baseline/known-set.ts";
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
  /** Aliases by which callers name keys. */
  used: KnownSet;
  /** Keys made of late, by ARN. */
  made: KnownSet;
}

interface Bucket extends ActsOfHour {
  used: Record<string, true>;
  made: Record<string, true>;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of an account's history before a stranger to aliases counts as one."),
  youngDays: z
    .number()
    .min(0)
    .default(7)
    .describe("Days after which a key is no longer young, as the new target of an alias."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, ActsLimits>;

const ACTS = {
  repointed: [52, "An alias was pointed at another key"],
  deleted: [26, "An alias was deleted"],
} as const satisfies ActWeights;
const BY_CALL = new Map<string, keyof typeof ACTS>([
  ["UpdateAlias", "repointed"],
  ["DeleteAlias", "deleted"],
]);
/** Beside the acts: an alias by which callers name a key, and the keys that aliases were pointed at. */
const IN_USE = "in-use";
const TARGET = "target";
const NOTHING: readonly Subject[] = [];
const MOST_ALIASES = 300;
const MOST_MADE = 100;

/** An alias is pointed at another key, or deleted. */
export const aliasRepointed = defineDetector<Baseline, Bucket, ActsLimits, Options>({
  id: "alias-repointed",
  version: 5,
  title: "Alias repointed",
  entity: "account",
  reliableFrom: 60,
  severity: "informational to high",
  why: "Applications name keys by alias. Whoever points one at a key of their own has everything written from then on, and without the alias nothing is written at all.",
  falsePositives: [
    "A key is replaced by a new one as planned.",
    "A stack that holds the alias is deleted.",
  ],
  knownGaps: [
    "Aliases that only services resolve count as unused.",
    "The key that the alias named before.",
  ],
  triage: [
    "Point the alias back, if nobody claims the change.",
    "Find out who made the new target, and who its policy lets in.",
    "Look for data written under the new key since: it has to be encrypted anew.",
  ],
  attack: [
    { technique: "T1565", name: "Data Manipulation", tactic: "impact" },
    { technique: "T1489", name: "Service Stop", tactic: "impact" },
  ],
  options: Options,

  accepts: ({ operation, keys }) =>
    operation === "admin" || operation === "read" || keys[0]?.alias !== undefined,
  newBaseline: () => ({ ...newActsBaseline(), used: newKnownSet(), made: newKnownSet() }),
  newBucket: () => ({ ...newActsOfHour(), used: {}, made: {} }),
  limits: actsLimits,

  add({ bucket, baseline, knownBy }, event) {
    bucket.events += 1;
    if (event.operation === "read") return;
    const [key] = event.keys;
    if (event.operation !== "admin") {
      if (event.error === undefined && key?.alias !== undefined) keep(bucket.used, nameOf(event));
      return;
    }
    if (event.name === "CreateKey" && key !== undefined) keep(bucket.made, key.arn);
    const act = actOf(event);
    if (act === undefined) return;
    const name = nameOf(event);
    noteAct(bucket, event, act, name);
    if (event.error === undefined) {
      if (isKnown(baseline.used, name, knownBy)) noteAct(bucket, event, IN_USE, name);
      if (act === "repointed" && key !== undefined) noteAct(bucket, event, TARGET, targetOf(event));
    }
    witness(bucket, event);
  },

  subjects: (event) =>
    actOf(event) === undefined ? NOTHING : [{ name: event.principal.entity, period: "day" }],

  level(view, subject, options) {
    const doer = view.bucket.doers[subject];
    if (doer === undefined) return -1;
    return pointsOf(reasonsOf(view, subject, doer, options)) < 12 ? -1 : levelOfActs(doer);
  },

  describe: describeAlias,

  fold(baseline, hour, bucket) {
    learnActs(baseline, hour, bucket);
    for (const name of Object.keys(bucket.used).sort()) {
      meet(baseline.used, name, hour, MOST_ALIASES);
    }
    for (const arn of Object.keys(bucket.made).sort()) meet(baseline.made, arn, hour, MOST_MADE);
  },
  skip: () => {},
});

function actOf({ name, error }: KmsEvent) {
  return error === undefined || error.class === "denied" ? BY_CALL.get(name) : undefined;
}

/** Region and alias: each Region has aliases of its own. */
function nameOf({ keys, parameters, region }: KmsEvent): string {
  const asked = parameters?.["aliasName"];
  const alias = typeof asked === "string" ? asked : (keys[0]?.alias ?? "alias/?");
  return `${region} ${alias.slice(0, 256)}`;
}

function targetOf({ keys, parameters }: KmsEvent): string {
  const target = parameters?.["targetKeyId"];
  const named = keys.find(({ arn }) => typeof target === "string" && arn.endsWith(target));
  return (named ?? keys[0])?.arn ?? "";
}

function keep(names: Record<string, true>, name: string): void {
  if (name in names || Object.keys(names).length >= MOST_ALIASES) return;
  names[name] = true;
}

function reasonsOf(view: View, subject: string, doer: Doer, options: Options): Reason[] {
  const { baseline, limits, knownBy } = view;
  const reasons = mainly(toldActs(doer, ACTS), 6);
  if (thingsOf(doer, IN_USE).length > 0) {
    reasons.push({ code: "in-use", text: "Callers name the key by this alias.", points: 14 });
  }
  if (thingsOf(doer, TARGET).some((arn) => isYoung(view, arn, options))) {
    const text = `The new target was made within ${options.youngDays} days, as a key's replacement is.`;
    // Pipelines replace keys; a person who does it by hand may have made the key for it.
    reasons.push({ code: "young-target", text, points: doer.human ? -6 : -21 });
  }
  if (refusalsOf(doer).length > 0) {
    const points = reasons.length > 0 ? 6 : 22;
    reasons.push({ code: "refused", text: "An attempt was refused.", points });
  }
  const standing = standingOfDoer(baseline, subject, doer, knownBy);
  const { learningDays } = options;
  return [...reasons, ...standingReasons(standing, limits, { learningDays, regular: 38 })];
}

/** Whether the key was made in the days before; this hour and those not learned yet count as well. */
function isYoung({ baseline, bucket, earlier, hour }: View, arn: string, { youngDays }: Options) {
  if (bucket.made[arn] === true || earlier.some((open) => open.bucket.made[arn] === true)) {
    return true;
  }
  const since = baseline.made.members[arn]?.[0];
  return since !== undefined && since < hour && hour - since <= youngDays * 24;
}

function describeAlias(view: View, subject: string, options: Options): Finding {
  const { bucket, limits, entity } = view;
  const doer = bucket.doers[subject];
  if (doer === undefined) throw new Error(`alias-repointed: no doer ${subject} in ${entity}`);
  const repointed = thingsOf(doer, "repointed");
  const deleted = thingsOf(doer, "deleted");
  const who = callerName(doer.evidence.principal, subject);
  const names = [...repointed, ...deleted].map((name) => name.slice(name.indexOf(" ") + 1));
  const done = names.length > 0;
  return actsFinding(view, subject, doer, {
    title: done ? "Alias of a key changed" : "Attempt to change an alias",
    summary: done
      ? `${who} repointed ${repointed.length} and deleted ${deleted.length} of account ${entity}'s aliases: ${names.slice(0, 5).join(", ")}.`
      : `${who} tried to change an alias of account ${entity} and was refused.`,
    reasons: reasonsOf(view, subject, doer, options),
    accountId: entity,
    observed: {
      aliasesRepointed: repointed.length,
      aliasesDeleted: deleted.length,
      inUse: thingsOf(doer, IN_USE).length > 0,
    },
    expected: { aliasesRepointed: 0, aliasesDeleted: 0 },
    baseline: baselineState(limits.days, limits.events),
  });
}
