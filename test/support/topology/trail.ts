import type { Random } from "../../../src/simulation/random.ts";
import { type Json, kmsRecord } from "../parsing.ts";

/** Monday, 2 February 2026, 00:00 UTC. */
export const TRAIL_START_MS = Date.UTC(2026, 1, 2);
/** Hours of quiet life before the night in which everything happens. */
export const QUIET_HOURS = 15 * 24;
const HOUR_MS = 3_600_000;
const OURS = "111122223333";
const THEIRS = "999988887777";
/** Accounts that are heard every hour, until the one stops for good, and the other for half a day. */
const RETIRED = "444455556666";
const PAUSED = "777788889999";

export const keyOf = (number: number, account = OURS): string =>
  `arn:aws:kms:eu-west-1:${account}:key/0b6f4a8e-2222-4c2d-9a3b-${String(number).padStart(12, "0")}`;

interface Call {
  readonly hour: number;
  readonly second?: number;
  readonly role?: string;
  readonly session?: string;
  readonly name?: string;
  readonly key?: string;
  readonly fields?: Json;
}

/** A trail of CloudTrail records: two weeks of habit, and then a night. */
export class Trail {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  habit(): Json[] {
    return hours(0, QUIET_HOURS).flatMap((hour) => {
      const atWork = hour % 24 >= 8 && hour % 24 < 17;
      const day = Math.floor(hour / 24);
      return [
        ...this.#inHour(2, { hour, key: keyOf(1), fields: contextOf(`${hour % 4}`) }),
        ...(atWork && day % 7 < 5 ? this.#inHour(2, { hour, ...ada, key: keyOf(2) }) : []),
        ...(hour % 3 === 0 ? this.#inHour(1, { hour, role: "clerk", key: keyOf(2) }) : []),
        ...this.#steady(RETIRED, hour),
        ...this.#steady(PAUSED, hour),
      ];
    });
  }

  /**
   * A theft, a foreign key, destruction and blinding, while two accounts are silent; then a day that goes on as if nothing had
   * been, and six hours in which nobody is heard at all.
   */
  night(): Json[] {
    const hour = QUIET_HOURS + 3;
    return [
      ...this.#inHour(330, { hour, key: keyOf(1) }),
      ...this.#inHour(420, { hour: hour + 1, key: keyOf(1) }),
      ...hours(0, 50).map((index) =>
        this.#call({ hour, second: index * 60, key: keyOf(1), fields: contextOf(`s${index}`) }),
      ),
      ...this.#inHour(12, { hour, ...ada, key: keyOf(1) }),
      ...this.#inHour(4, { hour, role: "clerk", key: keyOf(1) }),
      ...this.#inHour(3, { hour: hour + 2, role: "stranger", key: keyOf(1) }),
      ...this.#inHour(25, { hour, role: "app", name: "GenerateDataKey", key: keyOf(9, THEIRS) }),
      ...[1, 2, 3, 4].map((number) => this.#destruction(hour + 1, number)),
      this.#call({
        hour: hour + 1,
        second: 900,
        ...ada,
        name: "StopLogging",
        fields: { eventSource: "cloudtrail.amazonaws.com", resources: undefined },
      }),
      ...this.#foreignCaller(hour + 2),
      ...hours(hour + 3, hour + 24).flatMap((later) =>
        this.#inHour(2, { hour: later, key: keyOf(1), fields: contextOf(`${later % 4}`) }),
      ),
      ...[...hours(hour + 9, hour + 24), ...hours(hour + 30, hour + 33)].flatMap((later) =>
        this.#steady(PAUSED, later),
      ),
    ];
  }

  #steady(account: string, hour: number): Json[] {
    const fields = { ...identityOf("batch", "b", account), recipientAccountId: account };
    return this.#inHour(2, { hour, key: keyOf(7, account), fields });
  }

  #destruction(hour: number, number: number): Json {
    const requestParameters = { keyId: keyOf(number), pendingWindowInDays: 7 };
    const fields = { requestParameters };
    const second = number * 60;
    return this.#call({
      hour,
      second,
      ...ada,
      name: "ScheduleKeyDeletion",
      key: keyOf(number),
      fields,
    });
  }

  /** Both copies of calls by a role of another account on our key. */
  #foreignCaller(hour: number): Json[] {
    return hours(0, 6).flatMap((index) => {
      const sharedEventID = this.#random.uuid();
      const second = index * 300;
      return [OURS, THEIRS].map((recipientAccountId) =>
        this.#call({
          hour,
          second,
          key: keyOf(1),
          fields: { ...identityOf("visitor", "s", THEIRS), sharedEventID, recipientAccountId },
        }),
      );
    });
  }

  #inHour(count: number, call: Call): Json[] {
    return hours(0, count).map((index) =>
      this.#call({ ...call, second: Math.floor((index * 3600) / count) }),
    );
  }

  #call({ hour, second = 0, role = "app", session = "i-0a", name = "Decrypt", key, fields }: Call) {
    const timeMs = TRAIL_START_MS + hour * HOUR_MS + second * 1000;
    const accountId = key?.split(":")[4] ?? OURS;
    return kmsRecord({
      eventID: this.#random.uuid(),
      eventTime: new Date(timeMs).toISOString().replace(".000Z", "Z"),
      eventName: name,
      requestParameters: null,
      ...identityOf(role, session),
      ...(key === undefined ? {} : { resources: [{ ARN: key, accountId, type: "AWS::KMS::Key" }] }),
      ...fields,
    });
  }
}

const ada = { role: "AWSReservedSSO_Engineer_0123456789abcdef", session: "ada@example.com" };

/** Event time of a record, milliseconds. */
export function timeOf(record: Json): number {
  return Date.parse(String(record["eventTime"]));
}

function contextOf(value: string): Json {
  return { requestParameters: { encryptionContext: { SecretARN: `arn:aws:secret:${value}` } } };
}

function identityOf(role: string, session: string, accountId = OURS): Json {
  return {
    userIdentity: {
      type: "AssumedRole",
      principalId: `AROAEXAMPLE:${session}`,
      arn: `arn:aws:sts::${accountId}:assumed-role/${role}/${session}`,
      accountId,
      accessKeyId: "ASIAEXAMPLEAPP000001",
      sessionContext: {
        sessionIssuer: { type: "Role", arn: `arn:aws:iam::${accountId}:role/${role}` },
      },
    },
  };
}

function hours(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
