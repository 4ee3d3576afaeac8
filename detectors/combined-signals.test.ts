import { describe, expect, it } from "vitest";
import { Alert } from "../src/detection/alert.ts";
import { Combination } from "../src/detection/combination.ts";
import { alertOf } from "../test/support/alert-arbitrary.ts";
import { combinedSignals } from "./combined-signals.ts";
import type { Detector } from "../src/detection/detector.ts";

const DAY_MS = 86_400_000;
const NOON_MS = Date.UTC(2026, 1, 23, 12);
const app = principalOf("app");

describe("combined-signals fires", () => {
  it("when two weak signs meet on one principal and day", () => {
    const [combined] = told([sign("unusual-hour", 35), sign("unexpected-principal", 33)]);
    expect(combined).toMatchObject({
      severity: "medium",
      revision: 0,
      status: "created",
      principal: app,
    });
    expect(combined?.observed).toMatchObject({
      signs: 2,
      detectors: "unexpected-principal unusual-hour",
    });
  });

  it("graver with each further sign", () => {
    const scores = told([sign("a", 35), sign("b", 35), sign("c", 35), sign("d", 55)]).map(
      ({ score }) => score,
    );
    expect(scores).toEqual([...scores].sort((one, other) => one - other));
    expect(scores.at(-1)).toBeGreaterThanOrEqual(70);
  });

  it("less where two of the signs see one side of what happened", () => {
    const key = sign("new-key", 38);
    const [twoSides] = told([key, sign("new-origin", 38)]);
    const [oneSide] = told([key, sign("unexpected-principal", 38)]);
    expect(oneSide?.score).toBeLessThan(twoSides?.score ?? 0);
  });

  it("less for how much and at what time, which one burst is", () => {
    const spike = sign("decrypt-spike", 38);
    const [twoSides] = told([spike, sign("new-origin", 38)]);
    expect(told([spike, sign("unusual-hour", 38)])[0]?.score ?? 0).toBeLessThan(
      twoSides?.score ?? 0,
    );
  });

  it("for a network that is new to a caller and to its whole account", () => {
    const [ofBoth] = told([sign("new-origin", 35), sign("unknown-network", 34)]);
    expect(ofBoth?.score).toBeGreaterThan(50);
  });

  it("no more for a third sign of the same side", () => {
    const two = [sign("new-key", 38), sign("unexpected-principal", 37), sign("unusual-hour", 30)];
    const scoreOf = (signs: readonly Alert[]): number | undefined => {
      const combination = open();
      for (const alert of signs) combination.add(alert);
      return combination.close(NOON_MS + 3 * DAY_MS)[0]?.score;
    };
    expect(scoreOf([...two, sign("new-contexts", 36)])).toBe(scoreOf(two));
  });

  it("less for a new Region, which belongs to the key in it, than for a new network", () => {
    const key = sign("new-key", 38);
    const region = { ...sign("new-origin", 38), title: "New Region of a caller" };
    const [ofNetwork] = told([key, sign("new-origin", 38)]);
    expect(told([key, region])[0]?.score ?? 0).toBeLessThan(ofNetwork?.score ?? 0);
  });

  it("less for direct use of a key that is new than for that of one reached through a service", () => {
    const key = sign("new-key", 38);
    const first = {
      ...sign("direct-use", 34),
      title: "Direct use by one who came through services",
    };
    const [ofKnownKey] = told([key, sign("direct-use", 34)]);
    expect(ofKnownKey?.score).toBeGreaterThan(0);
    expect(told([key, first])[0]?.score ?? 0).toBeLessThan(ofKnownKey?.score ?? 0);
  });

  it("as much for a third sign of another side as for a second one", () => {
    const [key, caller] = [sign("new-key", 38), sign("unexpected-principal", 37)];
    const origin = sign("new-origin", 30);
    const weightOfOrigin = (signs: readonly Alert[]): number => {
      const combination = open();
      for (const alert of signs) combination.add(alert);
      const [closed] = combination.close(NOON_MS + 3 * DAY_MS);
      return closed?.reasons.find(({ code }) => code === "new-origin")?.weight ?? 0;
    };
    // Of what the signs before it leave open it takes the same part.
    const left = (1 - 0.38) * (1 - 0.5 * 0.37);
    expect(weightOfOrigin([key, caller, origin]) / left).toBeCloseTo(
      weightOfOrigin([key, origin]) / (1 - 0.38),
      2,
    );
  });

  it("at the event time of the sign that completes it, whichever comes first", () => {
    const early = sign("a", 35, { atMs: NOON_MS - 7_200_000 });
    const late = sign("b", 35, { atMs: NOON_MS });
    for (const order of [
      [early, late],
      [late, early],
    ]) {
      expect(told(order)[0]?.eventTime).toBe(new Date(NOON_MS).toISOString().replace(".000", ""));
    }
  });

  it("with weights that add up to its score, in the native format", () => {
    const [combined] = told([sign("a", 38), sign("b", 22), sign("c", 21)]);
    const sum = combined?.reasons.reduce((total, { weight }) => total + weight, 0) ?? 0;
    expect(sum).toBeCloseTo((combined?.score ?? 0) / 100, 6);
    expect(Alert.parse(combined)).toEqual(combined);
  });

  it("with the same content in the end in every order", () => {
    const other = { ...app, session: "two" };
    const signs = [sign("a", 35, { principal: other }), sign("b", 30), sign("c", 25)];
    const closed = permutations(signs).map((order) => {
      const combination = open();
      for (const alert of order) combination.add(alert);
      return JSON.stringify(combination.close(NOON_MS + 2 * DAY_MS));
    });
    expect(new Set(closed).size).toBe(1);
  });

  it("whether a graver alert came before or after the weak ones", () => {
    const signs = [sign("a", 35), sign("b", 35), sign("c", 95), sign("a", 45)];
    const told = permutations(signs).map((order) => {
      const combination = open();
      const last = order.flatMap((alert) => combination.add(alert)).at(-1);
      return [
        last?.alertId,
        last?.revision,
        JSON.stringify(combination.close(NOON_MS + 2 * DAY_MS)),
      ];
    });
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
  });

  it("and is closed once its day lies behind", () => {
    const combination = open();
    combination.add(sign("a", 35));
    combination.add(sign("b", 35));
    expect(combination.close(NOON_MS + DAY_MS)).toEqual([]);
    expect(combination.close(NOON_MS + 2 * DAY_MS)).toMatchObject([
      { status: "closed", revision: 1 },
    ]);
    expect(combination.close(NOON_MS + 3 * DAY_MS)).toEqual([]);
  });
});

describe("combined-signals stays silent", () => {
  const silent: Record<string, Alert[]> = {
    "on one sign": [sign("a", 39)],
    "on one detector that speaks twice": [sign("a", 35), sign("a", 36)],
    "on signs of two principals": [
      sign("a", 35),
      sign("b", 35, { principal: principalOf("other") }),
    ],
    "on signs of two days": [sign("a", 35), sign("b", 35, { atMs: NOON_MS + DAY_MS })],
    "on two persons in one role": [
      sign("a", 35, { principal: personOf("ada") }),
      sign("b", 35, { principal: personOf("bo") }),
    ],
    "on informational signs": [sign("a", 35), sign("b", 19), sign("c", 10)],
    "where it would be no graver than the gravest alone": [sign("a", 75), sign("b", 25)],
    "on one weak sign beside grave ones": [sign("a", 95), sign("b", 92), sign("c", 30)],
    "on alerts about no principal": [
      sign("a", 35, { principal: null }),
      sign("b", 35, { principal: null }),
    ],
    "on detectors in the shadow": [sign("a", 35), sign("shadowed", 35)],
  };

  it.each(Object.entries(silent))("%s", (_claim, signs) => {
    expect(told(signs)).toEqual([]);
  });

  it("and goes on from what was written", () => {
    const before = open();
    before.add(sign("a", 35));
    const after = open(
      JSON.parse(JSON.stringify(before.write())) as ReturnType<Combination["write"]>,
    );
    expect(after.add(sign("b", 35))).toMatchObject([{ severity: "medium" }]);
  });
});

function open(written?: ReturnType<Combination["write"]>): Combination {
  const options = {
    detector: combinedSignals as unknown as Detector,
    minimumScore: 40,
    leastSign: 20,
    shadow: new Set(["shadowed"]),
    replay: false,
  };
  return new Combination(options, written);
}

function told(signs: readonly Alert[]): Alert[] {
  const combination = open();
  return signs.flatMap((alert) => combination.add(alert));
}

function sign(
  detector: string,
  score: number,
  { atMs = NOON_MS, principal = app }: { atMs?: number; principal?: Alert["principal"] } = {},
): Alert {
  const eventTime = new Date(atMs).toISOString().replace(".000", "");
  return {
    ...alertOf(),
    alertId: `${detector.length}${score}`,
    detector,
    score,
    status: "closed",
    eventTime,
    window: { start: eventTime, end: eventTime },
    principal,
  };
}

function principalOf(name: string): NonNullable<Alert["principal"]> {
  const key = `arn:aws:iam::111122223333:role/${name}`;
  return { key, type: "AssumedRole", accountId: "111122223333", name, session: "one", via: null };
}

function personOf(session: string): NonNullable<Alert["principal"]> {
  return { ...principalOf("AWSReservedSSO_Engineer_0123456789abcdef"), session };
}

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.filter((_, at) => at !== index)).map((rest) => [item, ...rest]),
  );
}
