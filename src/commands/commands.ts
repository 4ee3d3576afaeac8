import type { Command } from "commander";
import { registerAlerts } from "./alerts.ts";
import { registerBacktest } from "./backtest.ts";
import { type BaselineActions, registerBaseline } from "./baseline.ts";
import { registerDetectors } from "./detectors.ts";
import { registerEvaluate } from "./evaluate.ts";
import { registerExplain } from "./explain.ts";
import type { Perform, ReplayOptions } from "./options.ts";
import { registerReplay } from "./replay.ts";
import { registerReport } from "./report.ts";
import { registerRun } from "./run.ts";
import { registerSchema } from "./schema.ts";
import { registerSendTest } from "./send-test.ts";
import { registerSimulate } from "./simulate.ts";
import { registerSuppress } from "./suppress.ts";
import { registerValidate } from "./validate.ts";
import {
  type ParseThreads,
  smallBytes,
  startThreads,
  threadCount,
} from "../sources/files/parse-threads.ts";
import { weighAtLeast } from "../sources/files/weigh.ts";

/** All commands, in the order in which help lists them. */
export function registerCommands(program: Command, perform: Perform): void {
  registerRun(program, perform, async (options, context) => {
    const { run } = await import("./run-action.ts");
    return run(options, context);
  });
  registerReplay(program, perform, async (options, context) => {
    const threads = threadsFor(options); // They start while the rest is loaded.
    try {
      const { replay } = await import("./replay-action.ts");
      return await replay(options, context, threads);
    } finally {
      await threads?.close();
    }
  });
  registerReport(program, perform);
  registerAlerts(program, perform);
  registerExplain(program, perform);
  registerSuppress(program, perform);
  registerSimulate(program, perform, async (options, context) => {
    const { runSimulate } = await import("./simulate-action.ts");
    return runSimulate(options, context);
  });
  registerEvaluate(program, perform);
  registerBaseline(program, perform, {
    show: async (options, context) => (await baselineActions()).show(options, context),
    export: async (options, context) => (await baselineActions()).export(options, context),
    import: async (options, context) => (await baselineActions()).import(options, context),
    handOver: async (options, context) => (await baselineActions()).handOver(options, context),
    accepted: async (options, context) => (await baselineActions()).accepted(options, context),
    unaccept: async (options, context) => (await baselineActions()).unaccept(options, context),
  });
  registerBacktest(program, perform, async (options, context) => {
    const { backtest } = await import("./backtest-action.ts");
    return backtest(options, context);
  });
  registerDetectors(program, perform);
  registerValidate(program, perform);
  registerSendTest(program, perform);
  registerSchema(program, perform);
}

function threadsFor({ paths, jobs }: ReplayOptions): ParseThreads | undefined {
  return weighAtLeast(smallBytes, paths) ? startThreads(threadCount(jobs)) : undefined;
}

async function baselineActions(): Promise<BaselineActions> {
  return (await import("./baseline-action.ts")).baselineActions;
}
