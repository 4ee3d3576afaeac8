import { type Alert, leastScores, severities, type Severity, severityOf } from "./alert.ts";
import type { SeverityAdjustment } from "./declarations.ts";

/** A change of a score that leaves a reason: what the reason says, and the score it leads to. */
export interface ScoreChange {
  readonly code: string;
  readonly text: string;
  readonly score: number;
}

/** The alert with another score; the difference is a reason of its own, so that the weights still add up. */
export function withScore(alert: Alert, { code, text, score }: ScoreChange): Alert {
  const changed = Math.min(100, Math.max(0, Math.round(score)));
  if (changed === alert.score) return alert;
  const weight = Math.round((changed - alert.score) * 100) / 10_000;
  return {
    ...alert,
    score: changed,
    severity: severityOf(changed),
    reasons: [...alert.reasons, { code, text, weight }],
  };
}

/**
 * A score moved by a number of severities, at the same place within its band; beyond the gravest it is 100, beyond the mildest
 * 0. A higher score never becomes the lower one.
 */
export function shiftedScore(score: number, severitiesUp: number): number {
  if (severitiesUp === 0) return score;
  const band = severities.indexOf(severityOf(score));
  const target = band + severitiesUp;
  if (target >= severities.length) return 100;
  if (target < 0) return 0;
  const place = (score - startOf(band)) / widthOf(band);
  return Math.floor(startOf(target) + place * widthOf(target));
}

/** The alert as the settings of its detector want it: shifted, then held above a floor, then below a cap. */
export function adjusted(alert: Alert, adjustment: SeverityAdjustment | undefined): Alert {
  if (adjustment === undefined) return alert;
  const { shift, floor, cap } = adjustment;
  let changed = withScore(alert, {
    code: "configured-shift",
    text: `Configured: ${Math.abs(shift)} ${Math.abs(shift) === 1 ? "severity" : "severities"} ${shift > 0 ? "graver" : "milder"}.`,
    score: shiftedScore(alert.score, shift),
  });
  if (floor !== undefined) {
    const score = Math.max(changed.score, leastScores[floor]);
    const text = `Configured: at least ${floor}.`;
    changed = withScore(changed, { code: "configured-floor", text, score });
  }
  if (cap !== undefined) {
    const score = Math.min(changed.score, mostScore(cap));
    changed = withScore(changed, {
      code: "configured-cap",
      text: `Configured: at most ${cap}.`,
      score,
    });
  }
  return changed;
}

function mostScore(severity: Severity): number {
  return startOf(severities.indexOf(severity) + 1) - 1;
}

/** The least score of a band; behind the last one, one more than the most there is. */
function startOf(band: number): number {
  const severity = severities[band];
  return severity === undefined ? 101 : leastScores[severity];
}

function widthOf(band: number): number {
  return startOf(band + 1) - startOf(band);
}
