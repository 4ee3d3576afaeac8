import { parseArgs } from "node:util";
import { type Row, type Score, comparisonTable, scoreOf, together, worthOf } from "./comparison.ts";
import {
  type Month,
  type MonthOptions,
  keyhawkAlerts,
  ordinaryAlerts,
  withMonth,
} from "./month.ts";
import { type Candidate, candidates, chosenMethods } from "./ordinary/methods.ts";

/**
 * Keyhawk and ordinary methods on the same simulated months: the same events, the same time to learn from, the same attacks,
 * scored by the same rule. Prints a table in Markdown.
 *
 * `npm run evaluate -- [--seeds 201,202] [--days 42] [--principals 200]`
 *
 * With `--tune` it prints instead what each choice of settings of the ordinary methods achieves. Settings are chosen on
 * seeds 1 to 20 and measured on seeds from 201 on; the other way round is refused.
 */
const { values: typed } = parseArgs({
  options: {
    seeds: { type: "string" },
    days: { type: "string", default: "42" },
    principals: { type: "string", default: "200" },
    tune: { type: "boolean", default: false },
  },
});
const seeds = (typed.seeds ?? (typed.tune ? "1,2" : "201,202")).split(",").map(Number);
const days = Number(typed.days);
const principals = Number(typed.principals);
const learningDays = Math.round((days * 2) / 3);
const isAllowed = typed.tune ? isTraining : isTest;

const problem = problemOf();
if (problem === undefined) {
  process.stdout.write(await (typed.tune ? tune() : compare()));
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
}

function isTraining(seed: number): boolean {
  return Number.isInteger(seed) && seed >= 1 && seed <= 20;
}

function isTest(seed: number): boolean {
  return Number.isInteger(seed) && seed >= 201;
}

function problemOf(): string | undefined {
  const wrong = seeds.find((seed) => !isAllowed(seed));
  const expected = typed.tune ? "1 to 20 with --tune" : "from 201 on";
  if (wrong !== undefined) return `--seeds: expected seeds ${expected}, found ${wrong}`;
  if (!Number.isInteger(days) || days < 3) return "--days: expected a whole number, 3 or more";
  if (!Number.isInteger(principals)) return "--principals: expected a whole number";
  return undefined;
}

async function compare(): Promise<string> {
  const months: ReadonlyMap<string, Score>[] = [];
  for (const seed of seeds) months.push(await withMonth(optionsOf(seed), scoresOfMonth));
  const titles = [...(months[0]?.keys() ?? [])];
  const rows: Row[] = titles.map((title) => ({
    title,
    scores: months.flatMap((scores) => scores.get(title) ?? []),
  }));
  const command = `npm run evaluate -- --seeds ${seeds.join(",")} --days ${days} --principals ${principals}`;
  return `${comparisonTable(rows)}\n\`${command}\`; means over the seeds, in brackets least and most.\n`;
}

async function scoresOfMonth(month: Month): Promise<ReadonlyMap<string, Score>> {
  const { truth } = month;
  const ordinary = await ordinaryAlerts(month, chosenMethods);
  tell(`seed ${truth.seed}: ordinary methods done`);
  const keyhawk = await keyhawkAlerts(month);
  tell(`seed ${truth.seed}: Keyhawk done`);
  const scores = new Map<string, Score>();
  for (const [index, { title }] of chosenMethods.entries()) {
    scores.set(title, scoreOf(truth, ordinary[index] ?? "", "medium"));
  }
  scores.set("all five together", scoreOf(truth, together("all-five", ordinary), "medium"));
  scores.set("**Keyhawk**, medium and above", scoreOf(truth, keyhawk, "medium"));
  scores.set("**Keyhawk**, high and above", scoreOf(truth, keyhawk, "high"));
  return scores;
}

async function tune(): Promise<string> {
  const scores = new Map<Candidate, Score[]>(candidates.map((candidate) => [candidate, []]));
  for (const seed of seeds) {
    await withMonth(optionsOf(seed), async (month) => {
      const alerts = await ordinaryAlerts(month, candidates);
      for (const [index, candidate] of candidates.entries()) {
        scores.get(candidate)?.push(scoreOf(month.truth, alerts[index] ?? "", "medium"));
      }
    });
    tell(`seed ${seed}: every choice of settings done`);
  }
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

function optionsOf(seed: number): MonthOptions {
  tell(`seed ${seed}: simulating ${days} days`);
  return { seed, days, learningDays, principals };
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
