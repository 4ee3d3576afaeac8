import { applicationUses, taskNames } from "../application.ts";
import { serviceName } from "../names.ts";
import { between, diurnal } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { ownData } from "../use.ts";
import { type BenignKind, load } from "./kind.ts";

/** Migration day: new principals appear on a service's old keys at once, and its traffic doubles for good. */
export const migration: BenignKind = {
  name: "migration",
  plant(world, random) {
    const count = random.poisson(1.3);
    for (let nth = 0; nth < count; nth += 1) {
      const chance = random.fork(`${nth}`);
      const account = chance.pick(world.accounts);
      const name = world.unique(() => serviceName(chance));
      const key = world.dataKey(account, name, chance);
      const onDay = chance.integer(7, world.options.days - 3);
      const perDay = load(world, chance, 80, 800);
      const shape = {
        zone: account.zone,
        peakHour: chance.integer(11, 18),
        night: 0.15,
        weekend: 0.6,
        evenness: 5,
      };
      const old = roleResident({
        account,
        kind: "service",
        role: name,
        sessions: taskNames(name, 3, chance),
        uses: [ownData(key, name), ...applicationUses(world, account, name, chance)],
        perDay,
      });
      const level = (day: { index: number }): number => (day.index >= onDay ? 2 : 1);
      world.settle("migration", old, diurnal({ ...shape, perDay, level }));
      for (let fresh = 0; fresh < chance.integer(2, 4); fresh += 1) {
        const role = world.unique(() => `${name}-v2-${serviceName(chance)}`);
        const resident = roleResident({
          account,
          kind: "service",
          role,
          sessions: taskNames(role, 2, chance),
          uses: [ownData(key, name)],
          perDay: perDay / 2,
          fromDay: onDay,
        });
        const rhythm = between(diurnal({ ...shape, perDay: perDay / 2 }), onDay);
        world.settle("migration", resident, rhythm);
      }
    }
  },
};
