import { taskNames } from "../application.ts";
import { serviceName } from "../names.ts";
import { diurnal } from "../rhythm.ts";
import { roleResident } from "../staff.ts";
import { objects } from "../use.ts";
import { type BenignKind, forShare, load } from "./kind.ts";

/** S3 Bucket Keys are switched on: the volume falls by nine tenths, and the context changes from objects to the bucket. */
export const bucketKeys: BenignKind = {
  name: "bucket-keys",
  plant(world, random) {
    forShare(
      world,
      random,
      0.008,
      (chance) => {
        const account = chance.pick(world.accounts);
        const name = world.unique(() => serviceName(chance));
        const key = world.newKey(account, name);
        const onDay = chance.integer(10, world.options.days - 2);
        const perDay = load(world, chance, 250, 2500);
        const remains = 0.02 + chance.fraction() * 0.15;
        const bucketKeyFromMs = world.dayMs(onDay);
        const resident = roleResident({
          account,
          kind: "service",
          role: name,
          sessions: taskNames(name, 4, chance),
          uses: [objects(key, name, { count: 20_000, bucketKeyFromMs })],
          perDay,
        });
        const rhythm = diurnal({
          perDay,
          zone: account.zone,
          peakHour: 15,
          night: 0.2,
          weekend: 0.7,
          evenness: 5,
          level: (day) => (day.index >= onDay ? remains : 1),
        });
        world.settle("bucket-keys", resident, rhythm);
      },
      1,
    );
  },
};
