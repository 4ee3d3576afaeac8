import type { Alert } from "./alert.ts";
import type { Budget } from "./budget.ts";
import type { Grader } from "./grading.ts";

/** What was made since the last look: alerts as they stand, and revisions in order. */
export interface Made {
  readonly alerts: readonly Alert[];
  readonly revisions: readonly Alert[];
}

/** What is to be recorded and what is to be sent. */
export interface Sifted {
  /** To be kept, as they stand. */
  readonly alerts: Alert[];
  /** All revisions, whether or not they are sent. */
  readonly revisions: Alert[];
  /** Revisions to send, in order. */
  readonly told: Alert[];
  /** Alert id → what mutes it. */
  readonly muted: Map<string, string>;
  /** Ids of the others: whatever muted them before does so no more. */
  readonly unmuted: Set<string>;
}

/** Sifts what was made: what is switched off goes, what is muted, shadowed or beyond its detector's budget is kept and not sent. */
export function sift(made: Made, grader: Grader, budget: Budget, watermarkMs: number): Sifted {
  const sifted: Sifted = {
    alerts: [],
    revisions: [],
    told: [],
    muted: new Map(),
    unmuted: new Set(),
  };
  for (const revision of made.revisions) {
    const { kind } = grader.standing(revision);
    if (kind === "off") continue;
    sifted.revisions.push(revision);
    if (kind === "told" && budget.admits(revision)) sifted.told.push(revision);
  }
  for (const alert of made.alerts) {
    const standing = grader.standing(alert);
    if (standing.kind === "off") continue;
    sifted.alerts.push(alert);
    // What was muted at first and is no more, since it went on or grew, is told at once.
    if (standing.kind === "told" && budget.isNews(alert) && budget.admits(alert)) {
      sifted.told.push(alert);
    }
    if (standing.kind === "muted") sifted.muted.set(alert.alertId, standing.by);
    else if (standing.kind === "told" && budget.holdsBack(alert)) {
      sifted.muted.set(alert.alertId, `budget:${alert.detector}`);
    } else sifted.unmuted.add(alert.alertId);
  }
  const notices = budget.take(watermarkMs);
  sifted.alerts.push(...notices);
  sifted.revisions.push(...notices);
  sifted.told.push(...notices);
  return sifted;
}
