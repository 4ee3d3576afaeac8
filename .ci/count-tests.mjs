// Prints passed, failed and skipped tests of a vitest JSON report; a report that is missing counts as one failure.
import { existsSync, readFileSync } from "node:fs";

const [file] = process.argv.slice(2);
if (!existsSync(file)) {
  process.stdout.write("0 1 0\n");
} else {
  const report = JSON.parse(readFileSync(file, "utf8"));
  const suites = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests + suites.length;
  process.stdout.write(`${report.numPassedTests} ${failed} ${skipped}\n`);
}
