import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { Alert } from "../../src/detection/alert.ts";
import { createSinks } from "../../src/delivery/sinks/create-sinks.ts";
import { SinkOptions } from "../../src/delivery/options.ts";
import { snsSink } from "../../src/delivery/sinks/sns.ts";
import type { Sink } from "../../src/delivery/sink.ts";
import { type HttpReceiver, type Responder, startHttpReceiver } from "../support/http-receiver.ts";
import { startTopic } from "../support/topic.ts";
import { type Behaviour, idOf, type SinkHarness, testSink } from "./sink.ts";

const token = "5f0c7b3e-token-7a1d";
const signing = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
const loopback = { allowPrivateNetworks: ["127.0.0.0/8"], timeoutMs: 300 };

async function oneSink(options: unknown, env: Record<string, string> = {}): Promise<Sink> {
  const stdout = new Writable({ write: (_chunk, _encoding, done) => done() });
  const dependencies = { secrets: { env }, stdout, now: Date.now };
  const [sink] = await createSinks([SinkOptions.parse(options)], dependencies);
  if (sink === undefined) throw new Error("no sink was made");
  return sink;
}

testSink(
  "webhook",
  async () => {
    const received: string[] = [];
    const accept: Responder = ({ headers }) => {
      received.push(String(headers["webhook-id"]));
      return { status: 204 };
    };
    const receiver = await startHttpReceiver(accept);
    const sink = await oneSink(
      {
        type: "webhook",
        url: "env:URL",
        secret: "env:SIGNING",
        headers: { Authorization: "Bearer env:TOKEN" },
        ...loopback,
      },
      { URL: `${receiver.url}/services/s3cr3t-path`, SIGNING: signing, TOKEN: token },
    );
    return harnessOf(sink, receiver, received, [signing, signing.slice(6), token, "s3cr3t-path"], {
      accept,
      busy: () => ({ status: 503, body: `busy ${token}` }),
      refuse: () => ({ status: 400, body: `bad ${token}` }),
    });
  },
  ["accept", "busy", "refuse", "hang", "cut"],
);

testSink(
  "splunk-hec",
  async () => {
    const received: string[] = [];
    const receiver = await startHttpReceiver(() => "cut");
    const collect =
      (refused: (alert: Alert) => boolean): Responder =>
      ({ body }) => {
        const alerts = body
          .split(/(?<=\})(?=\{"time")/)
          .map((text) => (JSON.parse(text) as { event: { keyhawk: Alert } }).event.keyhawk);
        const bad = alerts.findIndex(refused);
        received.push(...alerts.slice(0, bad === -1 ? undefined : bad).map(idOf));
        return bad === -1
          ? { status: 200, body: `{"text":"Success","code":0}` }
          : {
              status: 400,
              body: `{"text":"Invalid data format","code":6,"invalid-event-number":${bad}}`,
            };
      };
    receiver.respond(collect(() => false));
    const sink = await oneSink(
      { type: "splunk-hec", url: receiver.url, token: "env:TOKEN", ...loopback },
      { TOKEN: token },
    );
    return harnessOf(sink, receiver, received, [token], {
      accept: collect(() => false),
      busy: () => ({ status: 503, body: `{"text":"Server is busy","code":9}` }),
      refuse: () => ({ status: 400, body: `{"text":"Invalid data format","code":6}` }),
      refuseBad: collect(({ title }) => title === "bad"),
    });
  },
  ["accept", "busy", "refuse", "refuseBad", "hang", "cut"],
);

testSink(
  "sns",
  async () => {
    const topic = await startTopic("alerts");
    const forward: Responder = (request) => topic.forward(request);
    const receiver = await startHttpReceiver(forward);
    const sink = snsSink(
      { ...topic.options, endpoint: receiver.url, timeoutMs: 300 },
      topic.client(receiver.url),
    );
    const error = (status: number, code: string): Responder => {
      return () => ({ status, headers: { "content-type": "text/xml" }, body: errorXml(code) });
    };
    const behaviours = {
      accept: forward,
      busy: error(400, "Throttled"),
      refuse: error(400, "InvalidParameter"),
      refuseBad: (request) => topic.refuse(request, ({ Subject }) => Subject === "[HIGH] bad"),
    } satisfies Partial<Record<Behaviour, Responder>>;
    const harness = harnessOf(sink, receiver, [], [topic.secretAccessKey], behaviours);
    return {
      ...harness,
      received: async () => (await topic.messages()).map(({ alert }) => idOf(alert)),
      async [Symbol.asyncDispose]() {
        await harness[Symbol.asyncDispose]();
        await topic[Symbol.asyncDispose]();
      },
    };
  },
  ["accept", "busy", "refuse", "refuseBad", "hang", "cut"],
);

testSink(
  "file",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "keyhawk-sink-"));
    const folder = join(directory, "alerts");
    await mkdir(folder);
    const path = join(folder, "alerts.ndjson");
    return {
      sink: await oneSink({ type: "file", path }),
      secrets: [],
      async behave(behaviour) {
        if (behaviour === "accept") await mkdir(folder, { recursive: true });
        else await rm(folder, { recursive: true }); // As when the disk is not mounted.
      },
      async received() {
        return linesOf(await readFile(path, "utf8").catch(() => ""));
      },
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
    };
  },
  ["accept", "busy"],
);

testSink(
  "stdout",
  async () => {
    let text = "";
    let problem: Error | undefined;
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, done) {
        if (problem === undefined) text += chunk.toString("utf8");
        done(problem);
      },
      autoDestroy: false,
    });
    const dependencies = { secrets: { env: {} }, stdout, now: Date.now };
    const [sink] = await createSinks([SinkOptions.parse({ type: "stdout" })], dependencies);
    if (sink === undefined) throw new Error("no sink was made");
    return {
      sink,
      secrets: [],
      behave(behaviour) {
        problem = behaviour === "accept" ? undefined : Object.assign(new Error(), { code: "EIO" });
      },
      received: async () => linesOf(text),
      async [Symbol.asyncDispose]() {},
    };
  },
  ["accept"],
);

function harnessOf(
  sink: Sink,
  receiver: HttpReceiver,
  received: readonly string[],
  secrets: readonly string[],
  responders: Partial<Record<Behaviour, Responder>>,
): SinkHarness {
  return {
    sink,
    secrets,
    received: async () => received,
    behave(behaviour) {
      const answer = behaviour === "hang" || behaviour === "cut" ? behaviour : undefined;
      receiver.respond(
        answer === undefined ? (responders[behaviour] ?? (() => "cut")) : () => answer,
      );
    },
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => idOf(JSON.parse(line) as Alert));
}

function errorXml(code: string): string {
  return `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
}
