import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  lambdaFunction,
  type LambdaFunctionOptions,
  type LambdaHandler,
} from "../../support/lambda/lambda-function.ts";
import { startSchedule } from "../../support/lambda/schedule.ts";

function functionOf(
  create: (sandbox: number) => LambdaHandler,
  options: Partial<LambdaFunctionOptions> = {},
) {
  return lambdaFunction({ name: "tried", create, timeoutMs: 10_000, concurrency: 10, ...options });
}

/** Answers with the number of its sandbox and of the invocation in it. */
function counting(sandbox: number): LambdaHandler {
  let invocations = 0;
  return () => Promise.resolve(`${sandbox}/${(invocations += 1)}`);
}

const answered = (answer: unknown) => ({ status: "answered", answer });

describe("A Lambda function", () => {
  it("uses a sandbox again, with what it remembers", async () => {
    const invoked = functionOf(counting);
    expect(await invoked.invoke("{}")).toEqual(answered("1/1"));
    expect(await invoked.invoke("{}")).toEqual(answered("1/2"));
  });

  it("gives each of two events at the same time a sandbox of its own", async () => {
    const invoked = functionOf((sandbox) => async () => {
      await sleep(5);
      return sandbox;
    });
    const results = await Promise.all([invoked.invoke("{}"), invoked.invoke("{}")]);
    expect(results).toEqual([answered(1), answered(2)]);
  });

  it("begins with a cold sandbox after as many invocations as told", async () => {
    const invoked = functionOf(counting, { invocationsPerSandbox: 2 });
    const answers = [];
    for (let turn = 0; turn < 5; turn += 1) answers.push(await invoked.invoke("{}"));
    expect(answers).toEqual(["1/1", "1/2", "2/1", "2/2", "3/1"].map(answered));
    expect(invoked.sandboxes).toBe(3);
  });

  it("does not use a sandbox again in which a handler threw", async () => {
    const invoked = functionOf((sandbox) => () => {
      if (sandbox === 1) throw new Error("broken");
      return Promise.resolve(sandbox);
    });
    expect(await invoked.invoke("{}")).toEqual({ status: "failed", error: "Error: broken" });
    expect(await invoked.invoke("{}")).toEqual(answered(2));
  });

  it("throttles what exceeds its concurrency, unseen by the handler", async () => {
    let seen = 0;
    const create = () => async () => {
      seen += 1;
      await sleep(5);
    };
    const invoked = functionOf(create, { concurrency: 2 });
    const results = await Promise.all(["{}", "{}", "{}"].map((text) => invoked.invoke(text)));
    expect(results.map(({ status }) => status)).toEqual(["answered", "answered", "throttled"]);
    expect(seen).toBe(2);
  });

  it("lets a handler go on after its time, and never uses that sandbox again", async () => {
    const end = Promise.withResolvers<void>();
    const done: number[] = [];
    const create = (sandbox: number) => async () => {
      if (sandbox === 1) await end.promise;
      done.push(sandbox);
      return sandbox;
    };
    const invoked = functionOf(create);
    expect(await invoked.invoke("{}", { timeoutMs: 5 })).toEqual({ status: "timed out" });
    expect(await invoked.invoke("{}")).toEqual(answered(2));
    end.resolve();
    await invoked.settled();
    expect(done).toEqual([2, 1]);
    expect(await invoked.invoke("{}")).toEqual(answered(2));
  });

  it("kills a sandbox on demand, in the midst of its work", async () => {
    const alive = new Map<number, () => void>();
    const done: number[] = [];
    const create = (sandbox: number) => async () => {
      const { promise, reject } = Promise.withResolvers<void>();
      promise.catch(() => undefined);
      alive.set(sandbox, () => reject(new Error("killed")));
      if (sandbox === 1) await promise;
      done.push(sandbox);
    };
    const end = (sandbox: number) => {
      alive.get(sandbox)?.();
      alive.delete(sandbox);
    };
    const invoked = functionOf(create, { end });
    await invoked.invoke("{}", { timeoutMs: 5, kills: true });
    await invoked.settled();
    await invoked.invoke("{}");
    expect([done, [...alive.keys()]]).toEqual([[2], [2]]);
    await invoked.stop();
    expect(alive.size).toBe(0);
  });

  it("refuses payloads of more than 6 MB", async () => {
    const invoked = functionOf(counting);
    const result = await invoked.invoke(JSON.stringify("x".repeat(6 * 1024 * 1024)));
    expect(result).toEqual({ status: "failed", error: "RequestEntityTooLargeException" });
  });

  it("hands over and takes back JSON only", async () => {
    const invoked = functionOf(() => (event) => Promise.resolve({ event, gone: undefined }));
    expect(await invoked.invoke('{"a":1}')).toEqual(answered({ event: { a: 1 } }));
  });

  it("says how much time is left", async () => {
    const create = (): LambdaHandler => (_, context) =>
      Promise.resolve(context.getRemainingTimeInMillis());
    const result = await functionOf(create, { timeoutMs: 600_000 }).invoke("{}");
    expect(result).toEqual(answered(expect.closeTo(600_000, -5)));
  });
});

describe("A schedule", () => {
  it("gives an event of EventBridge, again while the function fails, three times at most", async () => {
    const events: unknown[] = [];
    const invoked = functionOf(() => (event) => {
      events.push(event);
      throw new Error("no");
    });
    const schedule = startSchedule(invoked, Number.POSITIVE_INFINITY);
    await schedule.fire();
    await schedule.stop();
    expect(events).toHaveLength(3);
    expect(new Set(events.map((event) => JSON.stringify(event))).size).toBe(1);
    expect(events[0]).toMatchObject({
      version: "0",
      "detail-type": "Scheduled Event",
      source: "aws.events",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      detail: {},
    });
  });

  it("fires on its own until it is stopped", async () => {
    const third = Promise.withResolvers<void>();
    let fired = 0;
    const create = (): LambdaHandler => async () => {
      fired += 1;
      if (fired === 3) third.resolve();
    };
    const schedule = startSchedule(functionOf(create), 2);
    await third.promise;
    await schedule.stop();
    const atStop = fired;
    await sleep(20);
    expect(fired).toBe(atStop);
  });
});
