import type { AttackKind } from "./stage.ts";
import { insiderOf, isWorkload } from "./victims.ts";

/** A role of the same account decrypts with a key that only one or two others ever used. */
export const newPrincipalExclusiveKey: AttackKind = {
  name: "new-principal-exclusive-key",
  isCommon: true,
  stage(scene) {
    const { residents } = scene.world;
    const key = scene.busyKey(
      (one) => residents.filter(({ uses }) => uses.some(({ key }) => key === one)).length <= 2,
    );
    if (key === undefined) return undefined;
    const owner = residents.find(({ uses }) => uses.some((use) => use.key === key));
    const use = owner?.uses.find((one) => one.key === key);
    const victim = scene.victim(
      (resident) =>
        isWorkload(resident) &&
        resident.account.id === key.accountId &&
        resident.uses.every((one) => one.key !== key),
    );
    if (victim === undefined || use === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    const count = scene.size(3, 10, 40);
    scene.burst(count, scene.startMs, 30, (_nth, random) => ({
      caller,
      key,
      ...(use.via === undefined ? {} : { via: use.via }),
      ...(use.context === undefined ? {} : { context: use.context(random, scene.startMs) }),
    }));
    return {
      principals: [victim.entity],
      keys: [key],
      account: key.accountId,
      story: `${victim.entity} decrypts ${count} times with ${key.alias}, which is not its own.`,
    };
  },
};
