import { applicationUses, taskNames } from "../application.ts";
import { serviceName } from "../names.ts";
import { roundTheClock } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Machines among themselves: neither day nor night, neither Monday nor Sunday. */
export const roundTheClockService: BenignKind = {
  name: "round-the-clock-service",
  plant(world, random) {
    forShare(world, random, 0.09, (chance) => {
      const account = chance.pick(world.accounts);
      const name = world.unique(() => serviceName(chance));
      const perDay = load(world, chance, 40);
      const resident = roleResident({
        account,
        kind: "service",
        role: name,
        sessions: taskNames(name, chance.integer(1, 4), chance),
        uses: applicationUses(world, account, name, chance),
        perDay,
      });
      world.settle(
        "round-the-clock-service",
        resident,
        roundTheClock(perDay, chance.integer(1, 20)),
      );
    });
  },
};
