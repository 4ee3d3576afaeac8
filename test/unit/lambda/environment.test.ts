import { describe, expect, it } from "vitest";
import {
  assembledOnce,
  EnvironmentError,
  readEnvironment,
} from "../../../src/lambda/environment.ts";

const complete = {
  KEYHAWK_CONFIG: `{"organization":{"accounts":["111122223333"]}}`,
  KEYHAWK_ENTITY_STREAM: "entities",
  KEYHAWK_TABLE: "keyhawk",
  KEYHAWK_DEAD_LETTER_BUCKET: "letters",
  KEYHAWK_HASH_KEY_SECRET: "env:HASH_KEY",
  HASH_KEY: "000102030405060708090a0b0c0d0e0f",
};

describe("the environment of a function", () => {
  it("has a default for the number of buckets only", async () => {
    const environment = await readEnvironment(complete);
    expect(environment).toMatchObject({ entityStream: "entities", table: "keyhawk", buckets: 256 });
    expect(environment.config.organization.accounts).toEqual(["111122223333"]);
    expect([...(await environment.contextHashKey())]).toEqual([...Array(16).keys()]);
  });

  it.each([
    "KEYHAWK_CONFIG",
    "KEYHAWK_ENTITY_STREAM",
    "KEYHAWK_TABLE",
    "KEYHAWK_DEAD_LETTER_BUCKET",
  ])("names the variable that is missing: %s", async (name) => {
    await expect(readEnvironment({ ...complete, [name]: "" })).rejects.toThrow(
      `${name}: is not set`,
    );
  });

  it("puts a configuration together from parameters", async () => {
    const asked: string[] = [];
    const parameters = async (names: readonly string[]) => {
      asked.push(...names);
      return [`{"organization":`, `{"accounts":["999988887777"]}}`];
    };
    const env = { ...complete, KEYHAWK_CONFIG: "ssm:/k/1,/k/2" };
    const { config } = await readEnvironment(env, { parameters });
    expect(asked).toEqual(["/k/1", "/k/2"]);
    expect(config.organization.accounts).toEqual(["999988887777"]);
  });

  it.each([
    ["KEYHAWK_CONFIG", "{sinks", "expected JSON, found something else"],
    [
      "KEYHAWK_CONFIG",
      `{"organization":{"accounts":["12"]}}`,
      "organization.accounts.0: expected an account id",
    ],
    ["KEYHAWK_BUCKETS", "0", "expected a whole number from 1 to 100000, found 0"],
  ])("says what is wrong with %s = %s", async (name, value, problem) => {
    await expect(readEnvironment({ ...complete, [name]: value })).rejects.toThrow(problem);
  });

  it("never tells a key that is none", async () => {
    const environment = await readEnvironment({ ...complete, HASH_KEY: "swordfish" });
    const error: unknown = await environment.contextHashKey().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(String(error)).toContain("expected 16 bytes");
    expect(String(error)).not.toContain("swordfish");
  });

  it("assembles a handler once, and again where that failed", async () => {
    let assemblies = 0;
    const handler = assembledOnce(async () => {
      assemblies += 1;
      if (assemblies === 1) throw new Error("no secrets yet");
      return async (number: number) => number + 1;
    });
    await expect(handler(1)).rejects.toThrow("no secrets yet");
    expect([await handler(1), await handler(2)]).toEqual([2, 3]);
    expect(assemblies).toBe(2);
  });
});
