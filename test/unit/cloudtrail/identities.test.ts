import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFault, parseRecord } from "../../../src/cloudtrail/record.ts";
import { kmsRecord, otherRecord, read, READ_OPTIONS } from "../../support/parsing.ts";

const RECORD = JSON.stringify(kmsRecord());
const IDENTITY = JSON.stringify(kmsRecord()["userIdentity"]);
const OPEN = IDENTITY.slice(0, -1);

function withIdentity(identity: string, record = RECORD): string {
  return record.replace(IDENTITY, () => identity);
}

/** What a record gives behind two whose identity begins alike, and by itself in one piece. */
function bothWays(text: string | Buffer): { fast: unknown; plain: unknown } {
  const before = Buffer.from(`{"Records":[${RECORD},${JSON.stringify(otherRecord())},`);
  const file = Buffer.concat([before, Buffer.from(text), Buffer.from("]}")]);
  const { events, rejected } = read(file);
  return { fast: events[1] ?? rejected[0]?.reason, plain: plainly(text) };
}

function plainly(text: string | Buffer): unknown {
  let record: unknown;
  try {
    record = JSON.parse(text.toString());
  } catch {
    return "not-json";
  }
  const parsed = parseRecord(record, READ_OPTIONS);
  return isFault(parsed) ? parsed.reason : parsed;
}

describe("a record whose identity begins as one before gives what parsing all of it gives", () => {
  it.each<[string, string | Buffer]>([
    ["the same record", RECORD],
    ["a service made the call", withIdentity(`${OPEN},"invokedBy":"s3.amazonaws.com"}`)],
    ["white space before the end", withIdentity(`${OPEN}\n }`)],
    ["another account at the end", withIdentity(`${OPEN},"accountId":"999999999999"}`)],
    ["another session context at the end", withIdentity(`${OPEN},"sessionContext":{}}`)],
    ["a long end", withIdentity(`${OPEN},"invokedBy":"${"s".repeat(500)}"}`)],
    ["an end that is not ASCII", withIdentity(`${OPEN},"invokedBy":"ü\u{1f511}"}`)],
    [
      "an end that is not UTF-8",
      Buffer.from(withIdentity(`${OPEN},"invokedBy":"\xff\xc3"}`), "latin1"),
    ],
    ["an end that is no JSON", withIdentity(`${OPEN},"invokedBy":tru}`)],
    ["an end with a comma too many", withIdentity(`${OPEN},}`)],
    ["a list closes it", withIdentity(`${OPEN}]`)],
    ["another identity before", RECORD.replace("{", `{"userIdentity":{"type":"Root"},`)],
    ["another identity behind", RECORD.replace(/\}$/, `,"userIdentity":{"type":"Root"}}`)],
    ["no identity behind", RECORD.replace(/\}$/, `,"userIdentity":null}`)],
    [
      "another identity whose name has escapes",
      RECORD.replace(/\}$/, String.raw`,"userIdent\u0069ty":{"type":"Root"}}`),
    ],
    ["the rest is no JSON", RECORD.replace(`"Decrypt"`, "Decrypt")],
    ["the rest has a comma too many", RECORD.replace(/\}$/, ",}")],
    [
      "an identity inside of the request",
      RECORD.replace(`"requestParameters":{`, `"requestParameters":{"userIdentity":${IDENTITY},`),
    ],
    ["identities inside of the identity", withIdentity(`${OPEN},"userIdentity":${IDENTITY}}`)],
    ["made at the console", RECORD.replace(/\}$/, `,"sessionCredentialFromConsole":"true"}`)],
  ])("%s", (_, text) => {
    const { fast, plain } = bothWays(text);
    expect(fast).toEqual(plain);
  });

  it("whatever byte is another one", () => {
    const bytes = Buffer.from(withIdentity(`${OPEN},"invokedBy":"s3.amazonaws.com"}`));
    const at = fc.integer({ min: 0, max: bytes.length - 1 });
    const byte = fc.oneof(
      fc.constantFrom(...Buffer.from('"\\{}[],: ax0')),
      fc.integer({ min: 0, max: 255 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(at, byte), { minLength: 1, maxLength: 2 }), (changes) => {
        const changed = Buffer.from(bytes);
        for (const [place, other] of changes) changed[place] = other;
        // In a list: by itself, what ends early is a record with damage behind it.
        const list = Buffer.concat([Buffer.from("["), changed, Buffer.from("]")]);
        const { events, kmsEvents, rejected } = read(list);
        const plain = plainly(changed);
        expect(events).toEqual(typeof plain === "object" ? [plain] : []);
        expect(events.length + rejected.length).toBeGreaterThanOrEqual(kmsEvents);
      }),
      { numRuns: 3000 },
    );
  });

  it("of each of more sessions than are remembered", () => {
    const records = Array.from({ length: 5000 }, (_, index) => {
      const session = `ASIA${(index * 7919).toString(36).toUpperCase().padStart(16, "X")}`;
      return RECORD.replace("ASIAEXAMPLEAPP000001", session);
    });
    const text = `{"Records":[${[...records, ...records].join(",")}]}`;
    const { events } = read(text, { maxOpenedBytes: 1e8, maxRecordBytes: 1e8 });
    const plain = records.map(plainly);
    expect(events).toEqual([...plain, ...plain]);
  });
});

it("identities within identities take no stack", () => {
  const depth = 200_000;
  const deep = `${'{"userIdentity":'.repeat(depth)}1${"}".repeat(depth)}`;
  const text = `{"Records":[${withIdentity(deep)},${RECORD}]}`;
  const { records, events } = read(text, { maxOpenedBytes: 1e8, maxRecordBytes: 1e8 });
  expect([records, events.length]).toEqual([2, 2]);
});
