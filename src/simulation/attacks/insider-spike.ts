import type { AttackKind } from "./stage.ts";
import { busyHour, insiderOf, isWorkload, keysOf, loot, ordinaryDecrypt } from "./victims.ts";

/** Code inside a workload decrypts far more than usual, from its own machines with its own client. */
export const insiderSpike: AttackKind = {
  name: "insider-spike",
  isCommon: true,
  stage(scene) {
    const victim = scene.victim(isWorkload);
    if (victim === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    const usual = busyHour(victim);
    const count = loot(usual, scene);
    scene.burst(count, scene.startMs, scene.size(55, 30, 15), (_nth, random) =>
      ordinaryDecrypt(victim, caller, random, scene.startMs),
    );
    return {
      principals: [victim.entity],
      keys: keysOf(victim),
      account: victim.account.id,
      story: `${victim.entity} decrypts ${count} times where ${Math.round(usual)} an hour are usual.`,
    };
  },
};
