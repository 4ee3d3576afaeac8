import { signingParameters } from "../record.ts";
import type { AttackKind } from "./stage.ts";
import { busyHour, loot, thiefOf } from "./victims.ts";

/** A signer signs far more than usual: forged tokens by the hundred. */
export const signingSpike: AttackKind = {
  name: "signing-spike",
  stage(scene) {
    const victim = scene.victim(({ kind }) => kind === "signer");
    const [use] = victim?.uses ?? [];
    if (victim === undefined || use === undefined) return undefined;
    const caller = thiefOf(victim, scene);
    const count = loot(busyHour(victim), scene);
    // Whoever knows the key's users signs as they do.
    const parameters = signingParameters(use.key, scene.random.chance(0.3) ? 1 : 0);
    scene.burst(count, scene.startMs, 30, () => ({
      caller,
      name: "Sign",
      key: use.key,
      parameters,
    }));
    return {
      principals: [victim.entity],
      keys: [use.key],
      account: victim.account.id,
      story: `${victim.entity} signs ${count} times within half an hour.`,
    };
  },
};
