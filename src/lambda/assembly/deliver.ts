import { createDelivery } from "../../delivery/delivery.ts";
import { createRouting } from "../../delivery/routing.ts";
import { createSinks } from "../../delivery/sinks/create-sinks.ts";
import { Budget } from "../../detection/budget.ts";
import { combinationOf } from "../../detection/combination.ts";
import { changedEntity } from "../../store/dynamodb/entity-items.ts";
import { AlertBudgets } from "../alert-budgets.ts";
import type { DeliverDependencies } from "../deliver.ts";
import { EntityFolder } from "../entity-folder.ts";
import { readEnvironment } from "../environment.ts";
import { scopedOutbox } from "../scoped-outbox.ts";
import type { TickDependencies } from "../tick.ts";
import { foldingOf } from "./detect.ts";

/** What `deliver` and `tick` need, out of their environment. */
export async function deliverDependencies(): Promise<DeliverDependencies & TickDependencies> {
  const environment = await readEnvironment(process.env);
  const { config, secrets } = environment;
  const folding = foldingOf(environment);
  const { cache, log, now, options, random, sleep, store } = folding;
  const { engine } = options;
  const outbox = scopedOutbox(store.deliveries);
  const sinks = await createSinks(config.sinks, { secrets, stdout: process.stdout, now });
  const budget = new Budget({ ...engine, openHours: engine.latenessHours + 1 });
  return {
    ...folding,
    combination: combinationOf(engine, undefined),
    budgets: new AlertBudgets({ budget, cache, folder: new EntityFolder(folding) }),
    sinksFor: createRouting(config.sinks),
    entityOf: ({ dynamodb }) => changedEntity(dynamodb?.NewImage ?? {}),
    outbox,
    delivery: createDelivery({
      outbox,
      sinks,
      options: config.delivery,
      log,
      now,
      random,
      sleep,
    }),
  };
}
