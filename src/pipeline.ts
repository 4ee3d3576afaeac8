import { hourOf } from "./baseline/calendar.ts";
import type { Alert } from "./detection/alert.ts";
import type { Engine, EngineOutput } from "./detection/engine.ts";
import { repeatsOf } from "./detection/repeats.ts";
import { noticeAlert } from "./delivery/operational-alert.ts";
import { type Batch, noCounts, type Source } from "./sources/source.ts";
import type { Commit, Delivery, StateStore } from "./store/store.ts";

/** Hourly history kept for reports: thirteen months. */
const HISTORY_HOURS = 400 * 24;

/** What a run plugs in; live and replay differ only in this. */
export interface Pipeline {
  readonly source: Source;
  readonly engine: Engine;
  readonly store: StateStore;
  /** Names of the sinks that are to get an alert. */
  readonly sinksFor: (alert: Alert) => readonly string[];
  /** Called after each commit with what it held, to deliver and to report. */
  readonly committed: (batch: Batch, commit: Commit) => Promise<void>;
  /** Whether the end of the source is the end of time: every open hour and alert is closed then. */
  readonly closesAtEnd: boolean;
  /** Whether anybody will read hourly counts and who used which key: a report does, nobody does of a state that is removed. */
  readonly keepsHistory: boolean;
}

/**
 * The whole data path.
 *
 * Memories, positions, recent calls, alerts and outbox of a batch are committed in one write before anybody is told. After a
 * crash the batch is read again as if never seen; alerts that were told twice carry the same id and revision.
 */
export async function runPipeline(pipeline: Pipeline, signal: AbortSignal): Promise<void> {
  const { source, engine, store } = pipeline;
  engine.restoreCalls(await store.recentCalls());
  for await (const batch of source.read(await store.positions(), signal)) {
    engine.adopt(await store.loadMemories(engine.missing(batch.events)));
    engine.grader.useNotes(await store.suppressions.list());
    engine.process(batch.events);
    await commit(pipeline, batch);
  }
  if (pipeline.closesAtEnd && !signal.aborted) {
    engine.adopt(await store.loadMemories(engine.missing([])));
    engine.finish();
    await commit(pipeline, nothingMore);
  }
}

async function commit(pipeline: Pipeline, batch: Batch): Promise<void> {
  const { engine, store, committed, keepsHistory } = pipeline;
  const output = await withoutRepeats(engine.take(), store);
  const notices = batch.notices.map(noticeAlert);
  const write: Commit = {
    positions: batch.positions,
    memories: output.memories,
    engineState: output.state,
    calls: output.calls,
    forgetCallsBeforeHour: finite(output.forgetCallsBeforeHour),
    forgetHistoryBeforeHour: finite(hourOf(engine.watermarkMs) - HISTORY_HOURS),
    alerts: [...output.alerts, ...notices],
    deliveries: deliveriesOf([...output.told, ...notices], pipeline.sinksFor),
    deadLetters: batch.deadLetters,
    counters: {
      ...batch.counts,
      duplicates: output.duplicates,
      sharedCopies: output.sharedCopies,
      late: output.late,
      self: output.self,
      alerts: output.revisions.filter(({ status }) => status === "created").length,
      suppressed: output.muted.size,
    },
    history: keepsHistory ? output.history : [],
    usage: keepsHistory ? output.usage : [],
    suppressed: output.muted,
    unmuted: output.unmuted,
  };
  await store.commit(write);
  await committed(batch, write);
}

/** Drops alerts about late records of which an alert in time has told already. */
async function withoutRepeats(output: EngineOutput, store: StateStore): Promise<EngineOutput> {
  if (output.inTimeIds.size === 0) return output;
  const repeats = await repeatsOf(
    output.inTimeIds,
    output.alerts,
    async (id) => (await store.alerts.get(id))?.alert,
  );
  const isNews = ({ alertId }: Alert) => !repeats.has(alertId);
  const { alerts, revisions, told, muted, unmuted } = output;
  return {
    ...output,
    alerts: alerts.filter(isNews),
    revisions: revisions.filter(isNews),
    told: told.filter(isNews),
    muted: new Map([...muted].filter(([id]) => !repeats.has(id))),
    unmuted: new Set([...unmuted].filter((id) => !repeats.has(id))),
  };
}

/** Before the first event there is no hour to speak of. */
function finite(hour: number): number | undefined {
  return Number.isFinite(hour) ? hour : undefined;
}

function deliveriesOf(alerts: readonly Alert[], sinksFor: Pipeline["sinksFor"]): Delivery[] {
  const deliveries: Delivery[] = [];
  for (const alert of alerts) {
    const sinks = sinksFor(alert);
    if (sinks.length > 0) deliveries.push({ alert, sinks });
  }
  return deliveries;
}

const nothingMore: Batch = {
  events: [],
  deadLetters: [],
  counts: noCounts,
  positions: new Map(),
  notices: [],
};
