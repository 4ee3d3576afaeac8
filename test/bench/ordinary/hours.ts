import type { Watch } from "./method.ts";

/** Learns the calls an hour of one principal, from its first hour on, hours without a call included. */
export interface HourModel {
  /** Takes what an hour came to; hours are numbered from the epoch and come in order. */
  learn(hour: number, calls: number): void;
  /** Most calls that are ordinary in an hour; infinite while too little is known. */
  limit(hour: number): number;
}

/** Alerts once an hour and principal, on the call with which it exceeds its model's limit and reaches the least calls. */
export function watchHours(modelOf: () => HourModel, leastCalls: number): Watch {
  const principals = new Map<string, Running>();
  return ({ timeMs, principal }) => {
    const hour = Math.floor(timeMs / hourMs);
    const running = principals.get(principal.entity) ?? begin(modelOf(), hour);
    principals.set(principal.entity, running);
    if (hour > running.hour) advance(running, hour);
    running.calls += 1;
    if (running.alerted || running.calls <= running.limit || running.calls < leastCalls) {
      return undefined;
    }
    running.alerted = true;
    return { startMs: hour * hourMs };
  };
}

interface Running {
  readonly model: HourModel;
  hour: number;
  calls: number;
  limit: number;
  alerted: boolean;
}

function begin(model: HourModel, hour: number): Running {
  return { model, hour, calls: 0, limit: model.limit(hour), alerted: false };
}

function advance(running: Running, hour: number): void {
  const { model } = running;
  model.learn(running.hour, running.calls);
  for (let empty = running.hour + 1; empty < hour; empty += 1) model.learn(empty, 0);
  running.hour = hour;
  running.calls = 0;
  running.limit = model.limit(hour);
  running.alerted = false;
}

export const hourMs = 3_600_000;
