import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { ReportOptions } from "../report/input.ts";
import { readReportInput } from "../report/input.ts";
import { renderReport } from "../report/report.ts";
import type { StateStore } from "../store/store.ts";

/** Writes the report page of a store. A reader never sees half a page: it appears under its name when it is complete. */
export async function writeReport(
  store: StateStore,
  file: string,
  options: ReportOptions = {},
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.part`;
  await writeFile(draft, await renderStore(store, options));
  await rename(draft, file);
}

/** The report page of a store as it is now. */
export async function renderStore(store: StateStore, options: ReportOptions = {}): Promise<string> {
  return renderReport(await readReportInput(store, { generatedAtMs: Date.now(), ...options }));
}
