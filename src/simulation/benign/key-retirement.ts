import { pipeline } from "../caller.ts";
import { localTimeMs } from "../calendar.ts";
import { within } from "../rhythm.ts";
import type { BenignKind } from "./kind.ts";

/** Infrastructure as code retires an unused key once a month: disabled first, deleted after thirty days. */
export const keyRetirement: BenignKind = {
  name: "key-retirement",
  plant(world, random) {
    for (const account of world.accounts) {
      const caller = pipeline({
        accountId: account.id,
        role: "infrastructure-apply",
        job: "apply",
      });
      const key = world.newKey(account, "retired-2023");
      // Nobody comes upon it any more.
      account.dataKeys.splice(account.dataKeys.indexOf(key), 1);
      const onDay = random.integer(0, 29);
      world.activities.push({
        name: `key-retirement/${account.id}`,
        cause: "key-retirement",
        rhythm: (day, luck) =>
          day.index % 30 === onDay
            ? [within(localTimeMs(day, luck.integer(9, 16) * 60, account.zone), 60, luck)]
            : [],
        act(time, _luck, emit) {
          const call = { caller, key };
          emit.kms({ ...call, time, name: "DisableKey" });
          const parameters = { keyId: key.arn, pendingWindowInDays: 30 };
          emit.kms({ ...call, time: time + 5000, name: "ScheduleKeyDeletion", parameters });
        },
      });
    }
  },
};
