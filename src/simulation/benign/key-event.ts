import type { BenignKind } from "./kind.ts";

/** What KMS does by itself: keys are rotated once a year, and deleted when their waiting time is over. */
export const keyEvent: BenignKind = {
  name: "key-event",
  plant(world, random) {
    for (const account of world.accounts) {
      const { dataKeys } = account;
      world.activities.push({
        name: `key-event/${account.id}`,
        cause: "key-event",
        rhythm: (day, luck) =>
          luck.chance(0.12) ? [day.startMs + luck.integer(0, 86_399) * 1000] : [],
        act(time, luck, emit) {
          const [key] = luck.shuffle(dataKeys);
          if (key !== undefined) emit.event({ time, name: "RotateKey", key });
        },
      });
      if (!random.chance(0.5)) continue;
      const onDay = random.integer(0, world.options.days - 1);
      const key = world.newKey(account, "retired-2022");
      dataKeys.splice(dataKeys.indexOf(key), 1);
      world.activities.push({
        name: `key-event/${account.id}/deletion`,
        cause: "key-event",
        rhythm: (day, luck) =>
          day.index === onDay ? [day.startMs + luck.integer(0, 86_399) * 1000] : [],
        act: (time, _luck, emit) => emit.event({ time, name: "DeleteKey", key }),
      });
    }
  },
};
