import { identityContext } from "../benign/identity-center.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf, isWorkload } from "./victims.ts";

/** Someone other than Identity Center decrypts with Identity Center's own contexts. */
export const identityCenterContext: AttackKind = {
  name: "identity-center-context",
  stage(scene) {
    const key = scene.world.identityKey;
    const { central } = scene.world;
    const victim = scene.victim(
      (resident) =>
        resident.account === central && (isWorkload(resident) || resident.kind === "person"),
    );
    if (victim === undefined || key === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    const count = scene.size(1, 5, 30);
    scene.burst(count, scene.startMs, 30, (nth) => ({
      caller,
      key,
      context: identityContext(central.id, nth % 2 === 0),
    }));
    return {
      principals: [victim.entity],
      keys: [key],
      account: central.id,
      story: `${victim.entity} decrypts ${count} times with Identity Center's reserved contexts.`,
    };
  },
};
