import type { KmsEvent } from "../cloudtrail/event.ts";
import type { Detector, EntityKind, Finding, Organization } from "./detector.ts";
import {
  type ConfiguredDetector,
  type DetectorMemory,
  type EntityMemory,
  newMemory,
  openDetector,
  View,
} from "./memory.ts";
import { periodOf } from "./open-alert.ts";
import { alertIdOf } from "./render.ts";
import { entityName, route, type Target } from "./routing.ts";

/** What a record that came too late says by itself. */
export interface LateFinding {
  readonly finding: Finding;
  readonly detector: Detector;
  readonly alertId: string;
  /** Id of the alert that it would have led to, or been part of, had it come in time. */
  readonly inTimeId: string;
}

interface LateJudging {
  readonly detectors: Readonly<Record<EntityKind, readonly ConfiguredDetector[]>>;
  readonly organization: Organization;
  readonly openHours: number;
  /** The only entity that is judged; undefined for all. */
  readonly sole: Target | undefined;
}

/** Judges a record whose hour is closed by itself, by a memory that knows nothing else, for detectors that ask for it. */
export function* lateFindings(
  event: KmsEvent,
  hour: number,
  { detectors, organization, openHours, sole }: LateJudging,
): Generator<LateFinding> {
  for (const { kind, id } of route(event, organization)) {
    if (sole !== undefined && (kind !== sole.kind || id !== sole.id)) continue;
    for (const [slot, configured] of detectors[kind].entries()) {
      if (configured.detector.judgesLate !== true || !configured.detector.accepts(event)) continue;
      const memory = newMemory(kind, id, detectors[kind].length);
      memory.top = hour;
      const view = new View(organization, openHours);
      const own = openDetector(memory, slot, configured, openHours);
      yield* judgeAlone(event, configured, { memory, own, view });
    }
  }
}

function* judgeAlone(
  event: KmsEvent,
  { detector, options }: ConfiguredDetector,
  { memory, own, view }: { memory: EntityMemory; own: DetectorMemory; view: View },
): Generator<LateFinding> {
  const at = own.hours.length - 1;
  const open = own.hours[at];
  if (open === undefined) return;
  open.bucket = detector.newBucket();
  detector.add(view.at(memory, own, at), event, options);
  for (const subject of detector.subjects(event)) {
    const { name } = subject;
    if (detector.level(view.at(memory, own, at), name, options) < 0) continue;
    const finding = detector.describe(view.at(memory, own, at), name, options);
    const entity = entityName(memory.kind, memory.id);
    yield {
      finding: { ...finding, title: `${finding.title} (arrived late)` },
      detector,
      alertId: alertIdOf(detector.id, entity, name, `late ${event.eventId}`),
      inTimeId: alertIdOf(detector.id, entity, name, periodOf(subject, open.hour)),
    };
  }
}
