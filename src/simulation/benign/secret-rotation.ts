import { roleSession } from "../caller.ts";
import { secretContext } from "../context.ts";
import { job } from "../rhythm.ts";
import { utc } from "../calendar.ts";
import { callerResident } from "../staff.ts";
import type { BenignKind } from "./kind.ts";

/** Rotation functions that read and write all secrets of an account once a week. */
export const secretRotation: BenignKind = {
  name: "secret-rotation",
  plant(world, random) {
    for (const account of world.accounts) {
      if (random.chance(0.3)) continue;
      const caller = roleSession({
        accountId: account.id,
        role: "secret-rotation-function",
        session: "secret-rotation",
        sourceAddress: account.address,
      });
      const key = account.secretsKey;
      const uses = [world.secretsUse(account, account.secretNames.length, random)];
      world.residents.push(callerResident({ account, kind: "job", caller, uses, perDay: 60 }));
      const weekday = random.integer(0, 6);
      world.activities.push({
        name: `secret-rotation/${account.id}`,
        cause: "secret-rotation",
        rhythm: job({
          zone: utc,
          atMinutes: random.integer(0, 95) * 15,
          jitterMinutes: 10,
          durationMinutes: 1,
          perRun: 1,
          evenness: 1000,
          runsOn: (day) => day.weekday === weekday,
        }),
        act(time, luck, emit) {
          for (const [nth, name] of account.secretNames.entries()) {
            if (luck.chance(0.1)) continue;
            const at = time + nth * 4000;
            const old = secretContext(account.id, name);
            const fresh = secretContext(account.id, name, time);
            const call = { caller, key, via: "secretsmanager" };
            emit.kms({ ...call, time: at, context: old });
            emit.kms({ ...call, time: at + 1000, name: "GenerateDataKey", context: fresh });
          }
        },
      });
    }
  },
};
