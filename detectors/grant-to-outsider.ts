import { z } from "zod";
import { daysSince, HOUR_MS } from "../src/baseline/calendar.ts";
import { type Grant, grantOf } from "../src/baseline/grant.ts";
import { familyOfPrincipal } from "../src/baseline/key-policy.ts";
import {
  discoveryProbability,
  isKnown,
  type KnownSet,
  meet,
  newKnownSet,
  surpriseBits,
} from "../src/baseline/known-set.ts";
import {
  baselineState,
  callerName,
  counted,
  countGiven,
  defineDetector,
  type Finding,
  type Given,
  givenName,
  type HourView,
  keyOf,
  levelOf,
  newGiven,
  type Reason,
  type Subject,
} from "../src/detection/detector.ts";

interface Baseline {
  born: number;
  grants: number;
  grantees: KnownSet;
  families: KnownSet;
  /** Who made grants by hand, not through a service. */
  grantors: KnownSet;
}

interface Bucket {
  grants: number;
  /** By subject. */
  given: Record<string, Given>;
  grantors: Record<string, true>;
}

interface Limits {
  days: number;
  grants: number;
  mature: boolean;
  /** Probability that the next grantee of a day is a new one. */
  discovery: number;
}

const Options = z.strictObject({
  learningDays: z
    .number()
    .min(0)
    .default(14)
    .describe("Days of a key's own grants before a new grantee of one's own accounts is judged."),
  learningGrants: z
    .int()
    .min(1)
    .default(5)
    .describe("Grants on the key before a new grantee of one's own accounts is judged."),
  settledDays: z
    .number()
    .min(0)
    .default(7)
    .describe("Days of the account's own trail before an account that is not listed is foreign."),
});
type Options = z.infer<typeof Options>;
type View = HourView<Baseline, Bucket, Limits>;

const NOTHING: readonly Subject[] = [];
/** Failures of what was meant: no right to it, or a key that is disabled or about to be deleted. */
const FAILED = new Set(["denied", "state"]);
const MOST_KNOWN = 300;
const MOST_GIVEN = 200;
/** Services and their resources come and go by the thousand; whoever they work for is in the trail. */
const OF_SERVICES = new Set<Grant["kind"]>(["service", "service-role", "resource"]);

/** A grant lets somebody use a key who has no business with it. */
export const grantToOutsider = defineDetector<Baseline, Bucket, Limits, Options>({
  id: "grant-to-outsider",
  version: 3,
  title: "Grant to an outsider",
  entity: "key",
  reliableFrom: 50,
  severity: "low to critical",
  why: "A grant opens a key without a trace in its policy, and stays when credentials are changed. One that lets its grantee grant further is a way back in.",
  falsePositives: [
    "A vendor's account that nobody has listed as approved yet.",
    "An application makes grants for a role that is new.",
  ],
  knownGaps: [
    "A grant's later use: see unexpected-principal and foreign-account.",
    "New grantees of one's own accounts on keys with few grants.",
  ],
  triage: [
    "Revoke the grant if nobody claims it: list the key's grants and look for the grantee.",
    "List grants that the grantee made in turn.",
    "Look at what the grantee did with the key since.",
    "Look at what else the one who made the grant did that day.",
  ],
  attack: [
    { technique: "T1098", name: "Account Manipulation", tactic: "persistence" },
    { technique: "T1537", name: "Transfer Data to Cloud Account", tactic: "exfiltration" },
  ],
  options: Options,
  grave: true,
  judgesLate: true,

  accepts: ({ name, error, principal }) =>
    name === "CreateGrant" &&
    !principal.service &&
    (error === undefined || FAILED.has(error.class)),
  newBaseline: () => ({
    born: -1,
    grants: 0,
    grantees: newKnownSet(),
    families: newKnownSet(),
    grantors: newKnownSet(),
  }),
  newBucket: () => ({ grants: 0, given: {}, grantors: {} }),
  limits({ born, grants, grantees }, hour, { learningDays, learningGrants }) {
    const days = daysSince(born, hour);
    return {
      days,
      grants,
      mature: days >= learningDays && grants >= learningGrants,
      discovery: discoveryProbability(grantees),
    };
  },

  add({ bucket }, event) {
    if (event.error === undefined) bucket.grants += 1;
    const grant = grantOf(event.parameters);
    const name = givenName(event, grant);
    if (grant === undefined || name === undefined) return;
    let given = bucket.given[name];
    if (given === undefined) {
      if (Object.keys(bucket.given).length >= MOST_GIVEN) return;
      given = newGiven(event, grant);
      bucket.given[name] = given;
    }
    countGiven(given, event, grant);
    const { entity, via } = event.principal;
    if (via === undefined && event.error === undefined) bucket.grantors[entity] = true;
  },

  subjects(event) {
    const name = givenName(event, grantOf(event.parameters));
    return name === undefined ? NOTHING : [{ name, period: "once" }];
  },

  level(view, subject, options) {
    const given = view.bucket.given[subject];
    if (given === undefined || isKnown(view.baseline.grantees, subject, view.knownBy)) return -1;
    return reasonsOf(view, given, options).length === 0 ? -1 : levelOf(given.evidence.count, 1);
  },

  describe: describeGrant,

  fold(baseline, hour, bucket) {
    if (baseline.born < 0) baseline.born = hour;
    baseline.grants += bucket.grants;
    for (const name of Object.keys(bucket.given).sort()) {
      const given = bucket.given[name];
      if (given === undefined) continue;
      meet(baseline.grantees, name, hour, MOST_KNOWN);
      if (!given.refused) {
        meet(baseline.families, familyOfPrincipal(given.grantee), hour, MOST_KNOWN);
      }
    }
    for (const name of Object.keys(bucket.grantors).sort()) {
      meet(baseline.grantors, name, hour, MOST_KNOWN);
    }
  },
  skip: () => {},
});

/** No reasons at all where the grantee is nobody to ask about. */
function reasonsOf(view: View, given: Given, options: Options): Reason[] {
  const main = outsiderReason(view, given, options) ?? newcomerReason(view, given);
  if (main === undefined) return [];
  const reasons: Reason[] = [main];
  if (given.regrants) {
    reasons.push({ code: "grants-further", text: "The grantee may grant further.", points: 9 });
  }
  if (given.unconstrained && !OF_SERVICES.has(given.kind)) {
    reasons.push({ code: "unconstrained", text: "No encryption context is asked for.", points: 3 });
  }
  if (given.byService) {
    reasons.push({ code: "by-service", text: "A service made it for somebody.", points: -36 });
  } else if (isKnown(view.baseline.grantors, given.grantor, view.knownBy)) {
    const text = "The principal has made grants on the key before.";
    reasons.push({ code: "known-grantor", text, points: -6 });
  } else if (given.human) {
    const text = "A person made it who made no grant on the key before.";
    reasons.push({ code: "new-grantor", text, points: 6 });
  }
  if (given.refused) reasons.push({ code: "refused", text: "It failed.", points: -28 });
  return reasons;
}

function outsiderReason(view: View, given: Given, options: Options): Reason | undefined {
  const { kind, accountId, firstMs } = given;
  if (kind === "everybody") {
    return { code: "everybody", text: "The grantee is everybody.", points: 90 };
  }
  const { organization, knownBy, entity } = view;
  const own = keyOf(entity).accountId;
  if (accountId === null || accountId === own) return undefined;
  if (organization.isOurs(accountId, knownBy)) return undefined;
  if (organization.isApproved(accountId, firstMs)) {
    const text = `The grantee is of the approved account ${accountId}.`;
    return OF_SERVICES.has(kind) ? undefined : { code: "approved", text, points: 22 };
  }
  const isSettled =
    organization.declared || organization.isOurs(own, knownBy - options.settledDays * 24);
  const text = `The grantee is of account ${accountId}, which is neither ours nor approved.`;
  return { code: "foreign", text, points: isSettled ? 72 : 36 };
}

/** Within one's own accounts a grantee counts by how rarely the key meets a new one. */
function newcomerReason(view: View, given: Given): Reason | undefined {
  const { baseline, limits, knownBy, entity } = view;
  if (given.byService) return undefined;
  if (given.kind === "user") {
    return { code: "user", text: "The grantee is a user, not a role.", points: 44 };
  }
  if (given.kind === "id") {
    return { code: "nameless", text: "The grantee goes by a unique id.", points: 34 };
  }
  if (OF_SERVICES.has(given.kind)) return undefined;
  if (isKnown(baseline.families, familyOfPrincipal(given.grantee), knownBy)) return undefined;
  if (given.kind === "account" && given.accountId !== keyOf(entity).accountId) {
    return { code: "whole-account", text: "The grantee is a whole account.", points: 28 };
  }
  if (!limits.mature) {
    const text = "A person made a grant by hand.";
    return given.human ? { code: "by-hand", text, points: 20 } : undefined;
  }
  const surprise = surpriseBits(limits.discovery);
  const text = `New among those who got grants in ${Math.floor(limits.days)} days.`;
  const points = Math.round(Math.min(27, 8 + 4 * surprise));
  return { code: "new-grantee", text, points };
}

function describeGrant(view: View, subject: string, options: Options): Finding {
  const { hour, bucket, limits, entity, organization, knownBy } = view;
  const given = bucket.given[subject];
  if (given === undefined) throw new Error(`grant-to-outsider: no grant ${subject} in ${entity}`);
  const { evidence, grantee, accountId } = given;
  const key = keyOf(entity);
  const who = callerName(evidence.principal, given.grantor);
  const verb = given.refused ? "tried to grant" : "granted";
  const right = given.regrants ? "the use of a key and of further grants" : "the use of a key";
  const startMs = hour * HOUR_MS;
  return {
    title: given.refused ? "Attempt to grant the use of a key" : "Grant to an outsider",
    summary: `${who} ${verb} ${right} to ${grantee}: ${counted(evidence.count, "grant")}.`,
    reasons: reasonsOf(view, given, options),
    eventTimeMs: given.firstMs,
    windowStartMs: startMs,
    windowEndMs: startMs + HOUR_MS,
    principal: evidence.principal,
    key,
    accountId: key.accountId,
    region: key.region,
    observed: {
      grantee,
      granteeKnown: false,
      granteeAccountIsOurs:
        accountId === null || accountId === key.accountId
          ? true
          : organization.isOurs(accountId, knownBy),
      grantsFurther: given.regrants,
    },
    expected: {
      granteeKnown: true,
      granteeAccountIsOurs: true,
      newGranteeProbability: Math.round(limits.discovery * 1000) / 1000,
    },
    baseline: baselineState(limits.days, limits.grants),
    evidence,
  };
}
