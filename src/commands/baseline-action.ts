import type { BaselineActions } from "./baseline.ts";
import { listAccepted, unaccept } from "./baseline-accepted.ts";
import { exportBaseline } from "./baseline-export.ts";
import { handOver } from "./baseline-hand-over.ts";
import { importBaseline } from "./baseline-import.ts";
import { showBaseline } from "./baseline-show.ts";

/** What `keyhawk baseline` does. */
export const baselineActions: BaselineActions = {
  show: showBaseline,
  export: exportBaseline,
  import: importBaseline,
  handOver,
  accepted: listAccepted,
  unaccept,
};
