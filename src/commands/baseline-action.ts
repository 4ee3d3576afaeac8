import type { BaselineActions } from "./baseline.ts";
import { exportBaseline } from "./baseline-export.ts";
import { importBaseline } from "./baseline-import.ts";
import { showBaseline } from "./baseline-show.ts";

/** What `keyhawk baseline` does. */
export const baselineActions: BaselineActions = {
  show: showBaseline,
  export: exportBaseline,
  import: importBaseline,
};
