import { applicationUses, taskNames } from "../application.ts";
import { pipeline } from "../caller.ts";
import { trailKey } from "../key.ts";
import { serviceName } from "../names.ts";
import { between, diurnal } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { ownData } from "../use.ts";
import { type BenignKind, load } from "./kind.ts";

/** A team opens a second Region: keys are replicated there by its pipeline, and its services call there from then on. */
export const regionExpansion: BenignKind = {
  name: "region-expansion",
  plant(world, random) {
    const count = random.poisson(1);
    for (let nth = 0; nth < count; nth += 1) {
      const chance = random.fork(`${nth}`);
      const account = chance.pick(world.accounts);
      const region = chance.pick(["eu-west-1", "us-west-2", "ca-central-1", "ap-northeast-1"]);
      const onDay = chance.integer(4, world.options.days - 2);
      const apply = pipeline({ accountId: account.id, role: "infrastructure-apply", job: "apply" });
      for (let service = chance.integer(1, 4); service > 0; service -= 1) {
        const role = world.unique(() => serviceName(chance));
        const before = applicationUses(world, account, role, chance);
        const [source] = before;
        if (source === undefined || region === source.key.region) continue;
        const replica = trailKey(account.id, source.key.alias, region);
        const perDay = load(world, chance, 30, 600);
        const sessions = taskNames(role, 3, chance);
        const staff = { account, kind: "service", role, perDay, sessions } as const;
        const there = ownData(replica, role, { weight: chance.lognormal(0.6, 0.5) });
        const old = roleResident({ ...staff, uses: before, toDay: onDay });
        const fresh = roleResident({ ...staff, uses: [...before, there], fromDay: onDay });
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: chance.integer(10, 18),
          night: chance.fraction() * 0.4,
          weekend: 0.2 + chance.fraction() * 0.6,
          evenness: chance.integer(1, 8),
        });
        world.settle("region-expansion", old, between(rhythm, -1, onDay));
        world.settle("region-expansion", fresh, between(rhythm, onDay));
        world.activities.push({
          name: `region-expansion/${role}/replica`,
          cause: "region-expansion",
          rhythm: (day, luck) =>
            day.index === onDay - 1 ? [day.startMs + luck.integer(9, 15) * 3_600_000] : [],
          act(time, _luck, emit) {
            const { key } = source;
            const parameters = { keyId: key.arn, replicaRegion: region };
            emit.kms({ time, caller: apply, name: "ReplicateKey", key, parameters });
            emit.kms({ time: time + 60_000, caller: apply, name: "DescribeKey", key: replica });
          },
        });
      }
    }
  },
};
