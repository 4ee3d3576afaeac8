import type { AttackKind } from "./stage.ts";
import { insiderOf } from "./victims.ts";

/** Rotation of keys is switched off. */
export const rotationOff: AttackKind = {
  name: "rotation-off",
  stage(scene) {
    const actor = scene.administrator();
    if (actor === undefined || actor.account.dataKeys.length === 0) return undefined;
    const caller = insiderOf(actor, scene);
    const keys = scene.random.shuffle(actor.account.dataKeys).slice(0, scene.size(1, 3, 8));
    for (const [nth, key] of keys.entries()) {
      scene.call({ time: scene.startMs + nth * 15_000, caller, name: "DisableKeyRotation", key });
    }
    return {
      principals: [actor.entity],
      keys,
      account: actor.account.id,
      story: `${actor.entity} switches rotation off for ${keys.length} keys.`,
    };
  },
};
