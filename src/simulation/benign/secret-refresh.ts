import { pipeline } from "../caller.ts";
import { localTimeMs } from "../calendar.ts";
import { parameterContext, secretContext } from "../context.ts";
import { within } from "../rhythm.ts";
import { callerResident } from "../staff.ts";
import type { BenignKind } from "./kind.ts";

/** A plan of the infrastructure refreshes every secret and parameter that it manages, several times a working day. */
export const secretRefresh: BenignKind = {
  name: "secret-refresh",
  plant(world, random) {
    for (const account of world.accounts) {
      if (random.chance(0.4)) continue;
      const caller = pipeline({ accountId: account.id, role: "infrastructure-plan", job: "plan" });
      const uses = [
        world.secretsUse(account, 20, random),
        world.parametersUse(account, 20, random),
      ];
      world.residents.push(
        callerResident({ account, kind: "pipeline", caller, uses, perDay: 200 }),
      );
      const perDay = random.lognormal(2.5, 0.6);
      const names = account.secretNames.slice(0, random.integer(10, 60));
      const paths = account.parameterPaths.slice(0, random.integer(10, 60));
      world.activities.push({
        name: `secret-refresh/${account.id}`,
        cause: "secret-refresh",
        rhythm: (day, luck) => {
          if (day.weekend) return [];
          const hour = (): number => localTimeMs(day, luck.integer(8, 18) * 60, account.zone);
          return Array.from({ length: luck.poisson(perDay) }, () => within(hour(), 60, luck));
        },
        act(time, _luck, emit) {
          for (const [nth, name] of names.entries()) {
            const context = secretContext(account.id, name);
            const key = account.secretsKey;
            const at = time + Math.floor(nth / 5) * 1000;
            emit.kms({ time: at, caller, key, via: "secretsmanager", context });
          }
          for (const [nth, path] of paths.entries()) {
            const context = parameterContext(account.id, path);
            const at = time + Math.floor(nth / 5) * 1000;
            const key = account.parametersKey;
            emit.kms({ time: at, caller, key, via: "AWS Internal", context });
          }
        },
      });
    }
  },
};
