import {
  centsPerMillion,
  type CostLine,
  serverlessDollars,
  totalDollars,
  workerDollars,
} from "./dollars.ts";
import { ServerlessSettings } from "../settings.ts";
import { sizedServerless } from "../sizing.ts";
import { hotEntity } from "./hot.ts";
import { prices } from "./prices.ts";
import { ordinaryKnobs, serverlessCounts } from "./serverless.ts";
import { unitsIn } from "./table.ts";
import { workerCounts } from "./worker.ts";
import { ordinaryWorkload } from "./workload.ts";

const days = [1e6, 1e8, 1e9, 1e10];
const windows = [10, 60, 300];

/** Prints the tables of costs that infra/README.md shows, as Markdown: `npm run cost`. */
function main(): void {
  const lines = [
    `List prices of ${prices.region}, ${prices.asOf}.`,
    "",
    ...costTable(),
    "",
    ...sizeTable(),
    "",
    ...countTable(),
    "",
    ...hotTable(),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function costTable(): string[] {
  return table(
    [
      "events a day",
      "shape",
      "window",
      "$ a day",
      "¢ a million",
      "with capacity: $",
      "¢",
      "most of it",
    ],
    days.flatMap((eventsPerDay) => [
      workerRow(eventsPerDay),
      ...windows.map((windowSeconds) => serverlessRow(eventsPerDay, windowSeconds)),
    ]),
  );
}

function workerRow(eventsPerDay: number): string[] {
  const counts = workerCounts(ordinaryWorkload(eventsPerDay));
  const first = [power(eventsPerDay), "one process", ""];
  if (counts === undefined) return [...first, "", "", "", "", "more than one process can do"];
  const lines = workerDollars(counts);
  return [...first, ...sums(lines, eventsPerDay), "", "", largest(lines)];
}

function serverlessRow(eventsPerDay: number, windowSeconds: number): string[] {
  const counts = serverlessCounts(ordinaryWorkload(eventsPerDay), ordinaryKnobs(windowSeconds));
  const onDemand = serverlessDollars(counts, "on-demand");
  const provisioned = serverlessDollars(counts, "provisioned");
  return [
    power(eventsPerDay),
    "serverless",
    `${windowSeconds} s`,
    ...sums(onDemand, eventsPerDay),
    ...sums(provisioned, eventsPerDay),
    largest(provisioned),
  ];
}

/** What follows from `eventsPerDay` alone: `infra/sizing.ts`. */
function sizeTable(): string[] {
  return table(
    ["events a day", "window", "shards: source", "entity", "paid", "$ a day", "¢ a million"],
    [1e6, 1e7, 1e8, 1e9, 1e10].map((eventsPerDay) => {
      const { detect, entityStream, capacity } = sizedServerless(
        ServerlessSettings.parse({}),
        eventsPerDay,
      );
      const knobs = ordinaryKnobs(detect.batchWindowSeconds);
      const counts = serverlessCounts(ordinaryWorkload(eventsPerDay), knobs);
      const payment = capacity === undefined ? "on-demand" : "provisioned";
      return [
        power(eventsPerDay),
        `${detect.batchWindowSeconds} s`,
        String(counts.sourceShards),
        String(entityStream.shards),
        payment === "on-demand" ? "by request" : "capacity",
        ...sums(serverlessDollars(counts, payment), eventsPerDay),
      ];
    }),
  );
}

/** What the prices are multiplied with, for a thousand events. */
function countTable(): string[] {
  return table(
    [
      "events a day",
      "window",
      "entity-stream records",
      "bytes",
      "commits",
      "write units",
      "read units",
      "GB-seconds",
    ],
    days.flatMap((eventsPerDay) =>
      windows.map((windowSeconds) => {
        const counts = serverlessCounts(
          ordinaryWorkload(eventsPerDay),
          ordinaryKnobs(windowSeconds),
        );
        const perThousand = (count: number) => number((count / eventsPerDay) * 1000);
        return [
          power(eventsPerDay),
          `${windowSeconds} s`,
          perThousand(counts.entityRecords),
          perThousand(counts.entityBytes),
          perThousand(counts.table.commits),
          perThousand(unitsIn(counts.table.writes)),
          perThousand(unitsIn(counts.table.reads)),
          perThousand(counts.gigabyteSeconds),
        ];
      }),
    ),
  );
}

/** How much of what serves it alone the busiest principal and key take, at a window of 300 seconds. */
function hotTable(): string[] {
  const kinds = ["principal", "key"] as const;
  return table(
    ["events a day", "busiest", "events a second", "of a shard", "of a call", "of a partition"],
    days.flatMap((eventsPerDay) =>
      kinds.map((kind) => {
        const hot = hotEntity(kind, ordinaryWorkload(eventsPerDay), 300);
        const parts = [hot.shard, hot.fold, hot.partition].map(percent);
        return [power(eventsPerDay), kind, number(hot.eventsPerSecond), ...parts];
      }),
    ),
  );
}

function sums(lines: readonly CostLine[], eventsPerDay: number): string[] {
  const dollars = totalDollars(lines);
  return [number(dollars), number(centsPerMillion(dollars, eventsPerDay))];
}

function largest(lines: readonly CostLine[]): string {
  const [first] = lines.toSorted((one, other) => other.dollars - one.dollars);
  return first === undefined ? "" : `${first.what} ${percent(first.dollars / totalDollars(lines))}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function power(count: number): string {
  return `10^${Math.log10(count)}`;
}

function percent(share: number): string {
  return `${number(share * 100)} %`;
}

/** Two digits that count, and all before the decimal point. */
function number(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(2)));
}

main();
