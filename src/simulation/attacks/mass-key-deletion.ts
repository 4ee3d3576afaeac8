import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** Several keys of an account are disabled and scheduled for deletion within the hour. */
export const massKeyDeletion: AttackKind = {
  name: "mass-key-deletion",
  breaks: true,
  stage(scene) {
    const actor = scene.administrator();
    if (actor === undefined || actor.account.dataKeys.length < 3) return undefined;
    const caller = insiderOf(actor, scene);
    const keys = scene.random.shuffle(actor.account.dataKeys).slice(0, scene.size(3, 5, 9));
    for (const [nth, key] of keys.entries()) {
      const time = scene.startMs + nth * scene.size(600_000, 120_000, 20_000);
      scene.call({ time, caller, name: "DisableKey", key });
      const parameters = { keyId: key.arn, pendingWindowInDays: 7 };
      scene.call({ time: time + 5000, caller, name: "ScheduleKeyDeletion", key, parameters });
      scene.world.breakKey(key.arn, time + 60_000, "pending deletion");
    }
    return {
      principals: [actor.entity],
      keys,
      account: actor.account.id,
      breaksKeys: true,
      story: `${actor.entity} destroys ${keys.length} keys.`,
    };
  },
};
