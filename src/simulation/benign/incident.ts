import { localTimeMs } from "../calendar.ts";
import { secretContext } from "../context.ts";
import { within } from "../rhythm.ts";
import type { BenignKind } from "./kind.ts";

/** Incidents: two or three engineers at once, at any hour, read secrets of a service and look at its keys. */
export const incident: BenignKind = {
  name: "incident",
  isLate: true,
  plant(world, random) {
    const people = world.residents.filter(({ kind }) => kind === "person");
    const count = random.poisson((world.options.days / 10) * Math.min(3, people.length / 20));
    for (let nth = 0; nth < count; nth += 1) {
      const chance = random.fork(`${nth}`);
      const first = chance.pick(people);
      const { account } = first;
      const colleagues = people.filter((one) => one.account === account);
      const team = chance.shuffle(colleagues).slice(0, chance.integer(1, 3));
      const onDay = chance.integer(0, world.options.days - 1);
      const atMinutes = chance.integer(0, 1439);
      const start = chance.integer(0, account.secretNames.length - 1);
      const names = account.secretNames.slice(start, start + chance.integer(2, 12));
      const [key] = chance.shuffle(account.dataKeys);
      for (const engineer of team) {
        world.activities.push({
          name: `incident/${nth}/${engineer.entity}`,
          cause: "incident",
          rhythm: (day, luck) =>
            day.index === onDay
              ? Array.from({ length: luck.integer(4, 25) }, () =>
                  within(localTimeMs(day, atMinutes, account.zone), 90, luck),
                )
              : [],
          act(time, luck, emit) {
            const caller = engineer.callerAt(time, luck);
            if (key !== undefined && luck.chance(0.05)) {
              const name = luck.pick(["DescribeKey", "GetKeyPolicy", "ListGrants"]);
              emit.kms({ time, caller, name, key });
              return;
            }
            const context = secretContext(account.id, luck.pick(names));
            emit.kms({ time, caller, via: "secretsmanager", key: account.secretsKey, context });
          },
        });
      }
    }
  },
};
