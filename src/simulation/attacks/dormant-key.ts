import { trailKey } from "../key.ts";
import { within } from "../rhythm.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf, isWorkload } from "./victims.ts";

/** A key that nobody has used for weeks is used again, by someone who never did. */
export const dormantKey: AttackKind = {
  name: "dormant-key",
  stage(scene) {
    const victim = scene.victim(isWorkload);
    const former = scene.world.residents.find(
      (resident) =>
        isWorkload(resident) &&
        resident.account === victim?.account &&
        resident.entity !== victim.entity,
    );
    if (victim === undefined || former === undefined) return undefined;
    const { account } = victim;
    const alias = scene.world.unique(() => `alias/archive-${scene.random.integer(2015, 2021)}`);
    const key = trailKey(account.id, alias, account.region);
    const owner = former.callerAt(scene.startMs, scene.random);
    const context = { purpose: "archive" };
    for (let nth = 0; nth < 60; nth += 1) {
      const time = within(scene.world.dayMs(0), 3 * 24 * 60, scene.random);
      scene.step(
        time,
        (timeMs, _random, emit) => emit.kms({ time: timeMs, caller: owner, key, context }),
        true,
      );
    }
    const caller = insiderOf(victim, scene);
    const count = scene.size(3, 12, 80);
    scene.burst(count, scene.startMs, 40, () => ({ caller, key, context }));
    return {
      principals: [victim.entity],
      keys: [key],
      account: account.id,
      story: `${victim.entity} decrypts ${count} times with ${key.alias}, which lay still for weeks.`,
    };
  },
};
