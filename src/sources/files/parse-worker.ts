import { enableCompileCache } from "node:module";
import { workerData } from "node:worker_threads";
import type { ThreadData } from "./parse-threads.ts";

/** A worker thread of `createParser`. What was compiled at an earlier start is found only by what is loaded from here on. */
const { compileCache } = workerData as ThreadData;
if (compileCache !== undefined) enableCompileCache(compileCache);
await import("./parse-loop.ts");
