import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Alert } from "../../src/detection/alert.ts";
import { startKeyhawk } from "../support/e2e-keyhawk.ts";
import { killAt, momentsOver } from "../support/e2e-kill.ts";
import { revisionsIn } from "../support/e2e-siem.ts";
import {
  createState,
  differingMemories,
  eventually,
  memoriesOf,
  readCounters,
  readState,
} from "../support/e2e-state.ts";
import { Random } from "../../src/simulation/random.ts";
import { readScenario } from "../support/trail/scenario.ts";
import { writeTrail } from "../support/trail/write.ts";

const KILLS = 20;
const random = new Random("kill-replay");

/** In 6,000 files as CloudTrail writes them, which are read in half a dozen batches. */
const { records } = readScenario("ransom-attempt");
const copied = records.filter((_, index) => index % 29 === 0);

describe("a replay with --state, killed at random moments and started again", () => {
  let folder = "";
  let whole: Outcome;
  const rounds: { outcome: Outcome; reached: number[] }[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyhawk-kill-replay-"));
    writeTrail(join(folder, "trail"), records, "cloudtrail");
    await writeFile(join(folder, "trail", "again.ndjson.gz"), gzipSync(copies()));
    whole = await outcomeOf("whole", async (replay) => {
      await using running = replay();
      expect(await running.ended()).toEqual({ status: 0, signal: null });
    });
    for (let kills = 0; kills < KILLS;) {
      const reached = await killedRound(`killed-${rounds.length}`, KILLS - kills);
      kills += reached.length;
    }
  }, 150_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** One replay to its end, through at most so many kills; gives how many records were committed at each. */
  async function killedRound(name: string, most: number): Promise<number[]> {
    const reached: number[] = [];
    const outcome = await outcomeOf(name, async (replay, state) => {
      for (const moment of momentsOver(whole.counters.records, most, random)) {
        await using running = replay();
        const { signal, status } = await killAt(moment, running, state);
        if (signal === null) {
          expect([status, running.stderr()]).toEqual([0, expect.stringContaining("replay done")]);
          return;
        }
        reached.push((await readCounters(state)).records);
      }
      await using last = replay();
      expect([await last.ended(), last.stderr()]).toMatchObject([{ status: 0 }, {}]);
    });
    rounds.push({ outcome, reached });
    return reached;
  }

  async function outcomeOf(
    name: string,
    finish: (replay: () => ReturnType<typeof startKeyhawk>, state: string) => Promise<void>,
  ): Promise<Outcome> {
    const state = await createState(join(folder, name));
    const alertsFile = join(folder, `${name}.ndjson`);
    const trail = join(folder, "trail");
    const replay = () => startKeyhawk(["replay", trail, "--state", state, "--alerts", alertsFile]);
    await finish(replay, state);
    const { alerts, counters, deadLetters, outbox } = await readState(state);
    return {
      alerts: [...alerts.values()].sort((one, other) => (one.alertId < other.alertId ? -1 : 1)),
      counters,
      deadLetters: deadLetters.map(({ reason, origin, sha256 }) => `${reason} ${origin} ${sha256}`),
      pending: outbox.reduce((sum, { pending }) => sum + pending, 0),
      memories: memoriesOf(state),
      lines: (await readFile(alertsFile, "utf8")).split("\n").filter((line) => line !== ""),
    };
  }

  it("says that it goes on when it is asked to stop, and does", async () => {
    const stopped = await outcomeOf("stopped", async (replay, state) => {
      await using first = replay();
      await eventually(async () => (await readCounters(state)).records > 0, first.stderr);
      expect(await first.stop()).toEqual({ status: 143, signal: null });
      expect(first.stderr()).toContain("replay stopped before its end; with this state it goes on");
      await using second = replay();
      expect([await second.ended(), second.stderr()]).toEqual([
        { status: 0, signal: null },
        expect.stringContaining("replay done"),
      ]);
    });
    expect(stopped.alerts).toEqual(whole.alerts);
    expect(stopped.lines).toEqual(whole.lines);
  });

  it("was killed often enough, before, between and after commits", () => {
    const reached = rounds.flatMap((round) => round.reached);
    expect(reached).toHaveLength(KILLS);
    expect(new Set(reached).size).toBeGreaterThan(3);
    expect(Math.max(...reached)).toBeGreaterThan(whole.counters.records / 2);
  });

  it("finds the same alerts, none lost, none invented, to the last revision and word", () => {
    expect(whole.alerts.length).toBeGreaterThan(10);
    for (const { outcome } of rounds) expect(outcome.alerts).toEqual(whole.alerts);
  });

  it("writes every revision into the file of alerts", () => {
    const expected = revisionsIn(whole.lines.map(parse));
    expect(expected.length).toBe(whole.lines.length);
    for (const { outcome } of rounds) {
      expect(revisionsIn(outcome.lines.map(parse))).toEqual(expected);
      expect(outcome.pending).toBe(0);
    }
  });

  it("counts each record and each file once", () => {
    const isKms = ({ eventSource }: { eventSource: string }) => eventSource === "kms.amazonaws.com";
    expect(whole.counters).toMatchObject({
      records: records.length + copied.length,
      kmsEvents: records.filter(isKms).length + copied.filter(isKms).length,
      duplicates: copied.filter(isKms).length,
      late: 0,
      rejected: 3,
    });
    for (const { outcome } of rounds) expect(outcome.counters).toEqual(whole.counters);
  });

  it("keeps each dead letter once", () => {
    const reasons = whole.deadLetters.map((letter) => letter.split(" ")[0]);
    expect(reasons).toEqual(["not-json", "not-cloudtrail", "not-json"]);
    for (const { outcome } of rounds) expect(outcome.deadLetters).toEqual(whole.deadLetters);
  });

  it("has learned the same", () => {
    expect(whole.memories.size).toBeGreaterThan(50);
    for (const { outcome } of rounds) {
      const { different, ahead } = differingMemories(outcome.memories, whole.memories);
      expect(different).toEqual([]);
      expect(ahead.length).toBeLessThanOrEqual(whole.alerts.length);
    }
  });
});

interface Outcome {
  readonly alerts: readonly Alert[];
  readonly counters: Awaited<ReturnType<typeof readCounters>>;
  readonly deadLetters: readonly string[];
  readonly pending: number;
  readonly memories: ReadonlyMap<string, string>;
  /** Lines of the file of alerts. */
  readonly lines: readonly string[];
}

/** Some records once more, and three lines that are none. */
function copies(): string {
  const lines = copied.map((record) => JSON.stringify(record));
  const third = Math.floor(lines.length / 3);
  lines.splice(2 * third, 0, '{"eventSource":"kms.amazonaws.com","eventTime":');
  lines.splice(third, 0, '{"a":1}');
  lines.splice(1, 0, "not JSON at all");
  return `${lines.join("\n")}\n`;
}

function parse(line: string): Alert {
  return JSON.parse(line) as Alert;
}
