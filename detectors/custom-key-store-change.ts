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

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of an account's history before a stranger to key stores counts as one."),
});
type Options = z.infer<typeof Options>;
type View = HourView<ActsBaseline, ActsOfHour, ActsLimits>;

/** What is done to key stores, the gravest first. */
const ACTS = {
  disconnected: [72, "A key store was disconnected, and its keys with it"],
  deleted: [72, "A key store was deleted"],
  "proxy-changed": [68, "The proxy of an external key store was changed"],
  updated: [58, "A key store's settings were changed"],
  "created-external": [58, "A key store outside AWS was set up"],
  created: [42, "A key store was set up"],
  "key-outside": [26, "A key was made whose material lies outside AWS"],
  connected: [16, "A key store was connected"],
} as const satisfies ActWeights;
type Act = keyof typeof ACTS;

const BY_CALL = new Map<string, Act>([
  ["DisconnectCustomKeyStore", "disconnected"],
  ["DeleteCustomKeyStore", "deleted"],
  ["ConnectCustomKeyStore", "connected"],
]);
const PROXY = [
  "xksProxyUriEndpoint",
  "xksProxyUriPath",
  "xksProxyVpcEndpointServiceName",
  "xksProxyAuthenticationCredential",
  "xksProxyConnectivity",
];
const NOTHING: readonly Subject[] = [];

/** A custom key store is set up, changed, cut off or deleted. */
export const customKeyStoreChange = defineDetector<ActsBaseline, ActsOfHour, ActsLimits, Options>({
  id: "custom-key-store-change",
  version: 1,
  title: "Custom key store change",
  entity: "account",
  severity: "informational to critical",
  why: "Keys in a custom key store work only while the store is connected. Whoever runs the store, or cuts it off, holds all data under its keys.",
  falsePositives: [
    "Maintenance of the cluster or of the external key manager.",
    "A key store is set up as planned.",
  ],
  knownGaps: ["What happens in the cluster or in the external key manager itself."],
  triage: [
    "Connect the store again, if nobody claims that it was cut off.",
    "Compare the address and credentials of the proxy with those you run.",
    "Look for keys made in the store since, and for data written under them.",
    "Ask the principal's owner, by another channel than the account itself.",
  ],
  attack: [
    { technique: "T1486", name: "Data Encrypted for Impact", tactic: "impact" },
    { technique: "T1489", name: "Service Stop", tactic: "impact" },
  ],
  options: Options,
  judgesLate: true,

  accepts: ({ operation }) => operation === "admin" || operation === "read",
  newBaseline: newActsBaseline,
  newBucket: newActsOfHour,
  limits: actsLimits,

  add({ bucket }, event) {
    bucket.events += 1;
    const act = actOf(event);
    if (act === undefined) return;
    noteAct(bucket, event, act, storeOf(event));
    witness(bucket, event);
  },

  subjects: (event) =>
    actOf(event) === undefined ? NOTHING : [{ name: event.principal.entity, period: "day" }],

  level(view, subject, options) {
    const doer = view.bucket.doers[subject];
    if (doer === undefined) return -1;
    return pointsOf(reasonsOf(view, subject, doer, options)) < 12 ? -1 : levelOfActs(doer);
  },

  describe: describeChange,
  fold: (baseline, hour, bucket) => learnActs(baseline, hour, bucket),
  skip: () => {},
});

function actOf({ name, parameters, error }: KmsEvent): Act | undefined {
  if (error !== undefined && error.class !== "denied") return undefined;
  if (name === "UpdateCustomKeyStore") {
    return PROXY.some((field) => parameters?.[field] !== undefined) ? "proxy-changed" : "updated";
  }
  if (name === "CreateCustomKeyStore") {
    return parameters?.["customKeyStoreType"] === "EXTERNAL_KEY_STORE"
      ? "created-external"
      : "created";
  }
  if (name === "CreateKey") {
    return parameters?.["origin"] === "EXTERNAL_KEY_STORE" ? "key-outside" : undefined;
  }
  return BY_CALL.get(name);
}

function storeOf({ parameters }: KmsEvent): string {
  const store = parameters?.["customKeyStoreId"] ?? parameters?.["customKeyStoreName"];
  return typeof store === "string" ? store.slice(0, 64) : "a key store";
}

function reasonsOf(
  { baseline, limits, knownBy }: View,
  subject: string,
  doer: Doer,
  { learningDays }: Options,
): Reason[] {
  const reasons = mainly(toldActs(doer, ACTS), 8);
  if (refusalsOf(doer).length > 0) {
    const points = reasons.length > 0 ? 8 : 36;
    reasons.push({ code: "refused", text: "An attempt was refused.", points });
  }
  const standing = standingOfDoer(baseline, subject, doer, knownBy);
  return [...reasons, ...standingReasons(standing, limits, { learningDays, regular: 25 })];
}

function describeChange(view: View, subject: string, options: Options): Finding {
  const { bucket, limits, entity } = view;
  const doer = bucket.doers[subject];
  if (doer === undefined)
    throw new Error(`custom-key-store-change: no doer ${subject} in ${entity}`);
  const acts = Object.keys(ACTS).filter((act) => thingsOf(doer, act).length > 0);
  const who = callerName(doer.evidence.principal, subject);
  return actsFinding(view, subject, doer, {
    title: acts.length === 0 ? "Attempt to change a key store" : "Custom key store changed",
    summary:
      acts.length === 0
        ? `${who} tried to change a custom key store of account ${entity} and was refused.`
        : `${who} changed a custom key store of account ${entity}: ${acts.join(", ")}.`,
    reasons: reasonsOf(view, subject, doer, options),
    accountId: entity,
    observed: { acts: acts.join(" "), refused: refusalsOf(doer).length },
    expected: { acts: "" },
    baseline: baselineState(limits.days, limits.events),
  });
}
