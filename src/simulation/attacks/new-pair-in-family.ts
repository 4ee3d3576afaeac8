import { roleSession } from "../caller.ts";
import { stackSuffix } from "../names.ts";
import type { AttackKind } from "./stage.ts";

/** A new role that looks like one of a busy family of deployments uses a key that the family never used. */
export const newPairInFamily: AttackKind = {
  name: "new-pair-in-family",
  stage(scene) {
    const member = scene.victim(({ entity }) => /-TaskRole-/.test(entity));
    const family = member ?? scene.world.residents.find(({ entity }) => /-TaskRole-/.test(entity));
    if (family === undefined) return undefined;
    const own = new Set(family.uses.map(({ key }) => key.arn));
    const others = family.account.dataKeys.filter(({ arn }) => !own.has(arn));
    const [key] = scene.random.shuffle(others);
    if (key === undefined) return undefined;
    const name = /role\/(.*-TaskRole-)/.exec(family.entity)?.[1] ?? "service-TaskRole-";
    const caller = roleSession({
      accountId: family.account.id,
      role: `${name}${stackSuffix(scene.random)}`,
      session: "task-1",
      sourceAddress: family.account.address,
    });
    const count = scene.size(4, 20, 100);
    scene.burst(count, scene.startMs, 50, (_nth, random) => ({
      caller,
      key,
      context: { purpose: key.alias.slice(6), tenant: `tenant-${random.integer(1, 20)}` },
    }));
    return {
      principals: [caller.entity],
      keys: [key],
      account: family.account.id,
      story: `A new role of a busy family decrypts ${count} times with ${key.alias}, not the family's key.`,
    };
  },
};
