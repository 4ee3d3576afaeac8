import { detectors } from "../../detectors/index.ts";
import { hourOf } from "../../src/baseline/calendar.ts";
import type { Config } from "../../src/config.ts";
import type { Alert } from "../../src/detection/alert.ts";
import type { EntityKind } from "../../src/detection/detector.ts";
import { advance, readMemory, writeMemory } from "../../src/detection/memory.ts";
import { configureDetectors } from "../../src/detection/options.ts";
import { entityOf } from "../../src/detection/routing.ts";
import type { StateStore } from "../../src/store/store.ts";

/** What a shape of Keyhawk made of a stream. */
export interface ShapeOutcome {
  /** As they stood at the end, by id; without the note whether it was a replay. */
  readonly alerts: ReadonlyMap<string, Alert>;
  /** JSON text by entity, as of one hour. */
  readonly memories: ReadonlyMap<string, string>;
}

/** Reads what a shape left in its state, of the entities named. */
export async function outcomeIn(
  store: StateStore,
  entities: readonly string[],
  at: { readonly config: Config; readonly endMs: number },
): Promise<ShapeOutcome> {
  const kept = await store.alerts.list({});
  const memories = await store.loadMemories(entities);
  return {
    alerts: new Map(
      kept
        .map(({ alert }) => [alert.alertId, { ...alert, replay: false }] as const)
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    ),
    memories: memoriesAt(memories, at.config, hourOf(at.endMs)),
  };
}

/**
 * Memories as they are once event time has come to an hour. An entity that went quiet with an alert open is folded on by batch, so
 * that shapes differ in how far they have brought it: all are brought to the same hour.
 */
function memoriesAt(
  memories: ReadonlyMap<string, string>,
  { detection }: Config,
  hour: number,
): Map<string, string> {
  const openHours = Math.ceil(detection.latenessMinutes / 60) + 1;
  const configured = configureDetectors(detectors, detection);
  const ofKind = (wanted: EntityKind) =>
    configured.filter(({ detector }) => detector.entity === wanted);
  const nobody = { closing: () => undefined, folded: () => undefined };
  const brought = [...memories].map(([name, text]) => {
    const { kind, id } = entityOf(name);
    const own = ofKind(kind);
    const memory = readMemory(kind, id, text, own, openHours);
    advance(memory, hour, own, openHours, nobody);
    return [name, writeMemory(memory, own)] as const;
  });
  return new Map(brought.sort(([one], [other]) => (one < other ? -1 : 1)));
}
