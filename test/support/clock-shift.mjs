// Loaded into a server before it starts: the clock stands ahead by the milliseconds that the file named by
// CLOCK_SHIFT_FILE holds at the moment, so that a test can let time pass without waiting.
import { readFileSync } from "node:fs";

const file = process.env.CLOCK_SHIFT_FILE ?? "";
const realNow = Date.now.bind(Date);
const realPerformanceNow = performance.now.bind(performance);
let shiftMs = 0;

setInterval(() => {
  try {
    shiftMs = Number(readFileSync(file, "utf8"));
  } catch {
    shiftMs = 0; // Until the test has written the file, nothing is shifted.
  }
}, 20).unref();

const RealDate = Date;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, values) =>
    values.length === 0 ? new target(realNow() + shiftMs) : new target(...values),
  apply: (target) => new target(realNow() + shiftMs).toString(),
  get: (target, name, receiver) =>
    name === "now" ? () => realNow() + shiftMs : Reflect.get(target, name, receiver),
});
performance.now = () => realPerformanceNow() + shiftMs;
