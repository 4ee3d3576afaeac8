import { enableCompileCache } from "node:module";
import { workerData } from "node:worker_threads";
import type { ThreadSettings } from "./parser.ts";

/** A worker thread of `createParser`. What was compiled at an earlier start is found only by what is loaded from here on. */
const { compileCache } = workerData as ThreadSettings;
if (compileCache !== undefined) enableCompileCache(compileCache);
await import("./parse-loop.ts");
