import type { AttackKind } from "./stage.ts";
import { busyHour, isWorkload, keysOf, ordinaryDecrypt, thiefOf } from "./victims.ts";

/** Stolen credentials of a workload decrypt all they can within minutes, from a stranger's address. */
export const stolenRoleDecrypt: AttackKind = {
  name: "stolen-role-decrypt",
  stage(scene) {
    const victim = scene.victim(isWorkload);
    if (victim === undefined) return undefined;
    const caller = thiefOf(victim, scene);
    const usual = busyHour(victim);
    const count = Math.round(
      scene.size(Math.max(60, usual * 3), Math.max(250, usual * 8), Math.max(900, usual * 20)),
    );
    scene.burst(Math.min(count, 20_000), scene.startMs, scene.size(50, 25, 12), (_nth, random) =>
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
