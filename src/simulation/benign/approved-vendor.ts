import { roleSession } from "../caller.ts";
import { utc } from "../calendar.ts";
import { job } from "../rhythm.ts";
import { secretContext } from "../context.ts";
import type { BenignKind } from "./kind.ts";

/** A vendor whose account may use one of our keys: declared, with an owner. */
export const approvedVendor: BenignKind = {
  name: "approved-vendor",
  plant(world, random) {
    const account = random.pick(world.accounts);
    const accountId = "888877776666";
    world.approvedAccounts.push(accountId);
    const key = world.newKey(account, "vendor-exchange");
    const caller = roleSession({ accountId, role: "exchange", session: "vendor" });
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
      act: (time, luck, emit) =>
        emit.kms({
          time,
          caller,
          key,
          context: secretContext(account.id, `exchange/file-${luck.integer(1, 9)}`),
        }),
    });
  },
};
