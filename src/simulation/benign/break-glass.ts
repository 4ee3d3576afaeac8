import { roleSession } from "../caller.ts";
import { localTimeMs } from "../calendar.ts";
import { secretContext } from "../context.ts";
import { within } from "../rhythm.ts";
import type { BenignKind } from "./kind.ts";

/** The declared emergency role, used once or twice in a month, at any hour, for half an hour. */
export const breakGlass: BenignKind = {
  name: "break-glass",
  plant(world, random) {
    const account = random.pick(world.accounts);
    const caller = roleSession({
      accountId: account.id,
      role: "break-glass",
      session: "emergency",
      sourceAddress: "192.0.2.9",
    });
    const days = new Set([
      random.integer(3, world.options.days - 1),
      random.integer(3, world.options.days - 1),
    ]);
    world.breakGlassRoles.push(caller.entity);
    world.activities.push({
      name: "break-glass",
      cause: "break-glass",
      rhythm: (day, luck) => {
        if (!days.has(day.index)) return [];
        const startMs = localTimeMs(day, luck.integer(0, 1439), account.zone);
        return Array.from({ length: luck.integer(2, 10) }, () => within(startMs, 30, luck));
      },
      act: (time, luck, emit) =>
        emit.kms({
          time,
          caller,
          via: "secretsmanager",
          key: account.secretsKey,
          context: secretContext(account.id, luck.pick(account.secretNames)),
        }),
    });
  },
};
