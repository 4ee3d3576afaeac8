import { within } from "../rhythm.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf, isWorkload } from "./victims.ts";

/** A key that nobody has used for weeks is used again, by someone who never did. */
export const dormantKey: AttackKind = {
  name: "dormant-key",
  stage(scene) {
    const victim = scene.victim(isWorkload);
    const former = scene.victim(isWorkload);
    if (victim === undefined || former === undefined) return undefined;
    const key = scene.world.newKey(victim.account, `archive-${scene.random.integer(2015, 2021)}`);
    const before = former.callerAt(scene.startMs, scene.random);
    const owner = { ...before, accountId: victim.account.id };
    const context = { purpose: "archive" };
    if (former.account === victim.account) {
      for (let nth = 0; nth < 60; nth += 1) {
        const time = within(scene.world.dayMs(0), 3 * 24 * 60, scene.random);
        scene.step(time, (timeMs, _random, emit) =>
          emit.kms({ time: timeMs, caller: owner, key, context }),
        );
      }
    }
    const caller = insiderOf(victim, scene);
    const count = scene.size(4, 20, 100);
    scene.burst(count, scene.startMs, 40, () => ({ caller, key, context }));
    return {
      principals: [victim.entity],
      keys: [key],
      account: victim.account.id,
      harmMs: scene.startMs,
      span: { fromMs: scene.startMs, toMs: scene.startMs + 40 * 60_000 },
      story: `${victim.entity} decrypts ${count} times with ${key.alias}, which lay still for weeks.`,
    };
  },
};
