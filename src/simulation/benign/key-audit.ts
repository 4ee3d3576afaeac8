import { localTimeMs } from "../calendar.ts";
import { deskResident } from "../desk.ts";
import { officeHours, within } from "../rhythm.ts";
import { type BenignKind, forShare } from "./kind.ts";

/** Auditors: once or twice a month someone reads policies and grants of every key of an account. */
export const keyAudit: BenignKind = {
  name: "key-audit",
  isLate: true,
  plant(world, random) {
    forShare(
      world,
      random,
      0.006,
      (chance) => {
        const account = chance.pick(world.accounts);
        const tasksPerDay = chance.lognormal(3, 0.5);
        const resident = deskResident(world, account, chance, { perDay: tasksPerDay });
        const desk = officeHours({ zone: account.zone, tasksPerDay, from: 8, to: 17 });
        world.settle("key-audit", resident, desk);
        const every = chance.integer(10, 30);
        const first = chance.integer(0, every - 1);
        world.activities.push({
          name: `key-audit/${resident.entity}/audit`,
          cause: "key-audit",
          rhythm: (day, luck) =>
            day.index % every === first && !day.weekend
              ? [within(localTimeMs(day, luck.integer(9, 15) * 60, account.zone), 60, luck)]
              : [],
          act(time, luck, emit) {
            const caller = resident.callerAt(time, luck);
            const list = { caller, key: account.secretsKey, parameters: null };
            emit.kms({ ...list, time, name: "ListKeys" });
            for (const [nth, key] of [account.secretsKey, ...account.dataKeys].entries()) {
              const at = time + nth * 20_000;
              for (const name of ["DescribeKey", "GetKeyPolicy", "ListGrants"]) {
                emit.kms({ time: at, caller, name, key });
              }
            }
          },
        });
      },
      1,
    );
  },
};
