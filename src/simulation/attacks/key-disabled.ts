import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** A busy key is disabled, and everyone who needs it fails. */
export const keyDisabled: AttackKind = {
  name: "key-disabled",
  breaks: true,
  stage(scene) {
    const actor = scene.administrator();
    const key = scene.keyOf(actor);
    if (actor === undefined || key === undefined) return undefined;
    const call = { caller: insiderOf(actor, scene), key };
    scene.call({ ...call, time: scene.startMs, name: "DisableKey" });
    scene.world.breakKey(key.arn, scene.startMs + 30_000, "disabled");
    return {
      principals: [actor.entity],
      keys: [key],
      account: key.accountId,
      breaksKeys: true,
      story: `${actor.entity} disables ${key.alias}.`,
    };
  },
};
