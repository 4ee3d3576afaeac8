import type { Evaluation } from "../../src/evaluation/evaluate.ts";

/** Score bands that give the severities, see `severityOf`. */
const bands = [
  { title: "0–19", severity: "informational" },
  { title: "20–39", severity: "low" },
  { title: "40–69", severity: "medium" },
  { title: "70–89", severity: "high" },
  { title: "90–100", severity: "critical" },
] as const;

/** What a table of one line a method does not show: by strength, reliability of the score, time to detect, alerts per attack, what each detector buys. */
export function detailTables(evaluations: readonly Evaluation[]): string {
  return [
    strengthTable(evaluations),
    reliabilityTable(evaluations),
    timeTable(evaluations),
    causeTable(evaluations),
    detectorTable(evaluations),
  ].join("\n");
}

function strengthTable(evaluations: readonly Evaluation[]): string {
  const rows = (["weak", "medium", "strong"] as const).map((strength) => {
    const all = evaluations.flatMap(({ attacks }) =>
      attacks.filter((attack) => attack.strength === strength),
    );
    const found = all.filter(({ found: isFound }) => isFound).length;
    return [strength, `${all.length}`, share(found, all.length)];
  });
  return table(["strength", "attacks", "found"], rows);
}

/** A score is reliable where alerts of a higher band are true more often. */
function reliabilityTable(evaluations: readonly Evaluation[]): string {
  const rows = bands.map(({ title, severity }) => {
    const all = evaluations.flatMap(({ bySeverity }) => bySeverity[severity]);
    const alerts = sum(all.map((band) => band.alerts));
    const right = sum(all.map((band) => band.explained));
    return [title, severity, `${alerts}`, share(right, alerts)];
  });
  return table(["score", "severity", "alerts", "explained by an attack"], rows);
}

function timeTable(evaluations: readonly Evaluation[]): string {
  const attacks = evaluations.flatMap((evaluation) => evaluation.attacks);
  const seconds = attacks.flatMap(({ secondsToDetect }) => secondsToDetect ?? []);
  const alerts = attacks.filter(({ found }) => found).map((attack) => attack.alerts);
  const within = (limit: number) =>
    share(seconds.filter((time) => time <= limit).length, attacks.length);
  return table(
    [
      "attacks",
      "median",
      "within 5 minutes",
      "within an hour",
      "alerts per attack: median",
      "most",
    ],
    [
      [
        `${attacks.length}`,
        `${quantile(seconds, 0.5)} s`,
        within(300),
        within(3600),
        `${quantile(alerts, 0.5)}`,
        `${quantile(alerts, 1)}`,
      ],
    ],
  );
}

function causeTable(evaluations: readonly Evaluation[]): string {
  const causes = evaluations.flatMap(({ levels: [level] }) => level?.byCause ?? []);
  const groups = Map.groupBy(causes, ({ cause }) => cause);
  const rows = [...groups]
    .map(([cause, counts]) => ({ cause, rate: sum(counts.map((one) => one.perDayPer1000 ?? 0)) }))
    .sort((a, b) => b.rate - a.rate)
    .slice(0, MOST_CAUSES)
    .map(({ cause, rate }) => [cause, (rate / evaluations.length).toFixed(2)]);
  return table(["false incidents by", "a day per 1,000"], rows);
}

const MOST_CAUSES = 12;

/** An ablation of each detector at no cost: what only one names would be missed without it. */
function detectorTable(evaluations: readonly Evaluation[]): string {
  const groups = Map.groupBy(
    evaluations.flatMap(({ byDetector }) => byDetector),
    ({ detector }) => detector,
  );
  const rows = [...groups]
    .map(([detector, results]) => ({
      detector,
      found: sum(results.map(({ found }) => found)),
      alone: sum(results.map(({ alone }) => alone)),
      false: sum(results.map(({ falseIncidents }) => falseIncidents)),
    }))
    .sort((a, b) => b.alone - a.alone || b.found - a.found || a.false - b.false)
    .map((row) => [`\`${row.detector}\``, `${row.found}`, `${row.alone}`, `${row.false}`]);
  return table(["detector", "attacks named", "by it alone", "false incidents"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("");
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : `${Math.round((100 * part) / whole)} %`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The value below which such a share lies; of none a dash. */
function quantile(values: readonly number[], part: number): number | string {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? "–";
}
