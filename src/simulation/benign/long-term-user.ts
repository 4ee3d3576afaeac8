import { iamUser } from "../caller.ts";
import { serviceName } from "../names.ts";
import { diurnal, job } from "../rhythm.ts";
import { callerResident } from "../staff.ts";
import { ownData } from "../use.ts";
import { dayMs, hourMs } from "../calendar.ts";
import type { Random } from "../random.ts";
import type { Resident, World } from "../world.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** IAM users with access keys: a partner's upload, a machine in an office. Some keys are rotated, at once or machine by machine. */
export const longTermUser: BenignKind = {
  name: "long-term-user",
  plant(world, random) {
    forShare(
      world,
      random,
      0.012,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => `${serviceName(chance)}-user`);
        const key = world.dataKey(account, name, chance);
        const sourceAddress = chance.chance(0.5)
          ? account.address
          : `192.0.2.${chance.integer(2, 250)}`;
        const caller = iamUser({ accountId: account.id, name, sourceAddress });
        const next = iamUser({ accountId: account.id, name, sourceAddress, nthKey: 1 });
        const perDay = load(world, chance, 12, 300);
        const isJob = chance.chance(0.5);
        const settled = callerResident({
          account,
          kind: isJob ? "job" : "service",
          caller,
          uses: [ownData(key, name)],
          perDay,
        });
        const rhythm = isJob
          ? job({
              zone: account.zone,
              atMinutes: chance.integer(0, 95) * 15,
              jitterMinutes: 20,
              durationMinutes: 20,
              perRun: perDay,
              evenness: 5,
            })
          : diurnal({
              perDay,
              zone: account.zone,
              peakHour: 14,
              night: 0.1,
              weekend: 0.2,
              evenness: 2,
            });
        const rotation = rotationOf(world, chance.fork("rotation"));
        const resident: Resident = {
          ...settled,
          callerAt: (timeMs, random) => (rotation(timeMs, random) ? next : caller),
        };
        world.settle("long-term-user", resident, rhythm);
      },
      1,
    );
  },
};

/** Whether a call is made with the second key: of a user whose key is rotated, ever more of them from then on. */
function rotationOf(world: World, chance: Random): (timeMs: number, random: Random) => boolean {
  const { firstMs, days } = world.options;
  const isRotated = chance.chance(0.4);
  const fromMs = firstMs + chance.fraction() * days * dayMs;
  const overlapMs = chance.chance(0.7) ? 1 : chance.integer(1, 36) * hourMs;
  return (timeMs, random) => isRotated && random.fraction() < (timeMs - fromMs) / overlapMs;
}
