import { functionRole, roleSession } from "../../../src/simulation/caller.ts";
import {
  functionContext,
  objectContext,
  parameterContext,
  secretArn,
  secretContext,
  tableContext,
} from "../../../src/simulation/context.ts";
import { keys, organization } from "./organization.ts";
import { kmsRecord, serviceRecord } from "../../../src/simulation/record.ts";
import { type Behaviour, clockwork, job, service } from "./rhythm.ts";

const accountId = organization.accounts.payments;

const api = ["3fd1c2a9", "8e07b5d4", "c5a96f12"].map((task) =>
  roleSession({
    accountId,
    role: "payments-api",
    session: `payments-api-${task}`,
    sourceAddress: "192.0.2.44",
    vpcEndpointId: "vpce-0a1b2c3d4e5f60718",
  }),
);
const apiStartup = roleSession({
  accountId,
  role: "payments-api",
  session: "payments-api-3fd1c2a9",
});
const renderer = roleSession({ accountId, role: "invoice-renderer", session: "nightly" });
const exporter = roleSession({ accountId, role: "ledger-export", session: "nightly" });
const settlement = roleSession({ accountId, role: "settlement-weekly", session: "settlement" });
const monthEnd = roleSession({ accountId, role: "month-end-close", session: "close" });
const tokenizer = functionRole({ accountId, role: "card-tokenizer-role", name: "card-tokenizer" });

/** What goes on in the payments account: an API, three kinds of batch jobs, a function. */
export const paymentsBehaviours: readonly Behaviour[] = [
  service({
    name: "payments-api/tokens",
    perDay: 38,
    evenness: 4,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          caller: random.pick(api),
          key: keys.paymentsData,
          context: { purpose: "card-token", tenant: `tenant-${random.integer(1, 12)}` },
        },
        random,
      ),
    ],
  }),
  service({
    name: "payments-api/table",
    perDay: 6,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          caller: random.pick(api),
          via: "dynamodb",
          key: keys.paymentsData,
          context: tableContext(accountId, "payments"),
        },
        random,
      ),
    ],
  }),
  clockwork({
    name: "payments-api/secrets",
    everyMinutes: 360,
    occasion: (time, random, nth) => {
      const name = nth % 2 === 0 ? "payments/database" : "payments/acquirer";
      const parameters = { secretId: secretArn(accountId, name) };
      return [
        serviceRecord(
          {
            time,
            caller: apiStartup,
            service: "secretsmanager",
            name: "GetSecretValue",
            parameters,
          },
          random,
        ),
        kmsRecord(
          {
            time,
            caller: apiStartup,
            via: "secretsmanager",
            key: keys.paymentsSecrets,
            context: secretContext(accountId, name),
          },
          random,
        ),
      ];
    },
  }),
  service({
    name: "payments-api/parameters",
    perDay: 4,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          caller: apiStartup,
          via: "AWS Internal",
          key: keys.paymentsParameters,
          context: parameterContext(accountId, `/payments/api/option-${random.integer(1, 5)}`),
        },
        random,
      ),
    ],
  }),
  job({
    name: "invoice-renderer",
    at: "01:10",
    minutes: 50,
    perRun: 18,
    occasion: (time, random, nth) => [
      kmsRecord(
        {
          time,
          name: "GenerateDataKey",
          caller: renderer,
          via: "s3",
          key: keys.invoices,
          context: objectContext("invoices", `${dayOf(time)}/${String(nth).padStart(4, "0")}.pdf`),
        },
        random,
      ),
    ],
  }),
  job({
    name: "ledger-export",
    at: "02:30",
    minutes: 8,
    perRun: 26,
    occasion: (time, random, nth) => [
      kmsRecord(
        {
          time,
          caller: exporter,
          via: "s3",
          key: keys.ledger,
          context: objectContext("ledger", `${dayOf(time)}/part-${String(nth).padStart(3, "0")}`),
        },
        random,
      ),
    ],
  }),
  job({
    name: "settlement-weekly",
    at: "03:00",
    minutes: 40,
    perRun: 34,
    runsOn: (day) => day.weekday === 1,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          caller: settlement,
          key: keys.ledger,
          context: { purpose: "settlement", partner: `partner-${random.integer(1, 9)}` },
        },
        random,
      ),
    ],
  }),
  job({
    name: "month-end-close",
    at: "20:00",
    minutes: 180,
    perRun: 55,
    runsOn: (day) => day.lastOfMonth,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          caller: monthEnd,
          key: keys.ledger,
          context: { purpose: "month-end", book: `book-${random.integer(1, 6)}` },
        },
        random,
      ),
    ],
  }),
  service({
    name: "card-tokenizer",
    perDay: 7,
    evenness: 2,
    occasion: (time, random) => [
      kmsRecord(
        {
          time,
          caller: tokenizer,
          via: "lambda",
          key: keys.paymentsSecrets,
          context: functionContext(accountId, "card-tokenizer"),
        },
        random,
      ),
    ],
  }),
];

/** `2026/03/14` */
function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10).replaceAll("-", "/");
}
