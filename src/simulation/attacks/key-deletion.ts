import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** One busy key is scheduled for deletion by a person. */
export const keyDeletion: AttackKind = {
  name: "key-deletion",
  breaks: true,
  stage(scene) {
    const actor = scene.administrator();
    const key = scene.keyOf(actor);
    if (actor === undefined || key === undefined) return undefined;
    const pendingWindowInDays = scene.size(30, 14, 7);
    scene.call({
      time: scene.startMs,
      caller: insiderOf(actor, scene),
      name: "ScheduleKeyDeletion",
      key,
      parameters: { keyId: key.arn, pendingWindowInDays },
    });
    scene.world.breakKey(key.arn, scene.startMs + 60_000, "pending deletion");
    return {
      principals: [actor.entity],
      keys: [key],
      account: key.accountId,
      breaksKeys: true,
      story: `${actor.entity} schedules the deletion of ${key.alias} in ${pendingWindowInDays} days.`,
    };
  },
};
