import { expect, it } from "vitest";
import { HOUR_MS } from "../../src/baseline/calendar.ts";
import { Engine } from "../../src/detection/engine.ts";
import { Random } from "../../src/simulation/random.ts";
import { engineOptions } from "../support/detection.ts";
import { read } from "../support/parsing.ts";
import { QUIET_HOURS, Trail, TRAIL_START_MS } from "../support/topology/trail.ts";

const options = engineOptions();
const quiet = learned();

it("every detector learns the same of hours that pass at once as of hours that pass one by one", () => {
  const end = QUIET_HOURS + 15 * 24;
  let stepwise = quiet;
  for (let hour = QUIET_HOURS + 3; hour < end; hour += 7) stepwise = finishedAt(stepwise, hour);
  expect(finishedAt(stepwise, end)).toEqual(finishedAt(quiet, end));
});

function learned(): Map<string, string> {
  const { events } = read({ Records: new Trail(new Random("trail")).habit() });
  const engine = new Engine(options, undefined);
  engine.process([...events].sort((one, other) => one.timeMs - other.timeMs));
  return engine.take().memories;
}

/** Memories once event time has come to an hour of the trail, nothing having happened. */
function finishedAt(memories: ReadonlyMap<string, string>, hour: number): Map<string, string> {
  const watermarkMs = TRAIL_START_MS + hour * HOUR_MS;
  const engine = new Engine(options, JSON.stringify({ watermarkMs, accounts: {}, open: [] }));
  engine.adopt(memories);
  engine.finish();
  return new Map([...memories, ...engine.take().memories]);
}
