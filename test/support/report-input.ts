import { type Alert, severityOf } from "../../src/detection/alert.ts";
import type { ReportInput } from "../../src/report/input.ts";
import type { Counters, HistoryRow, KeptAlert, UsageRow } from "../../src/store/store.ts";

const hourMs = 3_600_000;
/** Sunday, 1 March 2026, 00:00 UTC, in hours since the epoch. */
export const firstHour = Date.UTC(2026, 2, 1) / hourMs;

const accounts = ["111122223333", "444455556666", "777788889999", "123456789012"] as const;

/** An alert with sensible contents; `changes` replace what a test is about. */
export function alertOf(changes: Partial<Alert> = {}): Alert {
  const score = changes.score ?? 87;
  return {
    schemaVersion: "1.0",
    alertId: "5f0c2f6e-7d1b-5c0a-9a7e-2f1f0c9b1a01",
    revision: 2,
    status: "updated",
    detector: "decrypt-spike",
    detectorVersion: 1,
    title: "Decrypt spike by orders-worker",
    summary:
      "4,812 Decrypt calls in the hour from 02:00 UTC; 21 were expected and 96 was the limit.",
    severity: severityOf(score),
    score,
    eventTime: "2026-03-27T02:11:09Z",
    window: { start: "2026-03-27T02:00:00Z", end: "2026-03-27T03:00:00Z" },
    principal: {
      key: roleArn(accounts[0], "orders-worker"),
      type: "AssumedRole",
      accountId: accounts[0],
      name: "orders-worker",
      session: "i-0abc12de34f567890",
      via: null,
    },
    kmsKey: { arn: keyArn(accounts[0], 0), accountId: accounts[0], region: "eu-west-1" },
    accountId: accounts[0],
    region: "eu-west-1",
    observed: { decryptsPerHour: 4_812, distinctKeys: 3, sourceAddresses: 1 },
    expected: { decryptsPerHour: 21, distinctKeys: 1, sourceAddresses: 2 },
    baseline: { maturity: "mature", daysLearned: 26, samples: 624 },
    reasons: [
      { code: "volume", text: "229 times the calls expected at this hour", weight: 0.46 },
      {
        code: "hour",
        text: "between 02:00 and 03:00 it made no call on 25 of 26 nights",
        weight: 0.22,
      },
      { code: "network", text: "address never seen for this principal", weight: 0.27 },
      { code: "young-key", text: "one of the keys is young: less is known of it", weight: -0.08 },
    ],
    evidence: {
      eventCount: 4_812,
      eventIds: ["8d0e1f52-1c0b-4a7e-9a53-0f7f3c1f2a10", "9c1f2a63-2d1c-4b8f-8b64-1a804d203b21"],
      sourceAddresses: ["203.0.113.77"],
      userAgents: ["aws-cli/2.17.0 md/awscrt#0.21.2 ua/2.0 os/linux#6.1 md/arch#x86_64"],
    },
    attack: [
      {
        technique: "T1555.006",
        name: "Cloud Secrets Management Stores",
        tactic: "Credential Access",
      },
      { technique: "T1530", name: "Data from Cloud Storage", tactic: "Collection" },
    ],
    attackVersion: "17.1",
    triage: [
      "Ask the owner of orders-worker whether a restore or a backfill ran at 02:00 UTC.",
      "Compare the source address with the addresses of the workload in the last 14 days.",
      "If nobody claims it, revoke the role's sessions and disable the instance profile.",
    ],
    links: {
      "CloudTrail event":
        "https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/8d0e1f52-1c0b-4a7e-9a53-0f7f3c1f2a10",
    },
    replay: true,
    ...changes,
  };
}

export function keptOf(alert: Alert, changes: Partial<KeptAlert> = {}): KeptAlert {
  return { alert, verdict: undefined, suppressedBy: undefined, ...changes };
}

/** An input with nothing in it, as of a new store. */
export function emptyInput(changes: Partial<ReportInput> = {}): ReportInput {
  return {
    title: "KMS key use",
    generatedAt: "2026-03-31T06:00:00.000Z",
    period: undefined,
    learning: { days: 0, neededDays: 14 },
    counters: countersOf({}),
    entities: { principals: 0, keys: 0, accounts: 0 },
    alerts: [],
    marks: [],
    hours: [],
    usage: [],
    deadLetters: [],
    outbox: [],
    omissions: [],
    ...changes,
  };
}

export function countersOf(changes: Partial<Counters>): Counters {
  const zero = {
    files: 0,
    filesSkipped: 0,
    filesFailed: 0,
    bytesCompressed: 0,
    bytes: 0,
    records: 0,
  };
  const more = { kmsEvents: 0, rejected: 0, duplicates: 0, sharedCopies: 0, late: 0 };
  return { ...zero, ...more, alerts: 0, suppressed: 0, self: 0, ...changes };
}

/** A month of four accounts with 30 principals, a theft at night on the 27th, some noise, one gap. The same each time. */
export function realisticInput(): ReportInput {
  const random = generator(20_260_301);
  const people = principalsOf();
  const principals = people.flatMap((each) => hoursOf(each, random));
  const hours = [...accountHours(principals), ...principals];
  const alerts = alertsOf();
  const kmsEvents = hours.reduce(
    (sum, row) => sum + (row.entity.startsWith("account:") ? row.events : 0),
    0,
  );
  return emptyInput({
    title: "Example organization, March 2026",
    period: { fromMs: firstHour * hourMs, toMs: (firstHour + days * 24) * hourMs },
    learning: { days, neededDays: 14 },
    counters: countersOf({
      files: 17_904,
      filesSkipped: 720,
      filesFailed: 1,
      records: Math.round(kmsEvents * 3.4),
      kmsEvents,
      rejected: 14,
      duplicates: 8_213,
      sharedCopies: 40_117,
      late: 312,
      alerts: alerts.length,
      suppressed: 3,
    }),
    entities: { principals: 214, keys: 57, accounts: 4 },
    alerts,
    marks: alerts.map(({ alert, suppressedBy }) => ({
      timeMs: Date.parse(alert.eventTime),
      detector: alert.detector,
      severity: alert.severity,
      suppressed: suppressedBy !== undefined,
    })),
    hours,
    usage: usageOf(people, random),
    deadLetters: [
      { reason: "gzip-torn", count: 9, example: "gzip member ends after 18,332 bytes" },
      { reason: "event-time", count: 4, example: "eventTime is not a time" },
      { reason: "unreadable", count: 1, example: "permission denied" },
    ],
    outbox: [
      { sink: "sns", pending: 0, parked: 0, accepted: alerts.length, oldestPendingMs: undefined },
      {
        sink: "siem",
        pending: 2,
        parked: 1,
        accepted: alerts.length - 3,
        oldestPendingMs: Date.UTC(2026, 2, 30, 21, 4),
      },
    ],
    omissions: [{ what: "principals drawn", shown: people.length, others: 184 }],
  });
}

const days = 30;
const theft = { hour: firstHour + 26 * 24 + 2, principal: 0 };

interface Person {
  readonly key: string;
  readonly account: string;
  readonly kind: "web" | "batch" | "person" | "steady" | "rare";
  readonly level: number;
  readonly index: number;
}

function principalsOf(): Person[] {
  const names: readonly (readonly [string, Person["kind"], number])[] = [
    ["orders-worker", "web", 60],
    ["checkout-api", "web", 900],
    ["payments-api", "web", 640],
    ["catalogue-api", "web", 410],
    ["session-store", "steady", 220],
    ["nightly-backup", "batch", 2_400],
    ["warehouse-export", "batch", 1_300],
    ["ci-deploy", "person", 46],
    ["terraform-apply", "person", 14],
    ["AWSReservedSSO_DataAnalyst_0f1e2d3c4b5a6978", "person", 24],
    ["AWSReservedSSO_Administrator_9a8b7c6d5e4f3a2b", "person", 5],
    ["key-rotation", "rare", 6],
    ["audit-reader", "rare", 3],
    ["lambda-thumbnails", "web", 130],
    ["fraud-scoring", "steady", 310],
  ];
  return Array.from({ length: 30 }, (_, index) => {
    const [name = "", kind = "web", level = 1] = names[index % names.length] ?? [];
    const account = accounts[(index * 7 + Math.floor(index / 15)) % 4] ?? accounts[0];
    const home = index === 0 ? accounts[0] : account;
    return {
      key: roleArn(home, index < 15 ? name : `${name}-eu`),
      account: home,
      kind,
      level: index < 15 ? level : Math.max(2, level * 0.4),
      index,
    };
  });
}

function hoursOf(person: Person, random: () => number): HistoryRow[] {
  const rows: HistoryRow[] = [];
  for (let hour = firstHour; hour < firstHour + days * 24; hour++) {
    if (hour >= firstHour + 18 * 24 + 9 && hour < firstHour + 18 * 24 + 16) continue; // The stream stood still.
    const mean = person.level * shapeOf(person.kind, hour);
    const stolen = person.index === theft.principal && Math.abs(hour - theft.hour) < 2;
    const noise = 0.75 + 0.5 * random();
    const events = stolen
      ? ([2_140, 4_812, 1_265][hour - theft.hour + 1] ?? 0)
      : Math.round(mean * noise);
    if (events === 0) continue;
    const learned = hour - firstHour >= 6 * 24;
    rows.push({
      entity: `principal:${person.key}`,
      hour,
      events,
      decrypts: Math.round(events * 0.8),
      expected: learned ? Math.round(mean * 10) / 10 : null,
      limit: learned ? Math.round(mean * 2.1 + 3 * Math.sqrt(mean) + 25) : null,
    });
  }
  return rows;
}

function shapeOf(kind: Person["kind"], hour: number): number {
  const hourOfDay = hour % 24;
  const weekday = Math.floor(hour / 24 + 3) % 7;
  const workday = weekday < 5;
  const day = Math.max(0, Math.sin(((hourOfDay - 5) / 17) * Math.PI));
  const shapes: Record<Person["kind"], number> = {
    web: (0.12 + 0.88 * day) * (workday ? 1 : 0.7),
    batch: hourOfDay === 1 || (hourOfDay === 2 && weekday === 6) ? 1 : 0,
    person: workday && hourOfDay >= 7 && hourOfDay < 18 ? 0.4 + 0.6 * day : 0,
    steady: 1,
    rare: weekday === 1 && hourOfDay === 10 ? 1 : 0,
  };
  return shapes[kind];
}

function accountHours(principals: readonly HistoryRow[]): HistoryRow[] {
  const sums = new Map<string, HistoryRow>();
  for (const row of principals) {
    const account = row.entity.split(":")[5] ?? "";
    const id = `${account} ${row.hour}`;
    const sum = sums.get(id) ?? {
      ...row,
      entity: `account:${account}`,
      events: 0,
      decrypts: 0,
      expected: 0,
      limit: 0,
    };
    sums.set(id, {
      ...sum,
      events: sum.events + row.events,
      decrypts: sum.decrypts + row.decrypts,
      expected: row.expected === null ? null : (sum.expected ?? 0) + row.expected,
      limit: row.limit === null ? null : (sum.limit ?? 0) + row.limit * 0.8,
    });
  }
  return [...sums.values()].toSorted((a, b) => a.entity.localeCompare(b.entity) || a.hour - b.hour);
}

function usageOf(people: readonly Person[], random: () => number): UsageRow[] {
  const rows: UsageRow[] = [];
  const startMs = firstHour * hourMs;
  const endMs = (firstHour + days * 24) * hourMs;
  for (const person of people) {
    const own = 1 + Math.floor(random() * 2);
    const keys = [...Array(own).keys()].map((offset) =>
      keyArn(person.account, (person.index % 5) + offset),
    );
    const shared =
      person.kind === "batch" || person.kind === "rare"
        ? accounts.map((each) => keyArn(each, 6))
        : [];
    for (const arn of new Set([...keys, ...shared])) {
      const late = random() < 0.05;
      const firstMs = late
        ? endMs - Math.floor(random() * 50) * hourMs
        : startMs + Math.floor(random() * 60) * hourMs;
      const count = Math.max(1, Math.round(person.level * 300 * (0.2 + random())));
      rows.push({
        keyArn: arn,
        principalKey: person.key,
        firstMs,
        lastMs: endMs - Math.floor(random() * 20) * hourMs,
        count,
      });
    }
  }
  const stolen = [0, 3, 4].map((index) => ({
    keyArn: keyArn(accounts[index === 0 ? 0 : 1] ?? accounts[0], index),
    principalKey: people[theft.principal]?.key ?? "",
    firstMs: theft.hour * hourMs,
    lastMs: (theft.hour + 1) * hourMs,
    count: 2_300,
  }));
  const known = new Set(stolen.map((row) => `${row.principalKey} ${row.keyArn}`));
  return [...stolen, ...rows.filter((row) => !known.has(`${row.principalKey} ${row.keyArn}`))];
}

function alertsOf(): KeptAlert[] {
  const at = (day: number, hour: number, minute = 7) => {
    const start = new Date((firstHour + day * 24 + hour) * hourMs);
    const end = new Date(start.getTime() + hourMs);
    return {
      eventTime: new Date(start.getTime() + minute * 60_000).toISOString(),
      window: { start: start.toISOString(), end: end.toISOString() },
    };
  };
  const role = (account: string, name: string, session: string | null = null) => ({
    key: roleArn(account, name),
    type: "AssumedRole",
    accountId: account,
    name,
    session,
    via: null,
  });
  const id = (n: number) => `5f0c2f6e-7d1b-5c0a-9a7e-2f1f0c9b1a${String(n).padStart(2, "0")}`;
  const stolen = keyArn(accounts[1], 3);
  const theftAlerts: KeptAlert[] = [
    keptOf(alertOf({ alertId: id(1) })),
    keptOf(
      alertOf({
        alertId: id(2),
        ...at(26, 2, 3),
        score: 93,
        severity: "critical",
        detector: "combined-signals",
        title: "orders-worker: theft-like use of three keys at night",
        summary:
          "Volume, hour, network and two keys never used before, all within 64 minutes; together far rarer than each alone.",
        reasons: [
          { code: "volume", text: "decrypt spike in the same hour", weight: 0.4 },
          { code: "keys", text: "two keys this role had never used in 26 days", weight: 0.28 },
          { code: "network", text: "address never seen in this account", weight: 0.15 },
          { code: "hour", text: "silent at this hour on 25 of 26 nights", weight: 0.1 },
        ],
        observed: { decryptsPerHour: 4_812, newKeys: 2 },
        expected: { decryptsPerHour: 21, newKeys: 0 },
        kmsKey: { arn: stolen, accountId: accounts[1], region: "eu-west-1" },
      }),
    ),
    keptOf(
      alertOf({
        alertId: id(3),
        ...at(26, 2, 1),
        score: 61,
        severity: "medium",
        detector: "new-key-for-principal",
        title: "orders-worker used a key for the first time",
        summary: "First use of a key of another account by a role that has used 1 key in 26 days.",
        observed: { newKeys: 2 },
        expected: { newKeys: 0 },
        reasons: [
          { code: "novel", text: "this role meets a new key less than once a year", weight: 0.41 },
          { code: "cross-account", text: "the key belongs to another account", weight: 0.2 },
        ],
        kmsKey: { arn: stolen, accountId: accounts[1], region: "eu-west-1" },
      }),
    ),
  ];
  const noise = Array.from({ length: 22 }, (_, n) => {
    const kinds = [
      "unusual-hour",
      "decrypt-spike",
      "denied-burst",
      "new-key-for-principal",
      "key-policy-change",
    ];
    const detector = kinds[(n * 3) % 5] ?? "unusual-hour";
    const score = 22 + ((n * 17) % 43);
    const account = accounts[n % 4] ?? accounts[0];
    const name =
      ["checkout-api", "ci-deploy", "AWSReservedSSO_DataAnalyst_0f1e2d3c4b5a6978"][n % 3] ?? "";
    return keptOf(
      alertOf({
        ...at(7 + Math.floor(n * 1.04), (n * 5) % 24),
        alertId: id(10 + n),
        detector,
        score,
        severity: severityOf(score),
        title: `${detector.replaceAll("-", " ")}: ${name}`,
        summary: `${30 + n * 3} calls where ${8 + n} were expected.`,
        principal: role(account, name, n % 3 === 2 ? "jane.doe@example.com" : null),
        kmsKey:
          n % 4 === 0
            ? { arn: keyArn(account, n % 5), accountId: account, region: "eu-west-1" }
            : null,
        accountId: account,
        observed: { callsPerHour: 30 + n * 3 },
        expected: { callsPerHour: 8 + n },
        reasons: [{ code: "rare", text: "happens about once a month", weight: score / 100 }],
        baseline: {
          maturity: n < 5 ? "learning" : "young",
          daysLearned: 7 + n,
          samples: (7 + n) * 24,
        },
      }),
      afterwards(n),
    );
  });
  return [...theftAlerts, ...noise];
}

/** What people made of the n-th alert. */
function afterwards(n: number): Partial<KeptAlert> {
  if (n % 7 === 3) return { suppressedBy: "quarter-end-close" };
  if (n % 9 !== 4) return {};
  const note = "load test, agreed with the team";
  return { verdict: { verdict: "benign", by: "mia", note, atMs: 0 } };
}

export function roleArn(account: string, name: string): string {
  return `arn:aws:iam::${account}:role/${name}`;
}

export function keyArn(account: string, index: number): string {
  const aliases = ["orders", "customer-data", "sessions"];
  const alias = aliases[index];
  if (alias !== undefined && account === accounts[3])
    return `arn:aws:kms:eu-west-1:${account}:alias/${alias}`;
  const digits = `${account.slice(0, 7)}${index}`;
  return `arn:aws:kms:eu-west-1:${account}:key/${digits}-12ab-34cd-56ef-1234567890a${index}`;
}

/** Mulberry32: a small generator, so that every run draws the same month. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
