import type { KmsEvent } from "../../../src/cloudtrail/event.ts";
import { type HourModel, watchHours } from "./hours.ts";
import type { Method, Watch } from "./method.ts";

interface Settings {
  /** Standard deviations above the mean of the hour of the week that are ordinary. */
  readonly deviations: number;
  /** Fewer calls in an hour never alert. */
  readonly leastCalls: number;
  /** A term is rare when at most so many principals have used it; infinite: newness to the principal is enough. */
  readonly mostUsers: number;
}

/**
 * The two jobs of a general anomaly engine: calls an hour against the same hour of earlier weeks, and terms (call, Region,
 * network, client) that are new to a principal of two weeks and a hundred calls, and rare among all principals.
 */
export const hourOfWeek: Method<Settings> = {
  name: "hour-of-week",
  title: "seasonal hour-of-week model with rare terms",
  chosen: { deviations: 10, leastCalls: 10, mostUsers: Number.POSITIVE_INFINITY },
  choices: [4, 6, 10, 20].flatMap((deviations) =>
    [5, 10, 20, 100].flatMap((leastCalls) =>
      [3, 10, 30, Number.POSITIVE_INFINITY].map((mostUsers) => ({
        deviations,
        leastCalls,
        mostUsers,
      })),
    ),
  ),
  watch({ deviations, leastCalls, mostUsers }) {
    const volume = watchHours(() => weeklyModel(deviations), leastCalls);
    const terms = watchTerms(mostUsers);
    return (event) => {
      const rare = terms(event);
      return volume(event) ?? rare;
    };
  },
};

/** Means of 168 hours; the spread is of the differences to them, by hour of the day, since a cell sees four weeks only. */
function weeklyModel(deviations: number): HourModel {
  const cells = Array.from({ length: 168 }, () => ({ weeks: 0, mean: 0 }));
  const spreads = Array.from({ length: 24 }, () => ({ hours: 0, squares: 0 }));
  return {
    learn(hour, calls) {
      const cell = cells[hour % 168];
      const spread = spreads[hour % 24];
      if (cell === undefined || spread === undefined) return;
      if (cell.weeks > 0) {
        spread.hours += 1;
        spread.squares += (calls - cell.mean) ** 2;
      }
      cell.weeks += 1;
      cell.mean += (calls - cell.mean) / cell.weeks;
    },
    limit(hour) {
      const cell = cells[hour % 168];
      const spread = spreads[hour % 24];
      if (cell === undefined || spread === undefined || cell.weeks < leastWeeks) {
        return Number.POSITIVE_INFINITY;
      }
      const variance = spread.squares / Math.max(1, spread.hours);
      return cell.mean + deviations * Math.sqrt(variance + cell.mean);
    },
  };
}

const leastWeeks = 2;

function watchTerms(mostUsers: number): Watch {
  const users = new Map<string, number>();
  const principals = new Map<string, { firstMs: number; calls: number; terms: Set<string> }>();
  return (event) => {
    const { timeMs, principal } = event;
    const known = principals.get(principal.entity) ?? {
      firstMs: timeMs,
      calls: 0,
      terms: new Set(),
    };
    principals.set(principal.entity, known);
    const isKnownWell = known.calls >= leastCallsKnown && timeMs - known.firstMs >= leastKnownMs;
    known.calls += 1;
    let isRare = false;
    for (const term of termsOf(event)) {
      if (known.terms.has(term)) continue;
      known.terms.add(term);
      const others = users.get(term) ?? 0;
      users.set(term, others + 1);
      if (others < mostUsers) isRare = true;
    }
    return isRare && isKnownWell ? { startMs: timeMs } : undefined;
  };
}

const leastCallsKnown = 100;
const leastKnownMs = 14 * 86_400_000;

/** Of an address the first half, since hosts change; of a client the program without its version. */
function termsOf({ name, region, source, userAgent }: KmsEvent): string[] {
  const network = /^(\d+\.\d+|[\da-f]*:[\da-f]*)/.exec(source.value)?.[0] ?? source.value;
  const client = userAgent?.split(/[/ ]/, 1)[0] ?? "";
  return [`call ${name}`, `region ${region}`, `network ${network}`, `client ${client}`];
}
