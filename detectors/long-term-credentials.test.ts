import type { KmsEvent } from "../src/detection/detector.ts";
import { hours, inHour, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { longTermCredentials } from "./long-term-credentials.ts";

const DAY = 24;
const NOW = 40 * DAY + 3;
const AKIA = "AKIA************MPLE";
const ASIA = "ASIA************MPLE";

const habit = hours(0, 40).flatMap((day) => inHour(day * DAY + 10, 2));
const root = user("root", { type: "Root", human: true, accessKeyId: ASIA });
const rootKey = user("root", { type: "Root", human: true, accessKeyId: AKIA });
const uploader = user("uploader", { accessKeyId: AKIA });

testDetector(longTermCredentials, {
  fires: {
    "the root user": {
      events: [...habit, ...inHour(NOW, 1, root)],
      expect: {
        atLeast: "medium",
        reasons: ["root-user"],
        withoutReasons: ["long-term-key", "did-before"],
        title: "Cryptography by the root user",
        observed: { callsByUser: 1, longTermKey: false },
        expected: { callsByUser: 0, longTermKey: false },
        eventTime: "2026-03-14T03:00:00Z",
        alerts: 1,
      },
    },
    "the root user with an access key, gravely": {
      events: [...habit, ...inHour(NOW, 6, rootKey)],
      expect: { atLeast: "high", reasons: ["root-user", "long-term-key", "direct"] },
    },
    "the root user of an account that was never seen before": {
      events: inHour(0, 1, root),
      expect: { atLeast: "medium", maturity: "none" },
    },
    "the root user of an account that it runs, low, once a day": {
      events: hours(0, 10).flatMap((day) => inHour(day * DAY, 5, root)),
      expect: { alerts: 10 },
    },
    "the root user for the second time, low": {
      events: hours(0, 10).flatMap((day) => inHour(day * DAY, 5, root)),
      learnUntilHour: 5,
      expect: { atMost: "low", reasons: ["did-before"], alerts: 9 },
    },
    "an IAM user's access key where only roles were": {
      events: [...habit, ...inHour(NOW, 3, uploader)],
      expect: {
        atLeast: "high",
        atMost: "high",
        reasons: ["new-user", "long-term-key", "hardly-ever"],
        expected: { knownUsers: 0 },
        alerts: 1,
      },
    },
    "one more IAM user where there is a new one every day, low": {
      events: [
        ...hours(0, 40).flatMap((day) =>
          inHour(day * DAY + 5, 2, user(`temporary-${day}`, { accessKeyId: AKIA })),
        ),
        ...inHour(NOW, 3, uploader),
      ],
      expect: { atLeast: "low", atMost: "low" },
    },
    "an IAM user's own session": {
      events: [...habit, ...inHour(NOW, 3, user("ada", { human: true, accessKeyId: ASIA }))],
      expect: { atLeast: "low", withoutReasons: ["long-term-key"] },
    },
    "once for an IAM user that goes on": {
      events: [...habit, ...hours(NOW, NOW + 30).flatMap((hour) => inHour(hour, 3, uploader))],
      expect: { alerts: 1 },
    },
  },
  staysSilent: {
    roles: [...habit, ...inHour(NOW, 50)],
    "an IAM user in an account that is not known yet": [
      ...inHour(0, 2),
      ...inHour(10 * DAY, 3, uploader),
    ],
    "an IAM user from the first weeks on": [
      ...habit,
      ...hours(0, 42).flatMap((day) => inHour(day * DAY + 7, 3, uploader)),
    ],
    "what the root user may look at": [
      ...habit,
      ...inHour(NOW, 3, { ...root, name: "ListKeys", operation: "read" }),
    ],
    "a refused attempt": [
      ...habit,
      ...inHour(NOW, 3, { ...uploader, error: { code: "AccessDenied", class: "denied" } }),
    ],
    "an IAM user whose session a service uses": [
      ...habit,
      ...inHour(
        NOW,
        3,
        user("ada", { human: true, accessKeyId: ASIA, via: "secretsmanager.amazonaws.com" }),
      ),
    ],
    "another account's user in the key owner's trail": [
      ...habit,
      ...inHour(NOW, 3, user("root", { type: "Root", accountId: "999988887777" })),
    ],
  },
});

function user(
  name: string,
  overrides: Parameters<typeof principal>[1],
): { principal: KmsEvent["principal"] } {
  return { principal: principal(name, { type: "IAMUser", session: undefined, ...overrides }) };
}
