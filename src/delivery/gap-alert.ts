import type { Alert } from "../detection/alert.ts";
import type { SourceNotice } from "../sources/source.ts";
import { operationalAlert } from "./operational-alert.ts";

const GAP_SCORE = 75;

/** The alert that says that a source has lost data: what came between was never seen by any detector. */
export function gapAlert({ subject, text, fromMs, toMs }: SourceNotice): Alert {
  return operationalAlert({
    detector: "gap",
    subject,
    identity: `${subject}\n${fromMs ?? ""}\n${toMs ?? ""}`,
    title: "Events were lost before they were read",
    summary: text,
    score: GAP_SCORE,
    atMs: toMs ?? fromMs ?? 0,
    observed: { from: timeText(fromMs), to: timeText(toMs) },
    triage: [
      "Replay the trail's log files of that time: keyhawk replay --from … --to ….",
      "Raise the stream's retention above the longest downtime to be expected.",
    ],
  });
}

function timeText(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString();
}
