import type { Alert } from "../detection/alert.ts";
import type { SinkNews } from "./lane.ts";
import { operationalAlert } from "./operational-alert.ts";

const DEAD_SCORE = 75;

/** What the other sinks are told of one that accepts nothing, accepts again, or has too much waiting. */
export function sinkAlert(
  { kind, status, oldestQueuedMs, waiting }: SinkNews,
  nowMs: number,
): Alert {
  const { sink, lastError = "unknown problem", state } = status;
  const sinceMs = status.failingSinceMs ?? nowMs;
  const minutes = Math.max(0, Math.round((nowMs - sinceMs) / 60_000));
  if (kind === "overflow") {
    return operationalAlert({
      detector: "delivery-overflow",
      subject: sink,
      identity: `${sink}\n${new Date(nowMs).toISOString().slice(0, 10)}`,
      title: `Too many alerts wait for sink ${sink}`,
      summary: `${waiting} alerts wait for ${sink}; further ones are set aside and kept`,
      score: DEAD_SCORE,
      atMs: nowMs,
      observed: { waiting },
      triage: [`Mend ${sink}.`, "Send the alerts that were set aside again (redrive)."],
    });
  }
  const isBack = kind === "recovered";
  return operationalAlert({
    detector: "delivery-failing",
    subject: sink,
    identity: `${sink}\n${oldestQueuedMs}`,
    title: isBack ? `Sink ${sink} accepts alerts again` : `Sink ${sink} accepts no alerts`,
    summary: isBack ? `${sink} accepts alerts again` : failing(sink, state, minutes, lastError),
    score: DEAD_SCORE,
    atMs: nowMs,
    observed: { state, failingMinutes: minutes },
    triage: [
      `Find out why ${sink} does not accept alerts; the last answer was: ${lastError}.`,
      "Alerts for it are kept and sent when it accepts them again.",
    ],
    revision: isBack ? 1 : 0,
    status: isBack ? "closed" : "created",
  });
}

function failing(sink: string, state: string, minutes: number, lastError: string): string {
  if (state === "gone")
    return `${sink} is gone for good (${lastError}); nothing more is sent to it`;
  return `${sink} has accepted nothing for ${minutes} minutes: ${lastError}`;
}
