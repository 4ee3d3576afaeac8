import { detectors } from "../../detectors/index.ts";
import { HOUR_MS, hourOf, isWeekend } from "../baseline/calendar.ts";
import { type BaselineState, baselineState, counted } from "../detection/detector.ts";
import { entityOf } from "../detection/routing.ts";
import type { StateStore } from "../store/store.ts";
import { type Accepted, acceptancesOf } from "./acceptance.ts";
import type { ShowOptions } from "./baseline.ts";
import { acceptanceText } from "./baseline-accepted.ts";
import { LearnedMemory, LearnedState } from "./baseline-file.ts";
import { extentOf, wordsOf } from "./baseline-words.ts";
import type { CommandContext } from "./options.ts";
import { writeText } from "./output.ts";
import { withStore } from "./state.ts";
import { colorsFor, jsonPage, safe, wrapped } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** `keyhawk baseline show`: what each detector has learned of one entity. Resolves to the exit status. */
export async function showBaseline(options: ShowOptions, context: CommandContext): Promise<number> {
  const shown = await withStore(options, "read", (store) =>
    store.snapshot(() => learnedOf(store, options)),
  );
  const text = options.format === "json" ? jsonPage(shown) : pageOf(shown, context);
  await writeText(context.stdout, text);
  return 0;
}

/** As `--format json` writes it. */
interface Learned {
  readonly schemaVersion: "1.0";
  readonly kind: string;
  readonly id: string;
  /** Newest event time of all entities. */
  readonly learnedUntil: string;
  /** Start of the hour that expectations are about. */
  readonly at: string;
  readonly openAlerts: number;
  /** What was accepted as normal of it, or of others with it. */
  readonly accepted: readonly Accepted[];
  readonly detectors: readonly LearnedByDetector[];
}

interface LearnedByDetector extends BaselineState {
  readonly detector: string;
  readonly title: string;
  /** In words for people. */
  readonly says: readonly string[];
  /** As it is kept. */
  readonly baseline: unknown;
}

async function learnedOf(store: StateStore, options: ShowOptions): Promise<Learned> {
  const state = LearnedState.parse(JSON.parse((await store.engineState()) ?? emptyState));
  const [name, text] = await find(store, options.entity);
  const memory = LearnedMemory.parse(JSON.parse(text));
  const at = hourOf(options.at ?? state.watermarkMs);
  return {
    schemaVersion: "1.0",
    ...entityOf(name),
    learnedUntil: timeOf(state.watermarkMs),
    at: timeOf(at * HOUR_MS),
    openAlerts: memory.a.length,
    accepted: (await acceptancesOf(store)).filter((one) => isAbout(one, entityOf(name).id)),
    detectors: detectors.flatMap((detector) => {
      const own = memory.d[detector.id];
      if (own === undefined) return [];
      const { id, title } = detector;
      if (own.v !== detector.version) {
        const says = [`learned by version ${own.v}; version ${detector.version} starts anew`];
        return [{ detector: id, title, ...baselineState(0, 0), says, baseline: own.b }];
      }
      const extent = extentOf(own.b);
      if (extent === undefined) return [];
      const days = Math.max(0, (at - extent.bornHour) / 24);
      const maturity = baselineState(days, extent.samples);
      return [{ detector: id, title, ...maturity, says: wordsOf(own.b, at), baseline: own.b }];
    }),
  };
}

/** People who share a role have memories of their own, named by role and session. */
function isAbout({ match, acceptance }: Accepted, id: string): boolean {
  const { principal, key, account } = match;
  const person = acceptance.session === null ? principal : `${principal}#${acceptance.session}`;
  return id === person || id === key || (id === account && principal === undefined);
}

const emptyState = '{"watermarkMs":0,"accounts":{},"open":[]}';
const PAGE = 500;
const MOST_SUGGESTED = 10;

/** The entity of this name, ARN or account id, or the only one whose name holds the text. */
async function find(store: StateStore, typed: string): Promise<[name: string, memory: string]> {
  const names = [typed, `principal:${typed}`, `key:${typed}`, `account:${typed}`];
  const [exact] = await store.loadMemories(names);
  if (exact !== undefined) return exact;
  const found: [string, string][] = [];
  let last = "";
  for (;;) {
    const page = [...(await store.memoriesAfter(last, PAGE))];
    found.push(...page.filter(([name]) => name.includes(typed)));
    const end = page.at(-1);
    if (end === undefined || found.length > MOST_SUGGESTED) break;
    [last] = end;
  }
  const [only, other] = found;
  if (only === undefined) {
    throw new UsageError(`${typed}: expected a principal, key or account that was learned`);
  }
  if (other === undefined) return only;
  const some = found.slice(0, MOST_SUGGESTED).map(([name]) => entityOf(name).id);
  const more = found.length > some.length ? ", …" : "";
  throw new UsageError(`${typed}: expected one entity, found several: ${some.join(", ")}${more}`);
}

function pageOf(shown: Learned, context: CommandContext): string {
  const colors = colorsFor(context);
  const { kind, id, learnedUntil, at, openAlerts } = shown;
  const kindOfDay = isWeekend(hourOf(Date.parse(at))) ? "weekend" : "weekday";
  const alerts = openAlerts > 0 ? `; ${counted(openAlerts, "alert")} open` : "";
  const lines = [
    `${colors.bold(safe(id))} (${kind})`,
    `learned until ${shortTime(learnedUntil)}; expectations are for ${shortTime(at)}, a ${kindOfDay}${alerts}`,
  ];
  for (const { detector, title, maturity, daysLearned, samples, says } of shown.detectors) {
    lines.push(
      "",
      `${colors.bold(detector)}  ${title}`,
      colors.dim(`  ${maturity}: ${daysLearned} days, ${samples} samples`),
      ...says.map((words) => wrapped(words, context.columns, "  ")),
    );
  }
  if (shown.accepted.length > 0) {
    const all = shown.accepted.map((one) =>
      wrapped(`${one.id}: ${acceptanceText(one)}`, context.columns, "  "),
    );
    lines.push("", colors.bold("accepted as normal"), ...all);
  }
  return `${lines.join("\n")}\n`;
}

function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(".000Z", "Z");
}

function shortTime(time: string): string {
  return time.replace("T", " ").replace(/:\d\d(\.\d+)?Z$/, "Z");
}
