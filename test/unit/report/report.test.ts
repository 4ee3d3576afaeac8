import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ReportInput } from "../../../src/report/input.ts";
import { mostReportBytes, renderReport, reportPolicy } from "../../../src/report/report.ts";
import { emptyInput, realisticInput } from "../../support/report-input.ts";

const page = renderReport(realisticInput());

/** Elements that HTML closes by themselves. */
const VOID = new Set(["meta", "br", "hr", "img", "input", "link", "col", "wbr"]);

describe("a report", () => {
  it("is well-formed: every element is closed where it was opened", () => {
    expect(openTags(page)).toEqual([]);
  });

  it("allows its own style and script by their hashes, and nothing else", () => {
    for (const name of ["style", "script"]) {
      const [, text = ""] = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(page) ?? [];
      expect(text).not.toBe("");
      const hash = createHash("sha256").update(text).digest("base64");
      expect(reportPolicy).toContain(`${name}-src 'sha256-${hash}'`);
    }
    expect(reportPolicy).toContain("default-src 'none'");
    expect(page).toContain("Content-Security-Policy");
  });

  it("loads nothing: no address but in links for people", () => {
    expect(page).not.toMatch(/\ssrc\s*=/);
    expect(page).not.toMatch(/<(iframe|object|embed|base)\b/);
    expect(page.match(/<link\b[^>]*>/g)?.filter((link) => !link.includes('href="data:'))).toEqual(
      [],
    );
    expect(page).not.toMatch(/@import|url\(\s*['"]?(?!#)/);
    for (const [, address = ""] of page.matchAll(/<a\b[^>]*\bhref\s*=\s*"([^"]*)"/g)) {
      expect(address).toMatch(/^(#|https:\/\/)/);
    }
  });

  it("is the same for the same input", () => {
    expect(renderReport(realisticInput())).toBe(page);
  });

  it("stays within its size", () => {
    expect(Buffer.byteLength(page)).toBeLessThan(mostReportBytes);
  });

  it("says what to do where there is nothing to show", () => {
    const empty = renderReport(emptyInput());
    expect(openTags(empty)).toEqual([]);
    expect(empty).toMatch(/keyhawk (replay|run)/);
  });

  it("shows every alert with its id, title and score", () => {
    const { alerts } = realisticInput();
    for (const { alert } of alerts) {
      expect(page).toContain(`id="alert-${alert.alertId}"`);
      expect(page).toContain(`data-score="${alert.score}"`);
    }
  });
});

describe("text out of CloudTrail", () => {
  const attacks = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</details></body><svg onload=alert(1)>",
    "javascript:alert(1)",
    "</style></script><script>x()</script>",
    "\u202egpj.exe\u2066",
  ];

  it.each(attacks)("is shown as text wherever it stands: %s", (attack) => {
    expectHarmless(renderReport(hostile(realisticInput(), () => attack)));
  });

  it("is harmless whatever it is", () => {
    const odd = fc.string({
      unit: fc.constantFrom("<", ">", '"', "'", "&", "/", "=", "a", " ", "`", "\u202e"),
    });
    fc.assert(
      fc.property(odd, (text) => {
        expectHarmless(renderReport(hostile(realisticInput(), () => text)));
      }),
      { numRuns: 15 },
    );
  });
});

function expectHarmless(html: string): void {
  expect(openTags(html)).toEqual([]);
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).not.toMatch(/<[^>]*\son[a-z]+\s*=/i);
  expect(html).not.toMatch(/<img/i);
  expect(html).not.toMatch(/href\s*=\s*"javascript:/i);
  expect(html).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
}

/** The input with every text that may come from a record replaced; ids, times and words of our own stay. */
function hostile(input: ReportInput, text: () => string): ReportInput {
  const own =
    /^(alertId|schemaVersion|status|detector|severity|eventTime|start|end|generatedAt|maturity|reason|entity|technique|tactic)$/;
  const replace = (value: unknown, name: string): unknown => {
    if (typeof value === "string") return own.test(name) ? value : text();
    if (Array.isArray(value)) return value.map((each) => replace(each, name));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, replace(each, key)]),
    );
  };
  return replace(input, "") as ReportInput;
}

/** Names of elements left open, or of the first that is closed without having been opened. */
function openTags(html: string): string[] {
  const text = html
    .replaceAll(/<!--[\s\S]*?-->/g, "")
    .replaceAll(/<(style|script)>[\s\S]*?<\/\1>/g, "");
  const open: string[] = [];
  for (const [, close, name = "", rest = ""] of text.matchAll(
    /<(\/?)([a-zA-Z][\w:-]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>/g,
  )) {
    if (close === "/") {
      if (open.pop() !== name) return [`</${name}>`];
    } else if (!VOID.has(name) && !rest.trimEnd().endsWith("/")) open.push(name);
  }
  return open;
}
