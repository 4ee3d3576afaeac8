import type { Evaluation } from "../evaluation/evaluate.ts";
import type { CommandContext } from "./options.ts";
import { type Column, type Colors, colorsFor, tableText } from "./terminal.ts";

/** An evaluation for people. */
export function evaluationTable(evaluation: Evaluation, context: CommandContext): string {
  const colors = colorsFor(context);
  return [
    overview(evaluation),
    tableText(evaluation.levels, levelColumns, colors),
    recallTable(evaluation, colors),
    tableText(evaluation.recallByStrength, strengthColumns, colors),
    causeTable(evaluation, colors),
    tableText(evaluation.byDetector, detectorColumns, colors),
    tableText(
      evaluation.calibration.filter(({ alerts }) => alerts > 0),
      calibrationColumns,
      colors,
    ),
    missedTable(evaluation, colors),
  ].join("\n");
}

function overview(evaluation: Evaluation): string {
  const { judgedDays, activePrincipals, alerts, timeToDetect, alertsPerAttack } = evaluation;
  const { medianSeconds, shareWithinFiveMinutes } = timeToDetect;
  return [
    `seed ${evaluation.seed}: ${judgedDays} days judged, ${activePrincipals} active principals, ` +
      `${alerts} alerts of ${evaluation.minimumSeverity} and above`,
    `time to detect: median ${medianSeconds === null ? "-" : `${medianSeconds} s`}, ` +
      `${percent(shareWithinFiveMinutes)} of all attacks within 5 minutes`,
    `alerts per attack found: median ${alertsPerAttack ?? "-"}`,
    "",
  ].join("\n");
}

const levelColumns: Column<Evaluation["levels"][number]>[] = [
  { title: "SEVERITY", text: ({ severity }) => `${severity}+` },
  { title: "FOUND", text: ({ found, attacks }) => `${found}/${attacks}`, align: "right" },
  { title: "RECALL", text: ({ recall }) => percent(recall), align: "right" },
  { title: "PRECISION", text: ({ precision }) => percent(precision), align: "right" },
  { title: "FALSE", text: ({ falseIncidents }) => String(falseIncidents), align: "right" },
  { title: "FALSE/DAY/1000", text: ({ perDayPer1000 }) => rate(perDayPer1000), align: "right" },
];

const strengthColumns: Column<Evaluation["recallByStrength"][number]>[] = [
  { title: "STRENGTH", text: ({ strength }) => strength },
  { title: "FOUND", text: ({ found, attacks }) => `${found}/${attacks}`, align: "right" },
];

const detectorColumns: Column<Evaluation["byDetector"][number]>[] = [
  { title: "DETECTOR", text: ({ detector }) => detector },
  { title: "FOUND", text: ({ found }) => String(found), align: "right" },
  { title: "ALONE", text: ({ alone }) => String(alone), align: "right" },
  { title: "FALSE", text: ({ falseIncidents }) => String(falseIncidents), align: "right" },
];

const calibrationColumns: Column<Evaluation["calibration"][number]>[] = [
  { title: "SCORE", text: ({ from, to }) => `${from}-${to === 100 ? 100 : to - 1}` },
  { title: "ALERTS", text: ({ alerts }) => String(alerts), align: "right" },
  { title: "TRUE", text: ({ shareTrue }) => percent(shareTrue), align: "right" },
];

function recallTable({ recallByKind, attacks }: Evaluation, colors: Colors): string {
  return tableText(
    recallByKind,
    [
      { title: "ATTACK", text: ({ kind }) => kind },
      { title: "FOUND", text: ({ found, attacks }) => `${found}/${attacks}`, align: "right" },
      {
        title: "BY",
        text: ({ kind }) =>
          [
            ...new Set(
              attacks
                .filter((attack) => attack.kind === kind)
                .flatMap(({ detectors }) => detectors),
            ),
          ].join(", "),
      },
    ],
    colors,
  );
}

function causeTable({ levels }: Evaluation, colors: Colors): string {
  const rows = levels.flatMap(({ severity, byCause }) =>
    byCause.map((cause) => ({ severity, ...cause })),
  );
  return tableText(
    rows,
    [
      { title: "FALSE AT", text: ({ severity }) => `${severity}+` },
      { title: "CAUSE", text: ({ cause }) => cause },
      { title: "INCIDENTS", text: (row) => String(row.falseIncidents), align: "right" },
      { title: "/DAY/1000", text: ({ perDayPer1000 }) => rate(perDayPer1000), align: "right" },
      {
        title: "BY",
        text: ({ byDetector }) =>
          Object.entries(byDetector)
            .map(([detector, count]) => `${detector} ${count}`)
            .join(", "),
      },
    ],
    colors,
  );
}

function missedTable({ attacks }: Evaluation, colors: Colors): string {
  return tableText(
    attacks.filter(({ found }) => !found),
    [
      { title: "MISSED", text: ({ kind }) => kind },
      { title: "STRENGTH", text: ({ strength }) => strength },
      { title: "BELOW", text: ({ highest }) => highest ?? "-" },
      { title: "STORY", text: ({ story }) => story, maximum: 110 },
    ],
    colors,
  );
}

function percent(share: number | null): string {
  return share === null ? "-" : `${Math.round(share * 100)} %`;
}

function rate(value: number | null): string {
  return value === null ? "-" : value.toFixed(2);
}
