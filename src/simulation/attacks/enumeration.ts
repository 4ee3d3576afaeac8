import type { AttackKind } from "./stage.ts";
import { isWorkload, thiefOf } from "./victims.ts";

/** Someone who never looks at keys looks at all of them: lists, descriptions, policies, grants. */
export const enumeration: AttackKind = {
  name: "enumeration",
  stage(scene) {
    const victim = scene.victim((resident) => isWorkload(resident) || resident.kind === "person");
    if (victim === undefined) return undefined;
    const caller = thiefOf(victim, scene);
    const { account } = victim;
    const keys = [account.secretsKey, account.volumesKey, ...account.dataKeys].slice(
      0,
      scene.size(5, 15, 60),
    );
    const list = { caller, key: account.secretsKey, parameters: null };
    scene.call({ ...list, time: scene.startMs, name: "ListKeys" });
    scene.call({ ...list, time: scene.startMs + 2000, name: "ListAliases" });
    for (const [nth, key] of keys.entries()) {
      const time = scene.startMs + 5000 + nth * scene.size(30_000, 8000, 1500);
      for (const name of ["DescribeKey", "GetKeyPolicy", "ListGrants"]) {
        scene.call({ time, caller, name, key });
      }
    }
    return {
      principals: [victim.entity],
      keys,
      account: account.id,
      story: `Credentials of ${victim.entity} look at ${keys.length} keys, policies and grants.`,
    };
  },
};
