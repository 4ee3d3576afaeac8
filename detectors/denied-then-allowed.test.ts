import type { KmsEvent } from "../src/detection/detector.ts";
import { event, hours, inHour, KEY, person, principal } from "../test/support/events.ts";
import { testDetector } from "../test/support/test-detector.ts";
import { deniedThenAllowed } from "./denied-then-allowed.ts";

const DAY = 24;
const NOW = 30 * DAY + 3;
const REFUSED = { error: { code: "AccessDenied", class: "denied" } } as const;

/** A month in which one role used the key. */
const habit = hours(0, 30).flatMap((day) => inHour(day * DAY + 10, 3));
const stranger = { principal: principal("stranger") };

testDetector(deniedThenAllowed, {
  fires: {
    "a role that is refused and gets in within the hour, low": {
      events: [...habit, ...refused(NOW, 0), ...used(NOW, 1800)],
      expect: {
        atLeast: "low",
        atMost: "low",
        reasons: ["let-in"],
        withoutReasons: ["own-change", "change-by-person", "change-by-workload", "new-key"],
        kmsKey: KEY,
        observed: { callsByPrincipal: 1, refusals: 1, minutesBetween: 30, changedBy: null },
        expected: { callsByPrincipal: 0, refusals: 0 },
        eventTime: "2026-03-04T03:30:00Z",
        alerts: 1,
      },
    },
    "a role that gets in within the next hour": {
      events: [...habit, ...refused(NOW, 3000), ...used(NOW + 1, 30)],
      expect: { observed: { minutesBetween: 11 }, eventTime: "2026-03-04T04:00:30Z" },
    },
    "a role that gets in the day after": [...habit, ...refused(NOW, 60), ...used(NOW + 23, 30)],
    "a role that lets itself in, gravely": {
      events: [...habit, ...refused(NOW, 0), ...changed(NOW, 900, stranger), ...used(NOW, 1800)],
      expect: { atLeast: "high", reasons: ["own-change"] },
    },
    "a role that a person lets in": {
      events: [
        ...habit,
        ...refused(NOW, 0),
        ...changed(NOW + 2, 900, { principal: person("ada") }),
        ...used(NOW + 5, 1800),
      ],
      expect: { atLeast: "high", atMost: "high", reasons: ["change-by-person", "hardly-ever"] },
    },
    "a role that gets in through the pipeline, low": {
      events: [
        ...habit,
        ...refused(NOW, 0),
        ...changed(NOW, 900, { principal: principal("pipeline") }),
        ...used(NOW, 1800),
      ],
      expect: { atMost: "low", reasons: ["change-by-workload"] },
    },
    "without a change that came before the refusal": {
      events: [...habit, ...changed(NOW, 0, stranger), ...refused(NOW, 9), ...used(NOW, 1800)],
      expect: { atMost: "low", withoutReasons: ["own-change"] },
    },
    "a grant as a change": {
      events: [
        ...habit,
        ...refused(NOW, 0),
        ...changed(NOW, 900, { ...stranger, name: "CreateGrant" }),
        ...used(NOW, 1800),
      ],
      expect: { reasons: ["own-change"] },
    },
    "on a new key, for information only": {
      events: [...inHour(0, 3), ...refused(1, 0), ...used(1, 1800)],
      expect: { atMost: "informational", reasons: ["new-key"] },
    },
    "once, and once more as soon as the change is known": {
      events: [
        ...habit,
        ...refused(NOW, 0),
        ...used(NOW, 900),
        ...changed(NOW, 600, stranger),
        ...used(NOW + 1, 900),
      ],
      expect: { alerts: 1, atLeast: "high" },
    },
    "with an update where the principal's own change becomes known later": {
      events: [
        ...habit,
        ...refused(NOW, 0),
        ...used(NOW, 900),
        ...changed(NOW, 600, stranger),
        ...used(NOW, 901),
      ],
      inOrderGiven: true,
      expect: { told: ["low", "high", "high"] },
    },
    "with an update where a person's change becomes known later": {
      events: [
        ...habit,
        ...refused(NOW, 0),
        ...used(NOW, 900),
        ...changed(NOW, 600, { principal: person("ada") }),
        ...used(NOW, 901),
      ],
      inOrderGiven: true,
      expect: { told: ["low", "high", "high"] },
    },
    "whatever order the hour's calls have with a late one": {
      events: [...habit, ...used(NOW, 5), ...refused(NOW, 60), ...used(NOW, 3500)],
      expect: { alerts: 1, eventTime: "2026-03-04T03:58:20Z" },
    },
  },
  staysSilent: {
    "use without a refusal": [...habit, ...used(NOW, 0)],
    "a refusal without use": [...habit, ...refused(NOW, 0)],
    "a refusal after the use": [...habit, ...used(NOW, 0), ...refused(NOW, 60)],
    "a refusal more than a day before": [...habit, ...refused(NOW, 0), ...used(NOW + 25, 0)],
    "who used the key all along": [...habit, event({ hour: NOW, ...REFUSED }), ...inHour(NOW, 5)],
    "another role than the refused one": [
      ...habit,
      ...refused(NOW, 0),
      ...used(NOW, 60, { principal: principal("other") }),
    ],
    "a look at the key": [
      ...habit,
      ...refused(NOW, 0),
      ...used(NOW, 60, { name: "DescribeKey", operation: "read" }),
    ],
  },
});

function refused(hour: number, second: number): KmsEvent[] {
  return [event({ hour, second, ...stranger, ...REFUSED })];
}

function used(hour: number, second: number, overrides: Partial<KmsEvent> = {}): KmsEvent[] {
  return [event({ hour, second, ...stranger, ...overrides })];
}

function changed(hour: number, second: number, overrides: Partial<KmsEvent>): KmsEvent[] {
  return [event({ hour, second, name: "PutKeyPolicy", operation: "admin", ...overrides })];
}
