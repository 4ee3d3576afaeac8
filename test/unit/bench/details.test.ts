import { expect, test } from "vitest";
import { evaluate } from "../../../src/evaluation/evaluate.ts";
import { readAlerts } from "../../../src/evaluation/judged-alert.ts";
import { detailTables } from "../../bench/details.ts";
import { attackOf, lineOf, role, truthOf } from "../evaluation/cases.ts";

test("details count attacks and alerts of all months", () => {
  const truth = truthOf({
    attacks: [
      attackOf(),
      attackOf({ id: "attack-002", strength: "weak", principals: [role("ghost")], eventIds: [] }),
    ],
  });
  const alerts = readAlerts(
    [
      lineOf({ id: "1", severity: "high", score: 75 }),
      lineOf({ id: "2", principal: role("job"), key: null, severity: "medium", score: 50 }),
    ].join("\n"),
  );
  const month = evaluate(truth, alerts, "medium");
  const lines = detailTables([month, month]).split("\n");
  expect(lines).toContain("| weak | 2 | 0 % |");
  expect(lines).toContain("| medium | 2 | 100 % |");
  expect(lines).toContain("| 40–69 | medium | 2 | 0 % |");
  expect(lines).toContain("| 70–89 | high | 2 | 100 % |");
  expect(lines).toContain("| nightly-job | 1.00 |");
  expect(lines).toContain("| `decrypt-spike` | 2 | 2 | 2 |");
  expect(lines.find((line) => line.startsWith("| 4 | "))).toContain("50 % | 50 % | 1 | 1 |");
});
