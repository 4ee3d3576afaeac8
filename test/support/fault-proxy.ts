import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { forward, type ServerAnswer } from "./forwarding.ts";
import { listenOnLoopback } from "./loopback-server.ts";
import { type PartialBatch, splitBatch } from "./partial-batch.ts";

/** What goes wrong with one request. */
export type Fault =
  /** An AWS error of that name, 400 unless said otherwise; the server behind never sees the request. */
  | {
      readonly kind: "error";
      readonly name: string;
      readonly status?: number;
      readonly message?: string;
    }
  /** The connection is cut before the server behind sees the request. */
  | { readonly kind: "cut" }
  /** The answer comes late. */
  | { readonly kind: "slow"; readonly ms: number }
  /** The request goes on only then. */
  | { readonly kind: "held"; readonly until: Promise<void> }
  /** The server behind does what was asked, and the connection is cut before the answer. */
  | { readonly kind: "lostAnswer" }
  /** Every other entry of a batch is refused as throttled, the rest is done. A request that is no batch goes through. */
  | { readonly kind: "partial" };

export const throttled: Fault = {
  kind: "error",
  name: "ProvisionedThroughputExceededException",
  message: "Rate exceeded for shard",
};
export const broken: Fault = { kind: "error", name: "InternalFailure", status: 500 };

/** One request as a plan sees it. */
export interface ProxiedRequest {
  /** Operation of `x-amz-target`, e.g. `GetRecords`; empty for services without one. */
  readonly operation: string;
  /** How many requests of this operation came before this one. */
  readonly nth: number;
  readonly path: string;
  readonly body: Buffer;
}

/** Says what goes wrong with a request, if anything. */
export type FaultPlan = (request: ProxiedRequest) => Fault | undefined;

export interface FaultProxy {
  readonly endpoint: string;
  /** Requests so far, by operation. */
  readonly requests: ReadonlyMap<string, number>;
  /** Faults made so far. */
  readonly faults: number;
  /** Replaces the plan; undefined lets everything through. */
  plan(plan: FaultPlan | undefined): void;
  stop(): Promise<void>;
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: Buffer;
  readonly batch: PartialBatch | undefined;
}

/** An HTTP proxy on loopback in front of an AWS server, which makes what goes wrong in production go wrong on demand. */
export async function startFaultProxy(target: string, plan?: FaultPlan): Promise<FaultProxy> {
  const requests = new Map<string, number>();
  let current = plan;
  let faults = 0;
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const operation = String(incoming.headers["x-amz-target"] ?? "").replace(/^.*\./, "");
    const nth = requests.get(operation) ?? 0;
    requests.set(operation, nth + 1);
    const fault = current?.({ operation, nth, path: incoming.url ?? "/", body });
    const batch = fault?.kind === "partial" ? splitBatch(operation, body) : undefined;
    if (fault === undefined || (fault.kind === "partial" && batch === undefined)) {
      send(outgoing, await forward(target, incoming, body));
      return;
    }
    faults += 1;
    await misbehave(fault, { incoming, outgoing, body, batch });
  }

  async function misbehave(fault: Fault, { incoming, outgoing, body, batch }: Exchange) {
    if (fault.kind === "cut") {
      incoming.socket.destroy();
    } else if (fault.kind === "error") {
      refuse(outgoing, fault);
    } else if (fault.kind === "lostAnswer") {
      await forward(target, incoming, body);
      incoming.socket.destroy();
    } else if (fault.kind === "slow" || fault.kind === "held") {
      await (fault.kind === "slow" ? sleep(fault.ms) : fault.until);
      send(outgoing, await forward(target, incoming, body));
    } else if (batch !== undefined) {
      const answer = await forward(target, incoming, batch.body);
      send(outgoing, answer.status === 200 ? changed(answer, batch.complete(answer.body)) : answer);
    }
  }

  const { endpoint, stop } = await listenOnLoopback(server);
  return {
    endpoint,
    requests,
    get faults() {
      return faults;
    },
    plan(next) {
      current = next;
    },
    stop,
  };
}

/** A plan that lets each fault happen with the probability given, the same for the same seed (mulberry32). */
export function seededPlan(
  seed: number,
  chances: readonly { fault: Fault; probability: number }[],
): FaultPlan {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return () => {
    let left = random();
    for (const { fault, probability } of chances) {
      left -= probability;
      if (left < 0) {
        return fault;
      }
    }
    return undefined;
  };
}

function refuse(
  outgoing: ServerResponse,
  { name, status, message }: Extract<Fault, { kind: "error" }>,
) {
  const body = JSON.stringify({ __type: name, message: message ?? name });
  outgoing.writeHead(status ?? 400, {
    "content-type": "application/x-amz-json-1.1",
    "x-amzn-errortype": name,
    "x-amzn-requestid": "00000000-0000-4000-8000-000000000000",
  });
  outgoing.end(body);
}

function send(outgoing: ServerResponse, { status, headers, body }: ServerAnswer): void {
  outgoing.writeHead(status, headers);
  outgoing.end(body);
}

/** An answer whose body was changed on its way: of another length, and without the checksum that DynamoDB sends. */
function changed(answer: ServerAnswer, body: Buffer): ServerAnswer {
  const { "x-amz-crc32": _, "transfer-encoding": __, ...rest } = answer.headers;
  return { ...answer, headers: { ...rest, "content-length": String(body.length) }, body };
}
