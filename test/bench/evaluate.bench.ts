import { parseArgs } from "node:util";
import { type Evaluation, evaluate } from "../../src/evaluation/evaluate.ts";
import { readAlerts } from "../../src/evaluation/judged-alert.ts";
import { ablations } from "./ablations.ts";
import { type Row, type Score, comparisonTable, scoreOf, together, worthOf } from "./comparison.ts";
import { detailTables } from "./details.ts";
import { type Month, monthOf, ordinaryAlerts, replayMonth } from "./month.ts";
import { type Candidate, candidates, chosenMethods } from "./ordinary/methods.ts";

/**
 * Keyhawk and ordinary methods on the same simulated months: the same events, the same time to learn from, the same attacks,
 * scored by the same rule. Prints tables in Markdown.
 *
 * `npm run evaluate -- [--seeds 317,318] [--days 42] [--principals 200]`
 *
 * With `--tune` it prints instead what each choice of settings of the ordinary methods achieves, with `--ablate` what
 * becomes of Keyhawk when one statistical idea is taken out of it, or only those named. Settings are chosen, and ideas
 * weighed, on seeds 1 to 40, and measured on seeds from 301 on; the other way round is refused.
 */
const { values: typed } = parseArgs({
  options: {
    seeds: { type: "string" },
    days: { type: "string", default: "42" },
    principals: { type: "string", default: "200" },
    tune: { type: "boolean", default: false },
    ablate: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const isTraining = typed.tune || typed.ablate;
const seeds = (typed.seeds ?? (isTraining ? "1,2,3,4" : "317,318,319,320,321,322,323,324"))
  .split(",")
  .map(Number);
const days = Number(typed.days);
const principals = Number(typed.principals);
const learningDays = Math.round((days * 2) / 3);
/** Months worked on at a time: one is replayed by a process of its own while another is read here. */
const MOST_MONTHS = 2;

const problem = problemOf();
if (problem === undefined) {
  process.stdout.write(await result());
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
}

function result(): Promise<string> {
  if (typed.tune) return tune();
  return typed.ablate ? ablate() : compare();
}

function isAllowed(seed: number): boolean {
  return Number.isInteger(seed) && (isTraining ? seed >= 1 && seed <= 40 : seed >= 301);
}

function problemOf(): string | undefined {
  const wrong = seeds.find((seed) => !isAllowed(seed));
  const expected = isTraining ? "1 to 40 with --tune and --ablate" : "from 301 on";
  if (wrong !== undefined) return `--seeds: expected seeds ${expected}, found ${wrong}`;
  if (!Number.isInteger(days) || days < 3) return "--days: expected a whole number, 3 or more";
  if (!Number.isInteger(principals)) return "--principals: expected a whole number";
  const names = new Set(ablations.map(({ name }) => name));
  const unknown = typed.only?.split(",").find((name) => !names.has(name));
  return unknown === undefined ? undefined : `--only: expected one of ${[...names].join(", ")}`;
}

async function compare(): Promise<string> {
  const months = await eachMonth(resultsOfMonth);
  const titles = [...(months[0]?.scores.keys() ?? [])];
  const rows: Row[] = titles.map((title) => ({
    title,
    scores: months.flatMap(({ scores }) => scores.get(title) ?? []),
  }));
  const command = `npm run evaluate -- --seeds ${seeds.join(",")} --days ${days} --principals ${principals}`;
  return (
    `${comparisonTable(rows)}\n\`${command}\`; means over the seeds, in brackets least and most.\n\n` +
    `Keyhawk at medium and above:\n\n${detailTables(months.map(({ evaluation }) => evaluation))}`
  );
}

interface MonthResults {
  readonly scores: ReadonlyMap<string, Score>;
  readonly evaluation: Evaluation;
}

async function resultsOfMonth(month: Month): Promise<MonthResults> {
  const { truth } = month;
  const [{ alerts }, ordinary] = await Promise.all([
    replayMonth(month),
    ordinaryAlerts(month, chosenMethods),
  ]);
  const scores = new Map<string, Score>();
  for (const [index, { title }] of chosenMethods.entries()) {
    scores.set(title, scoreOf(truth, ordinary[index] ?? "", "medium"));
  }
  scores.set("all five together", scoreOf(truth, together("all-five", ordinary), "medium"));
  scores.set("**Keyhawk**, medium and above", scoreOf(truth, alerts, "medium"));
  scores.set("**Keyhawk**, high and above", scoreOf(truth, alerts, "high"));
  return { scores, evaluation: evaluate(truth, readAlerts(alerts), "medium") };
}

async function ablate(): Promise<string> {
  const only = typed.only?.split(",");
  const chosen = ablations.filter(({ name }) => only === undefined || only.includes(name));
  const changes = [{ name: undefined, title: "**as it is**" }, ...chosen];
  const months = await eachMonth(async (month) => {
    const scores: [medium: Score, high: Score][] = [];
    for (const { name, title } of changes) {
      const { alerts } = await replayMonth(month, name === undefined ? {} : { change: name });
      const medium = scoreOf(month.truth, alerts, "medium");
      scores.push([medium, scoreOf(month.truth, alerts, "high")]);
      const found = `${Math.round(100 * (medium.found ?? 0))} %`;
      const rate = medium.falseIncidents?.toFixed(1) ?? "-";
      tell(`seed ${month.truth.seed}: ${title}: found ${found}, false incidents ${rate}`);
    }
    return scores;
  });
  return (["medium", "high"] as const)
    .map((severity, level) => {
      const rows = changes.map(({ title }, index) => ({
        title,
        scores: months.flatMap((scores) => scores[index]?.[level] ?? []),
      }));
      return `At ${severity} and above:\n\n${comparisonTable(rows)}`;
    })
    .join("\n");
}

async function tune(): Promise<string> {
  const scores = new Map<Candidate, Score[]>(candidates.map((candidate) => [candidate, []]));
  await eachMonth(async (month) => {
    const alerts = await ordinaryAlerts(month, candidates);
    for (const [index, candidate] of candidates.entries()) {
      scores.get(candidate)?.push(scoreOf(month.truth, alerts[index] ?? "", "medium"));
    }
  });
  const worth = (candidate: Candidate): number => worthOf(scores.get(candidate) ?? []);
  const groups = Map.groupBy(candidates, ({ name }) => name);
  const sorted = [...groups.values()].flatMap((group) =>
    [...group].sort((a, b) => worth(b) - worth(a)),
  );
  return comparisonTable(
    sorted.map((candidate) => ({
      title: `${candidate.name} ${candidate.settings}${candidate.isChosen ? " (chosen)" : ""}`,
      scores: scores.get(candidate) ?? [],
    })),
  );
}

/** What `use` makes of the months, in the order of the seeds. */
async function eachMonth<Result>(use: (month: Month) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = [...seeds.entries()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, seed] = next;
      const month = await monthOf({ seed, days, learningDays, principals });
      tell(`seed ${seed}: simulated`);
      results[index] = await use(month);
      tell(`seed ${seed}: done`);
    }
  };
  await Promise.all(Array.from({ length: MOST_MONTHS }, lane));
  return results;
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
