import { DAY_HOURS, HOUR_MS, hourOf } from "../baseline/calendar.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";
import type { Alert } from "./alert.ts";
import { Alerting } from "./alerting.ts";
import { type Budget, budgetOf, type WrittenBudget } from "./budget.ts";
import { type CallIdentities, callIdentities } from "./call-identity.ts";
import { RecentCalls } from "./calls.ts";
import { type Combination, combinationOf, type WrittenCombination } from "./combination.ts";
import { Counting } from "./counting.ts";
import type { EntityKind } from "./detector.ts";
import { type AccountOverride, Grader } from "./grading.ts";
import { Judging } from "./judging.ts";
import type { WrittenAliases } from "./learned-aliases.ts";
import {
  advance,
  closingHours,
  type ConfiguredDetector,
  type EntityMemory,
  readMemory,
  View,
  writeMemory,
} from "./memory.ts";
import { LearnedOrganization, type OrganizationOptions } from "./organization.ts";
import { OwnUses } from "./own-uses.ts";
import { entityName, entityOf, isSame, type Target } from "./routing.ts";
import { SilenceWatch, WHOLE, type WrittenSilence } from "./silence.ts";
import { sift } from "./telling.ts";
import { WorkingSet } from "./working-set.ts";

export interface EngineOptions {
  readonly detectors: readonly ConfiguredDetector[];
  /** How far out of event-time order a record may arrive and still count fully, hours: a whole number from 1 on. */
  readonly latenessHours: number;
  /** How long a copy of a call is recognised, hours of event time; at least the open hours. */
  readonly deduplicationHours: number;
  readonly organization: OrganizationOptions;
  readonly accountOverrides?: readonly AccountOverride[] | undefined;
  /** Alerts of an earlier event time are not told: the time before only teaches. */
  readonly learnUntilMs: number | undefined;
  readonly replay: boolean;
  /** Memories kept in heap after a batch; the longest untouched go first. */
  readonly entitiesInMemory: number;
  /** True where nobody will go on from this state: memories are written only as they leave the heap, and at the end. */
  readonly isTransient?: boolean;
  /** Counts for one entity only, beside engines of other entities. */
  readonly sole?: SoleEntity;
}

/** What an engine for one entity knows of the world around it. */
export interface SoleEntity {
  readonly entity: Target;
  /** Shared by the engines of all entities; it is no part of the state that `take` gives. */
  readonly organization: LearnedOrganization;
  /**
   * Whether anybody at all was heard in an hour; without it the silence of an account is not judged. It must know the hours that
   * lie behind by more than the lateness.
   */
  readonly heard?: (hour: number) => boolean;
  /** Event time up to which all was learned elsewhere, milliseconds: what is not newer counts as late. */
  readonly learnedUntilMs?: () => number;
}

/** What the batches since the last `take` changed, to be committed together. */
export interface EngineOutput {
  readonly memories: Map<string, string>;
  /** Undefined where nobody will go on from it. */
  readonly state: string | undefined;
  readonly calls: { hour: number; ids: Uint8Array }[];
  readonly forgetCallsBeforeHour: number;
  /** Alerts as they stand now. */
  readonly alerts: Alert[];
  /** All revisions, in order. */
  readonly revisions: Alert[];
  /** Those of them that people are to be told. */
  readonly told: Alert[];
  /** Alert id → what mutes it: a suppression, `change-window:NAME`, `break-glass:NAME` or `budget:DETECTOR`. */
  readonly muted: Map<string, string>;
  /** Id of an alert about a late record → id of the alert that the record would have led to in time: see `repeatsOf`. */
  readonly inTimeIds: Map<string, string>;
  /** Ids of the other alerts. */
  readonly unmuted: Set<string>;
  readonly history: {
    entity: string;
    hour: number;
    events: number;
    decrypts: number;
    expected: number | null;
    limit: number | null;
  }[];
  readonly usage: {
    keyArn: string;
    principalKey: string;
    firstMs: number;
    lastMs: number;
    count: number;
  }[];
  readonly duplicates: number;
  readonly sharedCopies: number;
  readonly late: number;
  /** Calls that were Keyhawk's own, exactly as declared. */
  readonly self: number;
}

interface WrittenState {
  readonly watermarkMs: number;
  readonly accounts: Record<string, number>;
  /** Entities with open alerts: they close as event time passes, even if the entity has gone quiet. */
  readonly open: string[];
  readonly combination?: WrittenCombination;
  readonly aliases?: WrittenAliases;
  readonly budget?: WrittenBudget;
  readonly silence?: WrittenSilence;
}

/**
 * Events in, alerts out: routes each event to its entities' memories and lets the detectors judge.
 *
 * Synchronous and without I/O: whoever drives it loads the memories that `missing` names, hands them over with `adopt`,
 * calls `process`, and commits what `take` returns in one write.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #openHours: number;
  readonly #detectors: Record<EntityKind, ConfiguredDetector[]>;
  readonly #working: WorkingSet;
  readonly #organization: LearnedOrganization;
  /** Grades alerts, and is told what people noted. */
  readonly grader: Grader;
  readonly #budget: Budget;
  readonly #ownUses: OwnUses;
  readonly #alerting: Alerting;
  readonly #judging: Judging;
  readonly #counting: Counting;
  readonly #combination: Combination | undefined;
  readonly #silence: SilenceWatch;
  readonly #calls = new RecentCalls();
  readonly #view: View;
  readonly #touched = new Set<EntityMemory>();
  /** Memories in heap that changed since they were written. */
  readonly #unwritten = new Set<EntityMemory>();
  readonly #open: Set<string>;
  #watermarkMs: number;
  /** Hour that event time was last said to have reached. */
  #passedHour = -1;
  #batch = 0;
  #duplicates = 0;
  #sharedCopies = 0;
  #late = 0;
  #self = 0;
  /** Whether the event being counted came after its hour was closed for an entity. */
  #isLate = false;
  #isFinished = false;

  constructor(options: EngineOptions, state: string | undefined) {
    const written = state === undefined ? undefined : (JSON.parse(state) as WrittenState);
    this.#options = options;
    this.#openHours = options.latenessHours + 1;
    this.#detectors = { principal: [], key: [], account: [] };
    for (const configured of options.detectors) {
      this.#detectors[configured.detector.entity].push(configured);
    }
    const { principal, key, account } = this.#detectors;
    this.#organization =
      options.sole?.organization ??
      new LearnedOrganization(options.organization, written?.accounts ?? {}, written?.aliases);
    this.#working = new WorkingSet(
      { principal: principal.length, key: key.length, account: account.length },
      options.entitiesInMemory,
      this.#organization,
    );
    const { declarations } = options.organization;
    const grading = { ...options, declarations, openHours: this.#openHours };
    this.grader = new Grader(grading, this.#organization);
    this.#budget = budgetOf(options, written?.budget);
    this.#ownUses = new OwnUses(declarations);
    this.#watermarkMs = written?.watermarkMs ?? Number.NEGATIVE_INFINITY;
    this.#open = new Set(written?.open);
    this.#view = new View(this.#organization, this.#openHours);
    this.#combination = combinationOf(options, written?.combination);
    this.#alerting = new Alerting({
      detectors: this.#detectors,
      openHours: this.#openHours,
      view: this.#view,
      learnUntilMs: options.learnUntilMs,
      replay: options.replay,
      combination: this.#combination,
      sole: options.sole?.entity,
      grader: this.grader,
    });
    this.#judging = new Judging(this.#alerting);
    this.#counting = new Counting({
      detectors: this.#detectors,
      openHours: this.#openHours,
      view: this.#view,
      judging: this.#judging,
      advance: (memory, hour) => {
        this.#silence.judge(memory, hour);
        this.#advance(memory, hour);
      },
    });
    this.#silence = new SilenceWatch(
      {
        detectors: account,
        openHours: this.#openHours,
        alerting: this.#alerting,
        sole: options.sole,
      },
      written?.silence,
    );
  }

  /** Newest event time seen, milliseconds; −∞ before any. */
  get watermarkMs(): number {
    return this.#watermarkMs;
  }

  /** The next hour that event time must reach for an open alert to be over; undefined where none is. */
  get closesAtHour(): number | undefined {
    const hours = [...this.#open].flatMap((name) => {
      const memory = this.#working.named(name);
      if (memory === undefined) return [];
      return closingHours(memory, this.#detectors[memory.kind], this.#openHours);
    });
    return hours.length === 0 ? undefined : Math.min(...hours);
  }

  /**
   * The next hour that event time must reach for the silence of the engine's one account to be judged; undefined where nothing
   * more is to be said of it, and where the engine counts for all.
   */
  get listensAtHour(): number | undefined {
    const entity = this.#options.sole?.entity;
    if (entity === undefined || entity.kind !== "account" || entity.id === WHOLE) return undefined;
    const memory = this.#working.named(entityName("account", entity.id));
    if (memory === undefined) return undefined;
    return this.#silence.dueHour(memory, Math.max(memory.top, this.#passedHour));
  }

  /** Tells the engine of the organization as a whole in which hours anybody was heard, oldest first. */
  hear(hours: readonly number[]): void {
    const whole = this.#working.account(WHOLE);
    for (const hour of hours) {
      if (this.#silence.hearIn(whole, hour)) this.#touch(whole);
    }
  }

  /** Lets event time reach an hour for accounts, which may be silent, and for entities that have an alert open: what is over closes. */
  passTime(hour: number): void {
    this.#passedHour = Math.max(this.#passedHour, hour);
    for (const memory of this.#working.accounts()) {
      if (this.#silence.judge(memory, hour)) this.#touched.add(memory);
    }
    for (const memory of this.#touched) this.#noteOpen(memory);
    for (const name of this.#open) {
      const memory = this.#working.named(name);
      if (memory !== undefined) this.#advance(memory, hour);
    }
  }

  /** Puts back the identities of recent calls. */
  restoreCalls(segments: readonly { hour: number; ids: Uint8Array }[]): void {
    for (const { hour, ids } of segments) this.#calls.restore(hour, ids);
  }

  /** Names of the entities that these events are about and whose memories are not in heap. */
  missing(events: readonly KmsEvent[]): string[] {
    const names = new Set<string>();
    for (const name of this.#open) {
      if (this.#working.named(name) === undefined) names.add(name);
    }
    // Accounts are judged even if none of their events comes.
    for (const id of this.#silence.watchesAll ? this.#organization.names() : []) {
      const name = entityName("account", id);
      if (this.#working.named(name) === undefined) names.add(name);
    }
    this.#working.route(events, names);
    return [...names];
  }

  /** Takes memories over from the store. */
  adopt(texts: ReadonlyMap<string, string>): void {
    for (const [name, text] of texts) {
      const { kind, id } = entityOf(name);
      const memory = readMemory(kind, id, text, this.#detectors[kind], this.#openHours);
      memory.touched = this.#batch;
      this.#working.add(memory);
      if (this.#options.sole !== undefined) this.#goOnFrom(memory);
    }
  }

  /** An engine for one entity knows no other time than that of its memory. */
  #goOnFrom(memory: EntityMemory): void {
    this.#watermarkMs = Math.max(this.#watermarkMs, memory.top * HOUR_MS);
    this.#noteOpen(memory);
  }

  /** Folds events into memories, in the order given. */
  process(events: readonly KmsEvent[]): void {
    this.#batch += 1;
    const before = hourOf(this.#watermarkMs);
    for (let index = 0; index < events.length; index += 1) {
      const event = events[index];
      if (event !== undefined) this.#count(events, index, event);
    }
    this.#working.forgetRoutes();
    this.#counting.countQueued(this.#touch);
    this.#judging.settleAll();
    const now = hourOf(this.#watermarkMs);
    if (now <= before) return;
    this.passTime(now);
    this.#alerting.closeDays(this.#watermarkMs);
  }

  /** Closes every hour and alert: the end of a history that is not continued. */
  finish(): void {
    const end = hourOf(this.#watermarkMs) + this.#openHours;
    if (!Number.isFinite(end)) return;
    for (const memory of this.#working.all()) this.#close(memory, end);
    this.#silence.finish(end);
    this.#alerting.closeDays(Number.POSITIVE_INFINITY);
    this.#isFinished = true;
  }

  /** Learns every hour of a memory; goes on, hour by hour, until its last alert is over: the longest lasts a day. */
  #close(memory: EntityMemory, end: number): void {
    this.#advance(memory, end);
    this.#alerting.endSilences(memory);
    const last = end + DAY_HOURS;
    for (let hour = end + 1; memory.alerts.size > 0 && hour <= last; hour += 1) {
      this.#advance(memory, hour);
    }
  }

  /** What changed since the last call; the caller must commit it before it tells anybody. */
  take(): EngineOutput {
    const memories = this.#takeMemories();
    const horizon = this.#horizon();
    this.#calls.forgetBefore(horizon);
    const made = this.#alerting.take();
    const until = this.#isFinished ? Number.POSITIVE_INFINITY : this.#watermarkMs;
    const output: EngineOutput = {
      memories,
      ...made,
      ...sift(made, this.grader, this.#budget, until),
      state: this.#writeState(),
      calls: this.#takeCalls(horizon),
      forgetCallsBeforeHour: horizon,
      duplicates: this.#duplicates,
      sharedCopies: this.#sharedCopies,
      late: this.#late,
      self: this.#self,
    };
    this.#duplicates = 0;
    this.#sharedCopies = 0;
    this.#late = 0;
    this.#self = 0;
    return output;
  }

  #takeMemories(): Map<string, string> {
    const memories = new Map<string, string>();
    const write = (memory: EntityMemory): void => {
      const text = writeMemory(memory, this.#detectors[memory.kind]);
      memories.set(entityName(memory.kind, memory.id), text);
      this.#unwritten.delete(memory);
    };
    const isKept = this.#options.isTransient !== true || this.#isFinished;
    for (const memory of this.#touched) {
      this.#noteOpen(memory);
      if (isKept) write(memory);
      else this.#unwritten.add(memory);
    }
    this.#touched.clear();
    for (const memory of this.#working.evict()) {
      if (this.#unwritten.has(memory)) write(memory);
    }
    return memories;
  }

  #takeCalls(horizon: number): EngineOutput["calls"] {
    const fresh = this.#calls.takeFresh();
    return this.#options.isTransient === true ? [] : fresh.filter(({ hour }) => hour >= horizon);
  }

  #count(events: readonly KmsEvent[], index: number, event: KmsEvent): void {
    const hour = hourOf(event.timeMs);
    const identity = callIdentities(event);
    if (hour < this.#horizon() || event.timeMs <= this.#learnedUntilMs()) {
      this.#countLate(event, hour, identity);
      return;
    }
    if (!this.#calls.add(hour, identity.high, identity.low)) {
      if (event.service === undefined) this.#duplicates += 1;
      return;
    }
    const isSecondView =
      identity.hasShared && !this.#calls.add(hour, identity.sharedHigh, identity.sharedLow);
    if (isSecondView) this.#sharedCopies += 1;
    if (event.timeMs > this.#watermarkMs) this.#watermarkMs = event.timeMs;
    if (event.recipientAccountId !== undefined)
      this.#organization.see(event.recipientAccountId, hour);
    this.#silence.hear(hour);
    this.#organization.aliases.see(event, hour);
    if (this.#ownUses.includes(event)) {
      if (!isSecondView) this.#self += 1;
      return;
    }
    // Whose copy it is cannot be told, so it cannot be counted on its own side only.
    if (isSecondView && event.recipientAccountId === undefined) return;
    this.#isLate = false;
    this.#working.forEach(events, index, event, this.#queue);
    if (this.#isLate) {
      this.#late += 1;
      this.#alerting.judgeLate(event, hour, this.#detectors, this.#organization);
    }
  }

  #countLate(event: KmsEvent, hour: number, { high, low }: CallIdentities): void {
    const now = hourOf(Math.max(this.#watermarkMs, this.#learnedUntilMs()));
    if (!this.#calls.addLate(now, high, low)) {
      if (event.service === undefined) this.#duplicates += 1;
      return;
    }
    this.#late += 1;
    if (this.#ownUses.includes(event)) {
      this.#self += 1;
      return;
    }
    this.#alerting.judgeLate(event, hour, this.#detectors, this.#organization);
  }

  readonly #queue = (memory: EntityMemory, event: KmsEvent): void => {
    const { sole } = this.#options;
    if (sole !== undefined && !isSame(memory, sole.entity)) return;
    if (!this.#counting.queue(memory, event)) this.#isLate = true;
  };

  readonly #touch = (memory: EntityMemory): void => {
    memory.touched = this.#batch;
    this.#touched.add(memory);
  };

  #advance(memory: EntityMemory, hour: number): void {
    this.#judging.settle(memory);
    advance(memory, hour, this.#detectors[memory.kind], this.#openHours, this.#alerting);
    this.#touched.add(memory);
  }

  #noteOpen(memory: EntityMemory): void {
    const name = entityName(memory.kind, memory.id);
    if (memory.alerts.size > 0) this.#open.add(name);
    else this.#open.delete(name);
  }

  #learnedUntilMs(): number {
    return this.#options.sole?.learnedUntilMs?.() ?? Number.NEGATIVE_INFINITY;
  }

  /** Oldest hour whose calls are still recognised. */
  #horizon(): number {
    const now = hourOf(this.#watermarkMs);
    return Number.isFinite(now)
      ? now - Math.max(this.#openHours, this.#options.deduplicationHours)
      : Number.NEGATIVE_INFINITY;
  }

  #writeState(): string | undefined {
    const { sole, isTransient } = this.#options;
    if (sole !== undefined || isTransient === true) return undefined;
    const state: WrittenState = {
      watermarkMs: Number.isFinite(this.#watermarkMs) ? this.#watermarkMs : -HOUR_MS,
      accounts: this.#organization.seen(),
      open: [...this.#open].sort(),
      ...(this.#combination === undefined ? {} : { combination: this.#combination.write() }),
      aliases: this.#organization.aliases.write(),
      budget: this.#budget.write(),
      silence: this.#silence.write(),
    };
    return JSON.stringify(state);
  }
}
