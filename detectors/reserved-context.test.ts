import type { KmsEvent } from "../src/detection/detector.ts";
import { context, hours, inHour, KEY, key, keyArn, principal } from "../test/support/events.ts";
import { reservedContext } from "./reserved-context.ts";
import { testDetector } from "../test/support/test-detector.ts";

const DAY = 24;
const NOW = 30 * DAY + 3;
const INSTANCE = { context: context("aws:sso:instance-arn", 1) };
const STORE = { context: context("aws:identitystore:identitystore-arn", 1) };
const service = { principal: principal("sso.amazonaws.com", { service: true }) };
const forSomebody = { principal: principal("app", { via: "identitystore.amazonaws.com" }) };

const habit = hours(0, 30).flatMap((day) => inHour(day * DAY + 8, 5, { ...service, ...INSTANCE }));

testDetector(reservedContext, {
  fires: {
    "a role that decrypts with the instance's context": {
      events: [...habit, ...inHour(NOW, 3, INSTANCE)],
      expect: {
        atLeast: "high",
        reasons: ["not-the-service"],
        withoutReasons: ["refused", "many-calls"],
        kmsKey: KEY,
        observed: { calls: 3, refused: 0 },
        expected: { calls: 0 },
        eventTime: "2026-03-04T03:00:00Z",
        alerts: 1,
      },
    },
    "the identity store's context as well, before anything is known": {
      events: inHour(0, 1, STORE),
      expect: { atLeast: "high", maturity: "none" },
    },
    "forty such calls, gravely": {
      events: [...habit, ...inHour(NOW, 40, STORE)],
      expect: { atLeast: "critical", reasons: ["many-calls"] },
    },
    "a refused attempt": {
      events: [...habit, ...inHour(NOW, 3, { ...STORE, ...refused() })],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["refused"] },
    },
    "success after a refused attempt": {
      events: [
        ...habit,
        ...inHour(NOW, 3, { ...STORE, ...refused() }),
        ...inHour(NOW + 30, 3, STORE),
      ],
      expect: { alerts: 2, atLeast: "high" },
    },
    "a call through another service": {
      events: [
        ...habit,
        ...inHour(NOW, 3, { ...STORE, principal: principal("app", { via: "s3.amazonaws.com" }) }),
      ],
      expect: { atLeast: "medium", reasons: ["other-service"] },
    },
    "Identity Center itself with another key, low": {
      events: [...habit, ...inHour(NOW, 3, { ...service, ...INSTANCE, keys: [key(keyArn(7))] })],
      expect: { atLeast: "low", atMost: "low", reasons: ["new-key"], kmsKey: keyArn(7) },
    },
  },
  staysSilent: {
    "Identity Center with its own key": [...habit, ...inHour(NOW, 500, { ...service, ...STORE })],
    "Identity Center for somebody": [...habit, ...inHour(NOW, 50, { ...forSomebody, ...STORE })],
    "Identity Center's first two keys": [
      ...habit.slice(0, 10),
      ...inHour(5 * DAY, 3, { ...service, ...INSTANCE, keys: [key(keyArn(7))] }),
    ],
    "any other context": [...habit, ...inHour(NOW, 50, { context: context("aws:s3:arn", 1) })],
    "no context": [...habit, ...inHour(NOW, 50)],
  },
});

function refused(): Pick<KmsEvent, "error"> {
  return { error: { code: "AccessDenied", class: "denied" } };
}
