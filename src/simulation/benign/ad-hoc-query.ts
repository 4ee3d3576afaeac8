import { localTimeMs } from "../calendar.ts";
import { objectContext } from "../context.ts";
import { deskResident } from "../desk.ts";
import { officeHours, within } from "../rhythm.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** Analysts: a query over an encrypted data set decrypts each of its objects, hundreds within minutes, on any day. */
export const adHocQuery: BenignKind = {
  name: "ad-hoc-query",
  isLate: true,
  plant(world, random) {
    forShare(
      world,
      random,
      0.02,
      (chance) => {
        const account = chance.pick(world.accounts);
        const tasksPerDay = chance.lognormal(3, 0.5);
        const resident = deskResident(world, account, chance, { perDay: tasksPerDay });
        world.settle(
          "ad-hoc-query",
          resident,
          officeHours({ zone: account.zone, tasksPerDay, from: 8, to: 18 }),
        );
        const keys = chance.shuffle(account.dataKeys).slice(0, 5);
        const queriesPerDay = chance.lognormal(0.7, 0.7);
        world.activities.push({
          name: `ad-hoc-query/${resident.entity}/queries`,
          cause: "ad-hoc-query",
          rhythm: (day, luck) => {
            if (day.weekend || day.holiday) return [];
            const hour = (): number => localTimeMs(day, luck.integer(8, 19) * 60, account.zone);
            const count = luck.burstyCount(queriesPerDay, 0.6);
            return Array.from({ length: count }, () => within(hour(), 60, luck));
          },
          act(time, luck, emit) {
            const key = keys[Math.floor(luck.fraction() ** 2 * keys.length)];
            if (key === undefined) return;
            const caller = resident.callerAt(time, luck);
            const objects = Math.min(1500, Math.ceil(luck.lognormal(40, 1.2)));
            for (let nth = 0; nth < objects; nth += 1) {
              const context = objectContext(key.alias.slice(6), `part-${nth}.parquet`);
              emit.kms({ time: within(time, 6, luck), caller, via: "s3", key, context });
            }
          },
        });
      },
      1,
    );
  },
};
