import { roleSession } from "../caller.ts";
import { within } from "../rhythm.ts";
import type { AttackKind } from "./stage.ts";

/** A role that was used in the first days of the trail and then for weeks by nobody wakes up. */
export const dormantPrincipal: AttackKind = {
  name: "dormant-principal",
  stage(scene) {
    const account = scene.account();
    if (account === undefined) return undefined;
    const key = scene.random.pick([account.secretsKey, ...account.dataKeys]);
    const role = scene.world.unique(() => `legacy-${scene.random.integer(1, 999)}-importer-b`);
    const caller = roleSession({
      accountId: account.id,
      role,
      session: "importer",
      sourceAddress: account.address,
    });
    const context = { purpose: "legacy-import", tenant: "tenant-1" };
    for (let nth = 0; nth < 80; nth += 1) {
      const time = within(scene.world.dayMs(0), 4 * 24 * 60, scene.random);
      scene.step(
        time,
        (timeMs, _random, emit) => emit.kms({ time: timeMs, caller, key, context }),
        true,
      );
    }
    const count = scene.size(3, 15, 100);
    scene.burst(count, scene.startMs, 40, () => ({ caller, key, context }));
    return {
      principals: [caller.entity],
      keys: [key],
      account: account.id,
      story: `${caller.entity}, silent for weeks, decrypts ${count} times.`,
    };
  },
};
