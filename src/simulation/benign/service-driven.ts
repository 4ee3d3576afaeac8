import { zones } from "../calendar.ts";
import { serviceName } from "../names.ts";
import { diurnal } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { environment, objects, table } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** Functions and the like that never call KMS themselves: Lambda, S3, DynamoDB, Parameter Store do it for them. */
export const serviceDriven: BenignKind = {
  name: "service-driven",
  plant(world, random) {
    forShare(world, random, 0.1, (chance) => {
      const account = chance.pick(world.accounts);
      const name = world.unique(() => serviceName(chance));
      const key = world.dataKey(account, name, chance);
      const perDay = load(world, chance, 18, 1500);
      const zone = chance.chance(0.7) ? account.zone : chance.pick(zones);
      const uses = [
        environment(key, name, 2),
        chance.chance(0.5) ? objects(key, name, { count: 500 }) : table(key, name),
        ...(chance.chance(0.5) ? [world.parametersUse(account, 3, chance)] : []),
        ...(chance.chance(0.5) ? [world.secretsUse(account, 2, chance)] : []),
      ];
      const role = `${name}-role`;
      const resident = roleResident({
        account,
        kind: "function",
        role,
        sessions: [name],
        uses,
        perDay,
        zone,
      });
      const rhythm = diurnal({
        perDay,
        zone,
        peakHour: chance.integer(0, 23),
        night: chance.fraction(),
        weekend: 0.3 + chance.fraction() * 0.7,
        evenness: chance.integer(1, 6),
      });
      world.settle("service-driven", resident, rhythm);
    });
  },
};
