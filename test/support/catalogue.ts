import type { Detector } from "../../src/detection/detector.ts";

const HEAD = [
  "| detector | why | memory of | severity | MITRE ATT&CK |",
  "| --- | --- | --- | --- | --- |",
];
const START = "<!-- catalogue: written by `UPDATE=1 npx vitest run detectors/index.test.ts` -->";
const END = "<!-- end of catalogue -->";

/** The table of `detectors/README.md`, out of the detectors themselves. */
export function catalogueTable(detectors: readonly Detector[]): string {
  const rows = detectors.map(({ id, why, entity, severity, attack }) => {
    const techniques = attack.map(({ technique }) => technique).join(" ");
    return `| [${id}](${id}.ts) | ${why} | ${entity} | ${severity} | ${techniques} |`;
  });
  return [...HEAD, ...rows].join("\n");
}

/** The page with this table between its two marks; throws where the marks are missing. */
export function withCatalogue(page: string, table: string): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`the page has no place for the table: ${START}`);
  return `${page.slice(0, start)}${START}\n${table}\n${page.slice(end)}`;
}
