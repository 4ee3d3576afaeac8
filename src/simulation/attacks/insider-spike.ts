import type { AttackKind } from "./stage.ts";
import { busyHour, insiderOf, isWorkload, keysOf, ordinaryDecrypt } from "./victims.ts";

/** Code inside a workload decrypts far more than usual, from its own machines with its own client. */
export const insiderSpike: AttackKind = {
  name: "insider-spike",
  stage(scene) {
    const victim = scene.victim(isWorkload);
    if (victim === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    const usual = busyHour(victim);
    const count = Math.round(
      scene.size(Math.max(80, usual * 5), Math.max(300, usual * 12), Math.max(1000, usual * 30)),
    );
    scene.burst(Math.min(count, 20_000), scene.startMs, scene.size(55, 30, 15), (_nth, random) =>
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
