import { nothingDeclared } from "../src/detection/declarations.ts";
import type { Claim } from "../test/support/test-detector.ts";
import { testDetector } from "../test/support/test-detector.ts";
import {
  ACCOUNT,
  context,
  event,
  hours,
  inHour,
  KEY,
  key,
  keyArn,
  person,
  principal,
} from "../test/support/events.ts";
import { unlistedPrincipal } from "./unlisted-principal.ts";

const app = principal("app");
const stranger = { principal: principal("stranger") };
const ALIAS = "alias/payments";
const byAlias = { keys: [{ ...key(KEY), alias: ALIAS }] };

/** A claim under a list of who may use which keys. */
function listed(
  lists: readonly { key: string; principals: string[] }[],
  events: Claim["events"],
): Claim {
  const expectedPrincipals = lists.map((list) => ({ ...list, owner: "payments-team" }));
  return { events, organization: { declarations: { ...nothingDeclared, expectedPrincipals } } };
}

/** Uses of a key that are declared as Keyhawk's own. */
function ownUses(events: Claim["events"], principals: string[] = []): Claim {
  const self = [{ principal: stranger.principal.key, key: KEY, context: { keys: ["stream"] } }];
  const expectedPrincipals =
    principals.length === 0 ? [] : [{ key: keyArn(4), principals, owner: "payments-team" }];
  return {
    events,
    organization: { declarations: { ...nothingDeclared, self, expectedPrincipals } },
  };
}

const appOnly = [{ key: KEY, principals: [app.key] }];

testDetector(unlistedPrincipal, {
  fires: {
    "the first call of a role that is not listed, with nothing learned": {
      ...listed(appOnly, [event({ hour: 1, ...stranger })]),
      expect: {
        atLeast: "high",
        reasons: ["not-listed", "plaintext"],
        withoutReasons: ["person", "many-calls"],
        kmsKey: KEY,
        observed: { callsByPrincipal: 1, listed: false },
        expected: { callsByPrincipal: 0, listed: true },
        eventTime: "2026-02-02T01:00:00Z",
        alerts: 1,
      },
    },
    "a person, graver": {
      ...listed(appOnly, [event({ principal: person("ada@example.com") })]),
      expect: { reasons: ["person"] },
    },
    "one person of a permission set of whom another is listed": {
      ...listed(
        [{ key: KEY, principals: [`${person("bo").key}#bo`] }],
        [event({ principal: person("bo") }), event({ principal: person("ada") })],
      ),
      expect: { alerts: 1, observed: { principal: person("ada").entity } },
    },
    "once a day for as long as it goes on": {
      ...listed(appOnly, [
        ...inHour(2, 2, stranger),
        ...inHour(5, 2, stranger),
        event({ hour: 30, ...stranger }),
      ]),
      expect: { alerts: 2 },
    },
    "use of any key of an account that is listed as a whole": {
      ...listed(
        [{ key: ACCOUNT, principals: [app.key] }],
        [event({ ...stranger, keys: [key(keyArn(4))] })],
      ),
      expect: { kmsKey: keyArn(4) },
    },
    "use by ARN of a key that is listed by an alias under which it was called": listed(
      [{ key: "alias/pay*", principals: [app.key] }],
      [...hours(0, 4).flatMap((hour) => inHour(hour, 1, byAlias)), event({ hour: 5, ...stranger })],
    ),
    "Keyhawk's own role on another key, gravely": {
      ...ownUses([event({ ...stranger, keys: [key(keyArn(4))], context: context("stream", 1) })]),
      expect: { atLeast: "high", reasons: ["own-role"], withoutReasons: ["not-listed"] },
    },
    "Keyhawk's own role on its key under another context": {
      ...ownUses([event({ ...stranger, context: context("PARAMETER_ARN", 1) })]),
      expect: { atLeast: "high", reasons: ["own-role"] },
    },
    "use of a key that is listed by its id": listed(
      [{ key: KEY.slice(KEY.indexOf("/") + 1), principals: [app.key] }],
      [event(stranger)],
    ),
  },
  staysSilent: {
    "listed roles": listed(appOnly, inHour(1, 5)),
    "roles listed by a pattern": listed(
      [{ key: KEY, principals: [`arn:aws:iam::${ACCOUNT}:role/a*`] }],
      inHour(1, 5),
    ),
    "whoever any one of a key's lists names": listed(
      [...appOnly, { key: ACCOUNT, principals: [stranger.principal.key] }],
      inHour(1, 5, stranger),
    ),
    "keys without a list": listed(appOnly, inHour(1, 5, { ...stranger, keys: [key(keyArn(4))] })),
    "Keyhawk's own use": ownUses(inHour(1, 5, { ...stranger, context: context("stream", 1) })),
    "others beside Keyhawk": ownUses(inHour(1, 5)),
    "Keyhawk's own role on a key whose list names it": ownUses(
      inHour(1, 5, { ...stranger, keys: [key(keyArn(4))] }),
      [stranger.principal.key],
    ),
    "without any list": inHour(1, 5, stranger),
    "calls that are refused": listed(
      appOnly,
      inHour(1, 5, { ...stranger, error: { code: "AccessDenied", class: "denied" } }),
    ),
    "calls that only look": listed(
      appOnly,
      inHour(1, 5, { ...stranger, name: "DescribeKey", operation: "read" }),
    ),
    "services by themselves": listed(
      appOnly,
      inHour(1, 5, { principal: principal("x", { service: true }) }),
    ),
    "a key of an alias that a refused call made up": listed(
      [{ key: ALIAS, principals: [app.key] }],
      [
        ...inHour(0, 3, { ...byAlias, error: { code: "AccessDenied", class: "denied" } }),
        event({ hour: 5, ...stranger }),
      ],
    ),
  },
});
