import { within } from "../rhythm.ts";
import type { AttackKind } from "./stage.ts";

/** Many principals each use one key a little more than usual: only the key's own count shows it. */
export const keyWideRise: AttackKind = {
  name: "key-wide-rise",
  isCommon: true,
  stage(scene) {
    const { residents } = scene.world;
    const users = (arn: string) =>
      residents.filter(
        ({ uses, fromDay, toDay }) =>
          uses.some(({ key }) => key.arn === arn) && fromDay <= 0 && toDay > 100,
      );
    const key = scene.busyKey((one) => users(one.arn).length >= 6);
    if (key === undefined) return undefined;
    const crowd = scene.random.shuffle(users(key.arn)).slice(0, 30);
    const each = scene.size(4, 8, 20);
    for (const member of crowd) {
      const caller = member.callerAt(scene.startMs, scene.random);
      const use = member.uses.find((one) => one.key.arn === key.arn);
      if (use === undefined) continue;
      for (let nth = 0; nth < each; nth += 1) {
        const time = within(scene.startMs, 110, scene.random);
        scene.step(time, (timeMs, random, emit) =>
          emit.kms({
            time: timeMs,
            caller,
            key,
            ...(use.via === undefined ? {} : { via: use.via }),
            ...(use.context === undefined ? {} : { context: use.context(random, timeMs) }),
          }),
        );
      }
    }
    return {
      principals: crowd.map(({ entity }) => entity),
      keys: [key],
      account: key.accountId,
      story: `${crowd.length} principals each make ${each} calls more on ${key.alias} within two hours.`,
    };
  },
};
