import type { AttackKind } from "./stage.ts";
import { atLocalHour, insiderOf, keysOf, ordinaryDecrypt } from "./victims.ts";

/** A person's session is used in the middle of that person's night, from the usual address. */
export const offHoursPerson: AttackKind = {
  name: "off-hours-person",
  isCommon: true,
  stage(scene) {
    const victim = scene.victim(({ kind, perDay }) => kind === "person" && perDay >= 2);
    if (victim === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    // The weak form is an evening a little longer than any: two hours after the desk is left.
    const hour = scene.size(21, 0, 2) + scene.random.integer(0, 2);
    const startMs = atLocalHour(victim, scene.startMs, hour);
    const count = scene.size(3, 8, 30);
    scene.burst(count, startMs, 35, (_nth, random) =>
      ordinaryDecrypt(victim, caller, random, startMs),
    );
    return {
      principals: [victim.entity],
      keys: keysOf(victim),
      account: victim.account.id,
      story: `${victim.entity} decrypts ${count} times at night.`,
    };
  },
};
