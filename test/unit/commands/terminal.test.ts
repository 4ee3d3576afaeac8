import { describe, expect, it } from "vitest";
import { severities } from "../../../src/detection/alert.ts";
import {
  barText,
  colorsFor,
  jsonLine,
  jsonPage,
  paintSeverity,
  tableText,
  timeText,
  wrapped,
} from "../../../src/commands/terminal.ts";

const plain = colorsFor({ color: false });
const invisible = /[^\P{Cc}\n]|\p{Cf}/u;

describe("hostile strings", () => {
  const hostile: Record<string, string> = {
    "a terminal title": "\u001b]0;owned\u0007",
    "a cleared screen": "\u001b[2J\u001b[H",
    "an 8-bit control sequence": "\u009b31m",
    "a forged line": "app\n2026-03-14  critical  forged",
    "an overwritten line": "app\rcritical",
    "reversed text": "app\u202egnp.exe",
    "isolated text": "\u2066admin\u2069",
    "a name split by nothing": "ad\u200bmin",
    "invisible tags": "app\u{e0041}\u{e0042}",
    "half a character": "app\ud800",
  };
  it.each(Object.entries(hostile))("%s is made visible", (_name, text) => {
    const table = tableText([text], [{ title: "NAME", text: (row) => row }], plain);
    expect(table).not.toMatch(invisible);
    expect(table.split("\n")).toHaveLength(3);
    expect(wrapped(text, 80)).not.toMatch(invisible);
    expect(jsonLine({ text }).trimEnd()).not.toMatch(invisible);
    expect(JSON.parse(jsonLine({ text }))).toEqual({ text });
    expect(jsonPage({ text })).not.toMatch(invisible);
    expect(JSON.parse(jsonPage({ text }))).toEqual({ text });
  });
});

describe("a table", () => {
  it("aligns its columns, numbers to the right", () => {
    const rows = [
      { name: "a", count: 5 },
      { name: "bcd", count: 1200 },
    ];
    const text = tableText(
      rows,
      [
        { title: "NAME", text: ({ name }) => name },
        { title: "N", text: ({ count }) => String(count), align: "right" },
      ],
      plain,
    );
    expect(text).toBe("NAME     N\na        5\nbcd   1200\n");
  });

  it("cuts long cells in the middle", () => {
    const text = tableText(["abcdefghij"], [{ title: "T", text: (row) => row, maximum: 5 }], plain);
    expect(text).toBe("T\nab…ij\n");
  });
});

it("a severity keeps its word in every colour", () => {
  for (const severity of severities) {
    expect(paintSeverity(severity, severity, plain)).toBe(severity);
    expect(paintSeverity(severity, severity, colorsFor({ color: true }))).toContain(severity);
  }
});

it.each([
  [0, "░░░░"],
  [0.5, "██░░"],
  [1, "████"],
  [-0.25, "█░░░"],
  [7, "████"],
])("a bar of %d", (part, bar) => {
  expect(barText(part, 4)).toBe(bar);
});

it("wrapped text keeps to its width and loses no word", () => {
  const words = "one two three four five six seven".split(" ");
  const lines = wrapped(words.join(" "), 12, "  ").split("\n");
  expect(lines.every((line) => line.length <= 12 && line.startsWith("  "))).toBe(true);
  expect(lines.join(" ").split(/ +/).filter(Boolean)).toEqual(words);
});

it("a time is shown without fractions", () => {
  expect(timeText("2026-03-14T02:11:09.000Z")).toBe("2026-03-14 02:11:09Z");
});
