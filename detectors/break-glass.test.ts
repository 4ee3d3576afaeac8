import { type BreakGlass, nothingDeclared } from "../src/detection/declarations.ts";
import type { ChangeWindow } from "../src/detection/declarations.ts";
import type { Claim } from "../test/support/test-detector.ts";
import { testDetector } from "../test/support/test-detector.ts";
import {
  event,
  inHour,
  KEY,
  key,
  keyArn,
  person,
  principal,
  START_MS,
} from "../test/support/events.ts";
import { breakGlass } from "./break-glass.ts";

const HOUR_MS = 3_600_000;
const role = { principal: principal("emergency", { session: "ana" }) };

function declared(
  declaration: Partial<BreakGlass>,
  events: Claim["events"],
  changeWindows: readonly ChangeWindow[] = [],
): Claim {
  const breakGlass: BreakGlass = {
    name: "emergency",
    principals: ["arn:aws:iam::*:role/emergency"],
    owner: "security",
    allowed: "always",
    ...declaration,
  };
  return {
    events,
    organization: {
      declarations: { ...nothingDeclared, breakGlass: [breakGlass], changeWindows },
    },
  };
}

const window: ChangeWindow = {
  name: "incident-7",
  owner: "security",
  reason: "restore",
  from: START_MS + 2 * HOUR_MS,
  to: START_MS + 4 * HOUR_MS,
  principals: ["arn:aws:iam::*:role/emergency"],
};

testDetector(breakGlass, {
  fires: {
    "use as declared, once a day and mildly": {
      ...declared({}, [...inHour(1, 60, role), ...inHour(9, 400, role)]),
      expect: {
        atLeast: "low",
        atMost: "low",
        alerts: 1,
        reasons: ["break-glass-used"],
        told: ["low", "low"],
        observed: { declaration: "emergency", notAsDeclared: "" },
      },
    },
    "use that is refused, too": {
      ...declared({}, [event({ ...role, error: { code: "AccessDenied", class: "denied" } })]),
      expect: { atMost: "low" },
    },
    "use by a session that is not declared, gravely": {
      ...declared({ sessions: ["bo", "cy-*"] }, [event(role)]),
      expect: { atLeast: "high", reasons: ["undeclared-session"] },
    },
    "use of a key that is not declared, gravely": {
      ...declared({ keys: [KEY] }, [event({ ...role, keys: [key(keyArn(3))] })]),
      expect: { atLeast: "high", reasons: ["undeclared-key"] },
    },
    "use outside of a change window, gravely": {
      ...declared({ allowed: "change-window" }, [event({ ...role, hour: 5 })], [window]),
      expect: { atLeast: "high", reasons: ["undeclared-time"] },
    },
    "use in a window of another role, gravely": {
      ...declared(
        { allowed: "change-window" },
        [event({ ...role, hour: 3 })],
        [{ ...window, principals: ["arn:aws:iam::*:role/deploy"] }],
      ),
      expect: { reasons: ["undeclared-time"] },
    },
    "use in a window that only mutes another detector, gravely": {
      ...declared(
        { allowed: "change-window" },
        [event({ ...role, hour: 3 })],
        [{ ...window, detectors: ["decrypt-spike"] }],
      ),
      expect: { reasons: ["undeclared-time"] },
    },
    "use within the window, mildly": {
      ...declared({ allowed: "change-window" }, [event({ ...role, hour: 3 })], [window]),
      expect: { atMost: "low" },
    },
    "a person whose session is declared and one whose is not, both, each as it is": {
      ...declared({ principals: [person("ada").key], sessions: ["ada"] }, [
        event({ principal: person("ada") }),
        event({ principal: person("eve") }),
      ]),
      expect: { alerts: 2, atLeast: "high", observed: { notAsDeclared: "session" } },
    },
    "declared and undeclared use on one day as two alerts": {
      ...declared({ keys: [KEY] }, [event(role), event({ ...role, keys: [key(keyArn(3))] })]),
      expect: { alerts: 2, atLeast: "high" },
    },
    "every way in which it is not as declared": {
      ...declared({ keys: [KEY], sessions: ["bo"], allowed: "change-window" }, [
        event({ ...role, keys: [key(keyArn(3))] }),
      ]),
      expect: {
        atLeast: "critical",
        reasons: ["undeclared-key", "undeclared-session", "undeclared-time"],
      },
    },
  },
  staysSilent: {
    "other roles": declared({}, inHour(1, 5)),
    "where no role is declared": inHour(1, 5, role),
  },
});
