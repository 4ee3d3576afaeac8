import { dayMs } from "../calendar.ts";
import { within } from "../rhythm.ts";
import type { AttackKind } from "./stage.ts";
import { insiderOf, isWorkload, keysOf, ordinaryDecrypt } from "./victims.ts";

/** Some tens of percent more than usual, spread over days: no hour of it is remarkable. */
export const slowDrain: AttackKind = {
  name: "slow-drain",
  isCommon: true,
  lastsDays: 6,
  stage(scene) {
    const victim = scene.victim((resident) => isWorkload(resident) && resident.perDay >= 40);
    if (victim === undefined) return undefined;
    const caller = insiderOf(victim, scene);
    const days = scene.size(4, 5, 6);
    const perDay = victim.perDay * scene.size(0.4, 0.8, 1.5);
    for (let day = 0; day < days; day += 1) {
      const count = Math.min(4000, scene.random.poisson(perDay));
      for (let nth = 0; nth < count; nth += 1) {
        const time = within(scene.startMs + day * dayMs, 24 * 60, scene.random);
        scene.step(time, (timeMs, random, emit) =>
          emit.kms({ ...ordinaryDecrypt(victim, caller, random, timeMs), time: timeMs }),
        );
      }
    }
    return {
      principals: [victim.entity],
      keys: keysOf(victim),
      account: victim.account.id,
      story: `${victim.entity} decrypts ${Math.round((perDay / victim.perDay) * 100)} % more for ${days} days.`,
    };
  },
};
