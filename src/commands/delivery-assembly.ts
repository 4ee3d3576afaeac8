import type { Config } from "../config.ts";
import { createDelivery, type Delivery } from "../delivery/delivery.ts";
import { createSinks } from "../delivery/sinks/create-sinks.ts";
import type { StateStore } from "../store/store.ts";
import type { CommandContext } from "./options.ts";

/** Delivery from the store's outbox to the sinks of the configuration. Throws `SinkError` for a sink that cannot be made. */
export async function assembleDelivery(
  config: Config,
  store: StateStore,
  { env, stdout, log }: CommandContext,
): Promise<Delivery> {
  const sinks = await createSinks(config.sinks, { secrets: { env }, stdout, now: Date.now });
  return createDelivery({
    outbox: store.outbox,
    sinks,
    options: config.delivery,
    log,
    now: Date.now,
  });
}
