import picocolors from "picocolors";
import type { Severity } from "../detection/alert.ts";
import { escapeControls, escapeJson } from "../telemetry.ts";

/** Colours, or functions that leave text as it is. */
export type Colors = ReturnType<typeof picocolors.createColors>;

export interface Column<Row> {
  readonly title: string;
  /** May be hostile: it is made visible before it is shown. */
  text(row: Row): string;
  /** Paints a cell that was escaped and padded. */
  paint?(cell: string, row: Row): string;
  readonly align?: "left" | "right";
  /** Most columns; longer text is cut in the middle, where names of one kind differ least. */
  readonly maximum?: number;
}

export function colorsFor(context: { readonly color: boolean }): Colors {
  return picocolors.createColors(context.color);
}

/** One line of text that cannot move the cursor, whatever it came from. */
export function safe(text: string): string {
  return escapeControls(text);
}

/** One line of JSON with invisible characters as escapes: the same value, harmless on a terminal. */
export function jsonLine(value: unknown): string {
  return `${escapeJson(JSON.stringify(value))}\n`;
}

/** JSON for people: indented, and as harmless as `jsonLine`. */
export function jsonPage(value: unknown): string {
  const lines = JSON.stringify(value, undefined, 2).split("\n");
  return `${lines.map(escapeJson).join("\n")}\n`;
}

/** A table with a header and aligned columns; ends with a line break. */
export function tableText<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  colors: Colors,
): string {
  const cells = rows.map((row) =>
    columns.map((column) => cut(safe(column.text(row)), column.maximum)),
  );
  const widths = columns.map((column, index) =>
    Math.max(widthOf(column.title), ...cells.map((line) => widthOf(line[index] ?? ""))),
  );
  const header = columns.map((column, index) => padded(column.title, widths[index], column.align));
  const lines = rows.map((row, number) =>
    columns.map((column, index) => {
      const cell = padded(cells[number]?.[index] ?? "", widths[index], column.align);
      return column.paint === undefined ? cell : column.paint(cell, row);
    }),
  );
  const text = [
    colors.dim(header.join("  ").trimEnd()),
    ...lines.map((line) => line.join("  ").trimEnd()),
  ];
  return `${text.join("\n")}\n`;
}

/** Paints text in the colour of a severity; the word is always there too, so that colour is never all there is. */
export function paintSeverity(text: string, severity: Severity, colors: Colors): string {
  const paints = {
    informational: colors.dim,
    low: colors.cyan,
    medium: colors.yellow,
    high: colors.red,
    critical: (word: string) => colors.bold(colors.red(word)),
  } satisfies Record<Severity, (word: string) => string>;
  return paints[severity](text);
}

/** A bar of `width` columns for a part of 1; negative parts are drawn as long as positive ones. */
export function barText(part: number, width: number): string {
  const filled = Math.min(width, Math.max(0, Math.round(Math.abs(part) * width)));
  return `${"█".repeat(filled)}${"░".repeat(width - filled)}`;
}

/** Breaks text into lines of at most `width` columns; a word longer than that stands alone. */
export function wrapped(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of safe(text).split(/ +/)) {
    if (line !== "" && widthOf(`${line} ${word}`) > width - indent.length) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((part) => `${indent}${part}`).join("\n");
}

/** A time as a table shows it: UTC, without fractions. */
export function timeText(time: string): string {
  return time.replace("T", " ").replace(/(\.\d+)?Z$/, "Z");
}

function widthOf(text: string): number {
  return Array.from(text).length;
}

function padded(text: string, width = 0, align: "left" | "right" = "left"): string {
  const gap = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "left" ? `${text}${gap}` : `${gap}${text}`;
}

function cut(text: string, maximum = Infinity): string {
  const characters = Array.from(text);
  if (characters.length <= maximum) return text;
  const tail = Math.floor((maximum - 1) / 2);
  const head = maximum - 1 - tail;
  return `${characters.slice(0, head).join("")}…${characters.slice(-tail).join("")}`;
}
