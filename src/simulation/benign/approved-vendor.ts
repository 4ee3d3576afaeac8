import { roleSession } from "../caller.ts";
import { utc } from "../calendar.ts";
import { objectContext } from "../context.ts";
import { job } from "../rhythm.ts";
import type { BenignKind } from "./kind.ts";

/** A vendor whose account may use one of our keys: it fetches the day's files out of one bucket, declared, with an owner. */
export const approvedVendor: BenignKind = {
  name: "approved-vendor",
  plant(world, random) {
    const account = random.pick(world.accounts);
    const key = world.newKey(account, "vendor-exchange");
    const caller = roleSession({ accountId: "888877776666", role: "exchange", session: "vendor" });
    const bucket = "vendor-exchange";
    world.vendors.push({ caller, key, bucket });
    world.activities.push({
      name: "approved-vendor",
      cause: "approved-vendor",
      rhythm: job({
        zone: utc,
        atMinutes: random.integer(0, 95) * 15,
        jitterMinutes: 30,
        durationMinutes: 30,
        perRun: random.integer(5, 60),
        evenness: 10,
      }),
      act(time, luck, emit) {
        const day = new Date(time).toISOString().slice(0, 10);
        const context = objectContext(bucket, `${day}/file-${luck.integer(1, 40)}`);
        emit.kms({ time, caller, key, via: "s3", context });
      },
    });
  },
};
