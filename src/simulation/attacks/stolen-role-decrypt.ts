import type { AttackKind } from "./stage.ts";
import { busyHour, isWorkload, keysOf, loot, ordinaryDecrypt, thiefOf } from "./victims.ts";

/** Stolen credentials of a workload decrypt all they can within minutes, from a stranger's address. */
export const stolenRoleDecrypt: AttackKind = {
  name: "stolen-role-decrypt",
  isCommon: true,
  stage(scene) {
    const victim = scene.victim(isWorkload);
    if (victim === undefined) return undefined;
    const caller = thiefOf(victim, scene);
    const count = loot(busyHour(victim), scene);
    scene.burst(count, scene.startMs, scene.size(50, 25, 12), (_nth, random) =>
      ordinaryDecrypt(victim, caller, random, scene.startMs),
    );
    return {
      principals: [victim.entity],
      keys: keysOf(victim),
      account: victim.account.id,
      story: `Stolen credentials of ${victim.entity} decrypt ${count} times from ${caller.sourceAddress}.`,
    };
  },
};
