import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, key, keyArn, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { rotationOff } from "./rotation-off.ts";

const DAY = 24;
const NOW = 20 * DAY;
const ada = person("ada@example.com");
const looks = hours(0, 20).flatMap((day) =>
  inHour(day * DAY, 1, { name: "DescribeKey", operation: "read" }),
);

testDetector(rotationOff, {
  fires: {
    "one key by somebody new, at medium": {
      events: [...looks, ...off(NOW, [1])],
      expect: {
        atLeast: "medium",
        atMost: "medium",
        title: "Rotation of keys switched off",
        reasons: ["rotation-off", "new-actor"],
        withoutReasons: ["many-keys"],
        observed: { keysWithoutRotation: 1 },
        kmsKey: keyArn(1),
        eventTime: "2026-02-22T00:00:00Z",
        alerts: 1,
      },
    },
    "one key where nobody is known yet, at low": {
      events: off(NOW, [1]),
      expect: { atLeast: "low", atMost: "low", withoutReasons: ["new-actor"] },
    },
    "three keys by somebody new": {
      events: [...looks, ...off(NOW, [1, 2, 3])],
      expect: { atLeast: "medium", atMost: "medium", reasons: ["many-keys"] },
    },
    "nine keys by somebody new, at medium": {
      events: [...looks, ...off(NOW, hours(1, 10))],
      expect: { atLeast: "medium", atMost: "medium", observed: { keysWithoutRotation: 9 } },
    },
    "two hundred keys, of which fifty are named at most": {
      events: off(NOW, hours(1, 201)),
      expect: { observed: { keysWithoutRotation: 50 }, reasons: ["many-keys"], alerts: 1 },
    },
    "a key rotated out of turn, at low": {
      events: [...looks, ...off(NOW, [1], { name: "RotateKeyOnDemand" })],
      expect: { atMost: "low", title: "Key rotated out of turn" },
    },
    "one alert a day": {
      events: [...off(NOW, [1]), ...off(NOW + 3, [2]), ...off(NOW + 9, [3])],
      expect: { alerts: 1, atMost: "low" },
    },
  },
  staysSilent: {
    "who does it regularly": {
      events: [0, 3, 6, 20].flatMap((day) =>
        off(day * DAY, [day], { principal: principal("iac") }),
      ),
      learnUntilHour: 7 * DAY,
    },
    "KMS rotating a key by itself": off(NOW, [1], {
      name: "RotateKeyOnDemand",
      serviceEvent: true,
    }),
    "refused attempts": off(NOW, [1], { error: { code: "AccessDenied", class: "denied" } }),
    "rotation switched on": off(NOW, [1], { name: "EnableKeyRotation" }),
  },
});

function off(
  hour: number,
  numbers: readonly number[],
  overrides: Partial<KmsEvent> = {},
): KmsEvent[] {
  return numbers.map((number, index) =>
    event({
      hour,
      second: index,
      name: "DisableKeyRotation",
      operation: "admin",
      principal: ada,
      keys: [key(keyArn(number))],
      ...overrides,
    }),
  );
}
