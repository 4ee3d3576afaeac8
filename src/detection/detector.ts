import type { z } from "zod";
import type { KmsEvent } from "../cloudtrail/event.ts";
import type { AlertKey, AlertPrincipal } from "./alert.ts";
import type { Evidence } from "./evidence.ts";
import type { SilenceJudge } from "./silence.ts";

export type { KmsEvent } from "../cloudtrail/event.ts";
export type { Evidence } from "./evidence.ts";
export {
  addEvidence,
  callerName,
  counted,
  keepSmallest,
  keyOf,
  mergeEvidence,
  newEvidence,
  principalOf,
  soleKey,
} from "./evidence.ts";
export {
  hasMade,
  idlenessOfKey,
  type KeyLedger,
  learnKeys,
  type LedgerOfHour,
  newKeyLedger,
  newLedgerOfHour,
  noteKeys,
  standingOfAdministrator,
} from "./key-ledger.ts";
export {
  isCryptographic,
  isDecryption,
  isEncryption,
  isOutsider,
  isServiceLinked,
  isSignature,
} from "./operations.ts";
export { pointsOf, pointsOfNovelty, pointsOfSeveral } from "./points.ts";
export {
  companyReasons,
  oftenReasons,
  oneIn,
  paceReasons,
  personReasons,
  pointsOfRise,
} from "./rises.ts";
export {
  dayAfterDayReasons,
  learnNewOfDay,
  moreThanEverReasons,
  mostOfDaysBefore,
  type NewOfDay,
  newOfDay,
} from "./new-of-day.ts";
export { isSecret, secretOf } from "./secrets.ts";
export {
  backReason,
  beyondReasons,
  type HourOfMoves,
  isBack,
  type Movable,
  type Move,
  moveBefore,
  moveIn,
} from "./moves.ts";
export { attackSystemOf, callerReasons, clientOf, networkOf, publicAddressOf } from "./origin.ts";
export {
  actsFinding,
  type ActsBaseline,
  actsLimits,
  type ActsLimits,
  type ActsOfHour,
  type ActWeights,
  type Doer,
  learnActs,
  levelOfActs,
  mainly,
  newActsBaseline,
  newActsOfHour,
  noteAct,
  refusalsOf,
  standingOfDoer,
  standingReasons,
  thingsOf,
  toldActs,
  witness,
} from "./acts.ts";
export {
  accountOfCrossing,
  countCrossing,
  type Crossing,
  crossingOf,
  isLook,
  newCrossing,
  used,
} from "./crossing.ts";
export { countGiven, type Given, givenName, newGiven } from "./given-grants.ts";
export {
  countSigning,
  learnSigning,
  newSigningHabit,
  newSigningHour,
  pointsOfSigning,
  type SigningHabit,
  type SigningHour,
  type SigningLimits,
  signingLimits,
  type SigningRise,
  signingRises,
  tellSigning,
} from "./signing-volume.ts";
export { severityOf, type Severity } from "./alert.ts";
export type { Silence, SilenceView } from "./silence.ts";

/** What a memory is about. */
export type EntityKind = "principal" | "key" | "account";

/**
 * What to look for: one file in `detectors/`, one typed literal.
 *
 * A detector counts events into buckets of one event-time hour and judges each hour against limits that were frozen when
 * the hour opened, out of what was learned from hours that could no longer change. Adding events to a bucket must not depend
 * on their order, and a level, once reached, must not fall as more events are added: that is why the same events, in any
 * order within the lateness and in any batches, give the same alerts.
 *
 * `Baseline`, `Bucket` and `Limits` are plain JSON data; the engine stores them. Its functions are called on their own: they
 * have no `this`.
 */
export interface Detector<
  Baseline = unknown,
  Bucket = unknown,
  Limits = unknown,
  Options = unknown,
> {
  /** Equals the file's name. */
  readonly id: string;
  /** Raised when the same events would make other alerts. */
  readonly version: number;
  readonly title: string;
  readonly entity: EntityKind;
  /** What it can say at most, for the catalogue. */
  readonly severity: string;
  /** Why it matters: one or two sentences. */
  readonly why: string;
  readonly falsePositives: readonly string[];
  readonly knownGaps: readonly string[];
  /** What to do next, first step first. */
  readonly triage: readonly string[];
  readonly attack: readonly AttackTechnique[];
  /** Every option has a default. */
  readonly options: z.ZodType<Options>;
  /** What must be declared in the configuration, any of it; the detector does not run where nothing is. */
  readonly declarations?: readonly ("expectedPrincipals" | "breakGlass" | "self")[];
  /** True where it stays loud in a change window and for a role for emergencies, unless it is named itself. */
  readonly grave?: boolean;
  /**
   * From this sum of points on at least nine of ten of its alerts were right on the simulated months it was weighed on, more than
   * the sum alone says: a reason of its own then makes them high.
   */
  readonly reliableFrom?: number;
  /** True where it learns fingerprints of contexts, which mean nothing under the secret of another installation. */
  readonly learnsFingerprints?: boolean;
  /**
   * Names of findings for which an hour is judged as it closes, because what comes later in it may speak against them: the level is −1
   * or 0, may fall, and what it is then counts. The alert is told and closed at once.
   */
  readonly judgesClosed?: readonly string[];
  /** True where a record that arrives after its hour was closed is still judged by itself, since it matters whenever it comes. */
  readonly judgesLate?: boolean;

  /** Whether the event is counted at all. */
  accepts(this: void, event: KmsEvent): boolean;
  newBaseline(): Baseline;
  newBucket(this: void): Bucket;
  /** Freezes what an hour is judged by; called in strict order of hours. */
  limits(baseline: Baseline, hour: number, options: Options): Limits;
  /** Counts the event into its hour. */
  add(
    this: void,
    view: HourView<Baseline, Bucket, Limits>,
    event: KmsEvent,
    options: Options,
  ): void;
  /** What an event may change: names of findings within the hour, often the same constant list. */
  subjects(this: void, event: KmsEvent): readonly Subject[];
  /** How far the finding of this name has gone: −1 not there, 0 there, then 1, 2 … for each update worth sending. */
  level(view: HourView<Baseline, Bucket, Limits>, subject: string, options: Options): number;
  /** Tells the finding in full; called only when its level is 0 or more. */
  describe(view: HourView<Baseline, Bucket, Limits>, subject: string, options: Options): Finding;
  /** Learns a closed hour. What alarmed must not teach: clip it. */
  fold(baseline: Baseline, hour: number, bucket: Bucket, limits: Limits, options: Options): void;
  /** Learns that the hours from `from` up to, not including, `to` held nothing. */
  skip(baseline: Baseline, from: number, to: number): void;
  /** How the absence of events is judged, by a detector of accounts that does so. */
  readonly silence?: SilenceJudge<Baseline, Bucket, Options>;
  /** What a report draws of a folded hour that held any event, from at most one detector for each kind of entity. */
  history?(bucket: Bucket, limits: Limits): HourHistory;
  /** Who used the entity in a folded hour, for the report's table of pairs. */
  usage?(bucket: Bucket): readonly PairUse[];
}

/** Types a detector by its schema of options and its own three kinds of data. */
export function defineDetector<Baseline, Bucket, Limits, Options>(
  detector: Detector<Baseline, Bucket, Limits, Options>,
): Detector<Baseline, Bucket, Limits, Options> {
  return detector;
}

/** A finding's name within its hour, and how long one alert lasts. */
export interface Subject {
  /** Part of the alert's id beside detector and entity; empty for one finding an hour. */
  readonly name: string;
  /** `hour` and `day`: one alert for each; `once`: one alert for as long as the entity remembers the name. */
  readonly period: "hour" | "day" | "once";
}

/** One open hour of one entity. */
export interface HourView<Baseline, Bucket, Limits> {
  /** Hours since the epoch. */
  readonly hour: number;
  /** The newest hour that is not learned yet when this one opens: what happened until then is known to it. */
  readonly knownBy: number;
  readonly entity: string;
  readonly bucket: Bucket;
  readonly limits: Limits;
  /**
   * What is learned by now. It goes on learning while the hour is open, so rely only on what `knownBy` bounds, or on sums that
   * `earlier` completes: baseline and earlier buckets together hold every hour before this one, whatever was learned yet.
   */
  readonly baseline: Baseline;
  /** Open hours before this one that hold anything, oldest first. */
  readonly earlier: readonly { hour: number; bucket: Bucket; limits: Limits }[];
  readonly organization: Organization;
}

/** What is known of the organization's accounts. */
export interface Organization {
  /** True where the configuration lists the accounts. */
  readonly declared: boolean;
  /** Whether the account is one of ours: listed, or its own trail was seen by the hour `knownBy`. */
  isOurs(accountId: string, knownBy: number): boolean;
  /** Whether the account is foreign but approved at this event time. */
  isApproved(accountId: string, timeMs: number): boolean;
  /**
   * Whether a principal is on a declared list of those who may use a key, by what was known of the key's aliases by an hour;
   * undefined where no list names the key. A role of Keyhawk's own is expected nowhere else: its declared uses are no events.
   */
  expects(
    keyArn: string,
    principal: { readonly key: string; readonly entity: string },
    knownBy: number,
  ): boolean | undefined;
  /** Whether a principal is declared as Keyhawk's own. */
  isOwnRole(principalKey: string): boolean;
  /** Who answers for the lists of a key. */
  ownersOf(keyArn: string, knownBy: number): readonly string[];
  /** How an event uses a declared role for emergencies; undefined where its principal is none. */
  breakGlass(event: KmsEvent, knownBy: number): BreakGlassUse | undefined;
}

/** One use of a role for emergencies. */
export interface BreakGlassUse {
  /** Name and owner of the declaration. */
  readonly name: string;
  readonly owner: string;
  /** What of it is not as declared: who, on which key, when; empty where all is. */
  readonly faults: readonly ("session" | "key" | "time")[];
}

export interface AttackTechnique {
  /** MITRE ATT&CK id, enterprise matrix, version `attackVersion`. */
  readonly technique: string;
  readonly name: string;
  readonly tactic: string;
}

/** What a detector saw, as told to people. */
export interface Finding {
  readonly title: string;
  /** One line with the numbers. */
  readonly summary: string;
  /** Points of 100, one for each reason; their sum, at most 100, is the score. Negative ones say what speaks against it. */
  readonly reasons: readonly Reason[];
  /** Event time of the record that made it fire. */
  readonly eventTimeMs: number;
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  readonly principal: AlertPrincipal | null;
  readonly key: AlertKey | null;
  readonly accountId: string | null;
  readonly region: string | null;
  readonly observed: Readonly<Record<string, number | string | boolean | null>>;
  readonly expected: Readonly<Record<string, number | string | boolean | null>>;
  readonly baseline: BaselineState;
  readonly evidence: Evidence;
}

export interface Reason {
  readonly code: string;
  readonly text: string;
  readonly points: number;
}

export interface BaselineState {
  readonly maturity: "none" | "learning" | "young" | "mature";
  readonly daysLearned: number;
  readonly samples: number;
}

/** A baseline is learning for a week, young for another, and mature from then on, given enough samples. */
export function baselineState(daysLearned: number, samples: number): BaselineState {
  const days = Math.round(daysLearned * 10) / 10;
  return { maturity: maturityOf(daysLearned, samples), daysLearned: days, samples };
}

function maturityOf(daysLearned: number, samples: number): BaselineState["maturity"] {
  if (samples === 0) return "none";
  if (daysLearned < 7 || samples < 10) return "learning";
  return daysLearned < 14 || samples < 30 ? "young" : "mature";
}

export interface HourHistory {
  readonly events: number;
  readonly decrypts: number;
  readonly expected: number | null;
  readonly limit: number | null;
}

export interface PairUse {
  readonly principalKey: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

/** Number of times `value` is four times `base` and four times that: the level of a count that was alerted at `base`. */
export function levelOf(value: number, base: number): number {
  if (value < base) return -1;
  return Math.floor(Math.log(value / base) / Math.log(4) + 1e-9);
}
