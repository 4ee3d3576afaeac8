import { retryDelayMs, type Sleep } from "../delivery/retry.ts";
import type { EntityItem, EntityStore } from "../store/entity-store.ts";
import { StoreError } from "../store/store.ts";
import { unpackCalls } from "./call-coding.ts";
import { ID_DIGITS } from "./call-index-format.ts";
import { CallIndex } from "./call-index.ts";
import type { EntityCache, HeldEntity } from "./entity-cache.ts";
import {
  type EntityChange,
  type EntityStateOptions,
  type EntityWork,
  openEntity,
} from "./entity-state.ts";
import type { Deadline } from "./invocation.ts";
import { count, type Counts } from "./metrics.ts";
import { writeEntry } from "./outbox-entry.ts";

export interface EntityFolderDependencies {
  readonly store: EntityStore;
  readonly cache: EntityCache;
  readonly options: EntityStateOptions;
  readonly now: () => number;
  readonly sleep: Sleep;
  /** From 0 (included) to 1 (excluded). */
  readonly random: () => number;
}

/** What became of an entity's work. */
export type Settlement =
  /** Committed, or all of it had been committed before. */
  | { readonly kind: "settled" }
  /** The store did not take it in time: it must come again. */
  | { readonly kind: "unsettled"; readonly error: unknown }
  /** It can never be folded: some event, or the entity's item, is beyond what the code can bear. */
  | {
      readonly kind: "poison";
      readonly reason: "fold-failed" | "too-large";
      readonly work: EntityWork;
      readonly error: unknown;
    };

const SETTLED: Settlement = { kind: "settled" };
const RETRY = { initialMs: 20, maximumMs: 1000 };
/** Beyond so many conflicts or faults somebody else's work must go first: the batch comes again. */
const MOST_ATTEMPTS = 12;
/**
 * How long a segment lives. Its identities matter for the hours of deduplication, and as long as a mapping may hand its calls over
 * again, a week at most. It goes by its expiry: removing it would cost as much as writing it did, and expiry costs nothing.
 */
const SEGMENT_LIFE_MS = 8 * 24 * 3_600_000;
/** What an engine takes in heap besides its memory's text, which is about four times as large once parsed. */
const BASE_WEIGHT = 24 * 1024;
const never = new AbortController().signal;

class FoldError extends Error {
  override readonly name = "FoldError";
}

/**
 * Folds work into entities: one conditional write each. A conflict, or an answer that never came, leads to another reading;
 * the identities of calls in the item tell what had been folded already.
 */
export class EntityFolder {
  readonly #dependencies: EntityFolderDependencies;

  constructor(dependencies: EntityFolderDependencies) {
    this.#dependencies = dependencies;
  }

  /** Folds and commits the work of one entity. `loaded` is its item as read a moment ago, if it was; the cache may hold an older one. */
  async settle(
    name: string,
    work: EntityWork,
    loaded: EntityItem | undefined,
    given: { readonly deadline: Deadline; readonly counts: Counts },
  ): Promise<readonly Settlement[]> {
    const settlement = await this.#settle(name, work, loaded, given);
    const { events } = work;
    if (settlement.kind !== "poison" || settlement.reason !== "fold-failed" || events.length < 2)
      return [settlement];
    // One event must not take the others with it.
    const middle = events.length >> 1;
    const first = { events: events.slice(0, middle), toHour: -1, signs: [] };
    const rest = { ...work, events: events.slice(middle) };
    return [
      ...(await this.settle(name, first, undefined, given)),
      ...(await this.settle(name, rest, undefined, given)),
    ];
  }

  async #settle(
    name: string,
    work: EntityWork,
    loaded: EntityItem | undefined,
    { deadline, counts }: { readonly deadline: Deadline; readonly counts: Counts },
  ): Promise<Settlement> {
    const { cache, sleep, random } = this.#dependencies;
    let known = loaded;
    let error: unknown = new Error("too many conflicts");
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const pauseMs = attempt === 0 ? 0 : 1 + retryDelayMs(RETRY, attempt - 1, random);
      if (deadline.remainingMs() <= pauseMs) return { kind: "unsettled", error };
      if (pauseMs > 0) await sleep(pauseMs, never);
      try {
        const cached = cache.take(name);
        const isFresh = known === undefined || cached?.version === known.version;
        const held = cached !== undefined && isFresh ? cached : await this.#open(name, known);
        known = undefined;
        if (await this.#fold(name, held, work, counts)) return SETTLED;
        count(counts, "conflicts");
      } catch (caught) {
        known = undefined;
        error = caught;
        if (caught instanceof FoldError)
          return { kind: "poison", reason: "fold-failed", work, error: caught.cause };
        if (caught instanceof StoreError && caught.code === "full")
          return { kind: "poison", reason: "too-large", work, error: caught };
        count(counts, "storeFaults");
      }
    }
    return { kind: "unsettled", error };
  }

  async #open(name: string, known: EntityItem | undefined): Promise<HeldEntity> {
    const { store, options } = this.#dependencies;
    const item = known ?? (await store.load([name])).get(name);
    return guarded(() => ({
      state: openEntity(name, item?.memory, options),
      version: item?.version ?? 0,
      closesAtHour: item?.closesAtHour,
      calls: item === undefined ? new CallIndex() : CallIndex.read(item.calls),
      hours: new Set<number>(),
      weight: BASE_WEIGHT + 4 * (item?.memory.length ?? 0),
    }));
  }

  /** True where the work is committed; false where the item has another version by now. */
  async #fold(name: string, held: HeldEntity, work: EntityWork, counts: Counts): Promise<boolean> {
    const { store, cache, now, random } = this.#dependencies;
    await this.#restoreCalls(name, held, work);
    const change = guarded(() => held.state.fold(work) ?? unchanged(held, work));
    if (change === undefined) {
      count(counts, "duplicates", work.events.length);
      cache.put(name, held);
      return true;
    }
    const plan = held.calls.plan(change.calls, change.forgetCallsBeforeHour);
    const merged = plan.merged.length === 0 ? noBytes : await store.readSegments(name, plan.merged);
    const { index, written, garbage, forgottenEarly } = plan.complete(merged, () => digits(random));
    if (written.length > 0) {
      const expiresMs = now() + SEGMENT_LIFE_MS;
      await store.writeSegments(
        name,
        written.map((segment) => ({ ...segment, expiresMs })),
      );
    }
    const { memory } = change;
    const { closesAtHour } = held.state;
    const outbox = change.revisions.map((revision) => writeEntry(revision, now()));
    const { version } = held;
    const isCommitted = await store.commit({
      name,
      version,
      memory,
      calls: index.write(),
      closesAtHour,
      outbox,
    });
    if (!isCommitted) return false;
    cache.put(name, committed(held, change, index));
    countChange(counts, change, forgottenEarly, work);
    await this.#keepHistory(change, counts);
    if (garbage.length > 0) await this.#remove(name, garbage, counts);
    return true;
  }

  async #restoreCalls(name: string, held: HeldEntity, work: EntityWork): Promise<void> {
    const hours = held.state.callHours(work).filter((hour) => !held.hours.has(hour));
    const ids = hours.flatMap((hour) => held.calls.segments(hour));
    const { store } = this.#dependencies;
    const segments = ids.length === 0 ? noBytes : await store.readSegments(name, ids);
    for (const hour of hours) {
      // A segment that is gone was merged by a later version, against which this one cannot commit, or has outlived its use.
      const parts = held.calls.segments(hour).flatMap((id) => {
        const bytes = segments.get(id);
        return bytes === undefined ? [] : [guarded(() => unpackCalls(bytes))];
      });
      for (const part of [held.calls.inline(hour), ...parts]) {
        held.state.restoreCalls([{ hour, ids: part }]);
      }
      held.hours.add(hour);
    }
  }

  /** Only after the commit: of work that lost to another version the numbers would be wrong. A gap in a chart is bearable. */
  async #keepHistory({ history }: EntityChange, counts: Counts): Promise<void> {
    if (history === undefined || history.hours.length + history.usage.length === 0) return;
    count(counts, "historyRows", history.hours.length + history.usage.length);
    await this.#dependencies.store.keepHistory(history).catch((error: unknown) => {
      if (!(error instanceof Error)) throw error;
      count(counts, "historyLost", history.hours.length);
    });
  }

  /** What is no longer named would go by itself one day. */
  async #remove(name: string, ids: readonly string[], counts: Counts): Promise<void> {
    await this.#dependencies.store.removeSegments(name, ids).catch((error: unknown) => {
      if (!(error instanceof Error)) throw error;
      count(counts, "segmentsLeft", ids.length);
    });
  }
}

const noBytes: ReadonlyMap<string, Uint8Array> = new Map();

/** An entity that is told of an hour without having anything to close must not be told again and again. */
function unchanged(
  { state, closesAtHour }: HeldEntity,
  work: EntityWork,
): EntityChange | undefined {
  if (work.toHour < 0 || closesAtHour === state.closesAtHour) return undefined;
  const { memory } = state;
  const forgetCallsBeforeHour = Number.NEGATIVE_INFINITY;
  return { memory, revisions: [], calls: [], forgetCallsBeforeHour, duplicates: 0, late: 0 };
}

function committed(held: HeldEntity, change: EntityChange, calls: CallIndex): HeldEntity {
  const hours = [...held.hours].filter((hour) => hour >= change.forgetCallsBeforeHour);
  const added = change.calls.reduce((sum, { ids }) => sum + ids.byteLength, 0);
  return {
    state: held.state,
    version: held.version + 1,
    closesAtHour: held.state.closesAtHour,
    calls,
    hours: new Set(hours),
    weight: BASE_WEIGHT + 4 * change.memory.length + 2 * (calls.bytes + added),
  };
}

function countChange(
  counts: Counts,
  change: EntityChange,
  forgottenEarly: number,
  work: EntityWork,
): void {
  count(counts, "commits");
  count(counts, "counted", work.events.length - change.duplicates);
  count(counts, "duplicates", change.duplicates);
  count(counts, "late", change.late);
  count(counts, "revisions", change.revisions.length);
  count(counts, "callHoursForgottenEarly", forgottenEarly);
}

/** So many random digits that no two segments of an hour have the same, `ID_DIGITS` of them. */
function digits(random: () => number): string {
  const word = () => Math.floor(random() * 2 ** 32).toString(16);
  return Array.from({ length: ID_DIGITS / 8 }, () => word().padStart(8, "0")).join("");
}

/** Runs what cannot fail but for a fault in the code or in what it was given. */
function guarded<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw new FoldError("cannot be folded", { cause });
  }
}
