import { detectors } from "../../detectors/index.ts";
import type { KmsEvent } from "../../src/cloudtrail/event.ts";
import type { Alert } from "../../src/detection/alert.ts";
import { Engine, type EngineOptions } from "../../src/detection/engine.ts";
import { configureDetectors, detectionOptions } from "../../src/detection/options.ts";
import type { Accounts } from "../../src/detection/routing.ts";
import type { Mute } from "../../src/detection/suppression.ts";

/** An organization whose accounts are not listed. */
export const noAccountsListed: Accounts = { declared: false, isOurs: () => false };

/** Options of an engine with every detector at its defaults. */
export function engineOptions(overrides: Partial<EngineOptions> = {}): EngineOptions {
  const schema = detectionOptions(detectors);
  return {
    detectors: configureDetectors(detectors, schema.parse({})),
    latenessHours: 1,
    deduplicationHours: 6,
    organization: { accounts: [], approvedForeignAccounts: [] },
    learnUntilMs: undefined,
    replay: true,
    entitiesInMemory: 100_000,
    ...overrides,
  };
}

export interface Detected {
  /** Every revision told, in order. */
  readonly revisions: Alert[];
  /** Newest state of each alert by id. */
  readonly last: Map<string, Alert>;
  readonly memories: Map<string, string>;
  readonly duplicates: number;
  readonly sharedCopies: number;
  readonly late: number;
  readonly self: number;
  /** Revisions that people would have been sent, in order. */
  readonly told: Alert[];
  /** Alert → what mutes it in the end. */
  readonly muted: Map<string, string>;
}

/** Runs events through an engine in the batches given, closing everything at the end. */
export function detect(
  batches: readonly (readonly KmsEvent[])[],
  overrides: Partial<EngineOptions> = {},
  notes: readonly Mute[] = [],
): Detected {
  const engine = new Engine(engineOptions(overrides), undefined);
  engine.grader.useNotes(notes);
  const found = newDetected();
  for (const batch of batches) {
    engine.adopt(pick(found.memories, engine.missing(batch)));
    engine.process(batch);
    keep(engine, found);
  }
  engine.adopt(pick(found.memories, engine.missing([])));
  engine.finish();
  keep(engine, found);
  return found;
}

/** As `detect`, each event by itself, so that every step of an alert is told. */
export function detectOneByOne(
  events: readonly KmsEvent[],
  overrides: Partial<EngineOptions> = {},
): Detected {
  const engine = new Engine(engineOptions(overrides), undefined);
  const found = newDetected();
  for (const event of events) engine.process([event]);
  engine.finish();
  keep(engine, found);
  return found;
}

/** As `detect`, but after each batch the process dies and another one goes on from what was committed. */
export function detectWithRestarts(
  batches: readonly (readonly KmsEvent[])[],
  overrides: Partial<EngineOptions> = {},
  notes: readonly Mute[] = [],
): Detected {
  const options = engineOptions(overrides);
  const found = newDetected();
  const calls: { hour: number; ids: Uint8Array }[] = [];
  let state: string | undefined;
  for (const [index, batch] of [...batches, []].entries()) {
    const engine = new Engine(options, state);
    engine.grader.useNotes(notes);
    engine.restoreCalls(calls);
    engine.adopt(pick(found.memories, engine.missing(batch)));
    if (index < batches.length) engine.process(batch);
    else {
      engine.adopt(found.memories);
      engine.finish();
    }
    const output = keep(engine, found);
    state = output.state;
    calls.push(...output.calls);
  }
  return found;
}

type Mutable = { -readonly [Name in keyof Detected]: Detected[Name] };

function newDetected(): Mutable {
  return {
    revisions: [],
    last: new Map(),
    memories: new Map(),
    duplicates: 0,
    sharedCopies: 0,
    late: 0,
    self: 0,
    told: [],
    muted: new Map(),
  };
}

function keep(engine: Engine, found: Mutable) {
  const output = engine.take();
  for (const [name, text] of output.memories) found.memories.set(name, text);
  found.revisions.push(...output.revisions);
  for (const alert of output.alerts) found.last.set(alert.alertId, alert);
  found.duplicates += output.duplicates;
  found.sharedCopies += output.sharedCopies;
  found.late += output.late;
  found.self += output.self;
  found.told.push(...output.told);
  for (const alertId of output.unmuted) found.muted.delete(alertId);
  for (const [alertId, by] of output.muted) found.muted.set(alertId, by);
  return output;
}

function pick(
  memories: ReadonlyMap<string, string>,
  names: readonly string[],
): Map<string, string> {
  const picked = new Map<string, string>();
  for (const name of names) {
    const text = memories.get(name);
    if (text !== undefined) picked.set(name, text);
  }
  return picked;
}
