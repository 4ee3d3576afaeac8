import type { DynamoDBRecord, DynamoDBStreamEvent, KinesisStreamEvent } from "aws-lambda";
import { createDelivery } from "../../../src/delivery/delivery.ts";
import { DeliveryOptions } from "../../../src/delivery/options.ts";
import { DeliveryError, type Sink } from "../../../src/delivery/sink.ts";
import type { Alert } from "../../../src/detection/alert.ts";
import { Budget } from "../../../src/detection/budget.ts";
import { combinationOf } from "../../../src/detection/combination.ts";
import type { EngineOptions } from "../../../src/detection/engine.ts";
import { LearnedOrganization } from "../../../src/detection/organization.ts";
import { AlertBudgets } from "../../../src/lambda/alert-budgets.ts";
import type { DeadLetters, LambdaDeadLetter } from "../../../src/lambda/dead-letters.ts";
import { makeDeliverHandler } from "../../../src/lambda/deliver.ts";
import { makeDetectHandler } from "../../../src/lambda/detect.ts";
import { EntityCache } from "../../../src/lambda/entity-cache.ts";
import { EntityFolder } from "../../../src/lambda/entity-folder.ts";
import type { PutRecords } from "../../../src/lambda/entity-stream.ts";
import { scopedOutbox } from "../../../src/lambda/scoped-outbox.ts";
import { makeSpreadHandler } from "../../../src/lambda/spread.ts";
import { makeTickHandler } from "../../../src/lambda/tick.ts";
import type { Random } from "../../../src/simulation/random.ts";
import type { EntityStore } from "../../../src/store/entity-store.ts";
import { silentLog } from "../../../src/telemetry.ts";
import { memoryEntityStore } from "../memory-entity-store.ts";
import { READ_OPTIONS } from "../parsing.ts";
import { type FaultRates, Faults, type Invocation } from "./faults.ts";
import { type InvocationResult, SimulatedMapping } from "./simulated-mapping.ts";
import { type SimulatedRecord, SimulatedStream } from "./simulated-stream.ts";

const BUCKETS = 24;
const SINK = "siem";
const CONTAINERS = 3;
/** Weight of entities kept warm: little, so that some are always cold. */
const CACHE_BYTES = 2 * 2 ** 20;

/** A bug planted where the handlers meet the world. */
export type PlantedBug = (store: EntityStore) => EntityStore;

export interface TopologyOptions {
  readonly engine: EngineOptions;
  readonly rates: FaultRates;
  readonly random: Random;
  readonly plant?: PlantedBug | undefined;
  /** Whether a response that names failed records is heeded. */
  readonly heedsFailures?: boolean;
}

interface Container<Handler> {
  readonly handler: Handler;
  invocation: Invocation;
}

/** The four handlers, three streams and a table in one thread, with everything going wrong by seed. */
export class Topology {
  readonly source = new SimulatedStream(2);
  readonly entities = new SimulatedStream(2);
  readonly #table = new SimulatedStream(1);
  readonly store = memoryEntityStore(() => this.nowMs);
  readonly letters: LambdaDeadLetter[] = [];
  /** Revisions that the sink accepted, in order. */
  readonly received: Alert[] = [];
  readonly faults: Faults;
  nowMs = Date.parse("2026-03-14T03:00:00Z");

  readonly #options: TopologyOptions;
  readonly #random: Random;
  readonly #mappings: SimulatedMapping[];
  readonly #spread: Pool<ReturnType<typeof makeSpreadHandler>>;
  readonly #detect: Pool<ReturnType<typeof makeDetectHandler>>;
  readonly #deliver: Pool<ReturnType<typeof makeDeliverHandler>>;
  readonly #tick: Pool<ReturnType<typeof makeTickHandler>>;

  constructor(options: TopologyOptions) {
    this.#options = options;
    this.#random = options.random.fork("order");
    this.faults = new Faults(options.rates, options.random.fork("faults"));
    const pool = <Handler>(make: (calls: Calls) => Handler) =>
      new Pool<Handler>((calls) => make(calls), this.#random, this.faults);
    this.#spread = pool((calls) => makeSpreadHandler(this.#spreadDependencies(calls)));
    this.#detect = pool((calls) => makeDetectHandler(this.#detectDependencies(calls)));
    this.#deliver = pool((calls) => makeDeliverHandler(this.#deliverDependencies(calls)));
    this.#tick = pool((calls) => makeTickHandler(this.#deliverDependencies(calls)));
    this.#mappings = [this.#spreads(), this.#detects(), this.#delivers()];
  }

  /** Another slice of time begins. */
  beginSlice(slice: number): void {
    this.source.slice = slice;
    this.entities.slice = slice;
  }

  /** A mapping beside the one there is: it delivers the records of the last slices again, and all that come. */
  doubleMapping(slices: number): void {
    const from = this.source.slice - slices;
    this.faults.count("secondMappings");
    this.#mappings.push(this.#random.chance(0.5) ? this.#detects(from) : this.#spreads(from));
  }

  reshard(): void {
    this.faults.count("reshardings");
    (this.#random.chance(0.5) ? this.source : this.entities).reshard(this.#random);
  }

  /** Until every mapping has read everything. */
  async drain(): Promise<void> {
    for (let steps = 0; !this.#mappings.every((mapping) => mapping.isDrained); steps += 1) {
      if (steps > 20_000) throw new Error("the streams never run dry");
      const ready = this.#mappings.flatMap((mapping) =>
        mapping.ready().map((lane) => () => mapping.step(lane)),
      );
      const some = this.#random.shuffle(ready).slice(0, this.#random.integer(1, 4));
      await Promise.all(some.map((step) => step()));
      this.nowMs += this.#random.integer(1, 500);
    }
  }

  async tick(): Promise<void> {
    await this.#tick.use(async ({ handler, invocation }) => {
      // A run that fails is followed by another.
      await handler({}, this.#contextOf(invocation)).catch(() => this.faults.count("failedTicks"));
    });
  }

  /** Ticks and drains, event time having come to an hour, until nothing is open, on its way or waiting for a sink. */
  async settle(hour: number): Promise<void> {
    await this.store.raiseWatermark(15, hour * 3_600_000);
    for (let round = 0; ; round += 1) {
      if (round > 400) throw new Error("never settles");
      await this.drain();
      const isOver =
        (await this.store.closing(hour, 1)).length === 0 &&
        (await this.store.pendingOutboxes(Number.MAX_SAFE_INTEGER, 1)).length === 0 &&
        (await this.store.deliveries.counts()).every(({ pending }) => pending === 0);
      if (isOver) return;
      this.nowMs += 180_000;
      await this.tick();
    }
  }

  #contextOf(invocation: Invocation) {
    return { getRemainingTimeInMillis: () => invocation.leftMs };
  }

  #mapping(
    stream: SimulatedStream,
    invoke: (records: readonly SimulatedRecord[], shard: string) => Promise<InvocationResult>,
    fromSlice: number | undefined,
    discards = false,
  ): SimulatedMapping {
    const { faults } = this;
    const given = { random: this.#random.fork(`mapping ${this.#random.bits()}`), faults };
    const start = fromSlice === undefined ? {} : { fromSlice };
    const all = { ...given, factor: 10, discards, ...start };
    return new SimulatedMapping(stream, (records, { id }) => invoke(records, id), all);
  }

  #spreads(fromSlice?: number): SimulatedMapping {
    return this.#mapping(
      this.source,
      (records, shard) =>
        this.#spread.use(async ({ handler, invocation }) =>
          this.#heed(await handler(this.#eventOf(records, shard), this.#contextOf(invocation))),
        ),
      fromSlice,
    );
  }

  #detects(fromSlice?: number): SimulatedMapping {
    return this.#mapping(
      this.entities,
      (records, shard) =>
        this.#detect.use(async ({ handler, invocation }) =>
          this.#heed(await handler(this.#eventOf(records, shard), this.#contextOf(invocation))),
        ),
      fromSlice,
    );
  }

  #delivers(): SimulatedMapping {
    return this.#mapping(
      this.#table,
      (records) =>
        this.#deliver.use(async ({ handler, invocation }) => {
          const event: DynamoDBStreamEvent = {
            Records: records.map(({ sequence, partitionKey }) => ({
              dynamodb: { SequenceNumber: sequence, Keys: { name: { S: partitionKey } } },
            })),
          };
          return this.#heed(await handler(event, this.#contextOf(invocation)));
        }),
      undefined,
      true,
    );
  }

  #heed({ batchItemFailures: [first] }: { batchItemFailures: { itemIdentifier: string }[] }) {
    if (first === undefined || this.#options.heedsFailures === false) return undefined;
    return { from: first.itemIdentifier };
  }

  #eventOf(records: readonly SimulatedRecord[], shard: string): KinesisStreamEvent {
    return {
      Records: records.map(({ sequence, partitionKey, data }) => ({
        kinesis: {
          kinesisSchemaVersion: "1.0",
          sequenceNumber: sequence,
          partitionKey,
          data: Buffer.from(data).toString("base64"),
          approximateArrivalTimestamp: Date.parse("2099-01-01T00:00:00Z") / 1000,
        },
        eventID: `${shard}:${sequence}`,
        eventName: "aws:kinesis:record",
        eventSource: "aws:kinesis",
        eventSourceARN: "arn:aws:kinesis:eu-west-1:111122223333:stream/s",
        eventVersion: "1.0",
        awsRegion: "eu-west-1",
        invokeIdentityArn: "",
      })),
    };
  }

  /** The table as one container sees it. */
  #storeOf(calls: Calls): EntityStore {
    const planted = this.#options.plant?.(this.#withStream()) ?? this.#withStream();
    return calls.through(planted, {
      deliveries: calls.through(planted.deliveries),
      suppressions: calls.through(planted.suppressions),
    });
  }

  /** The table whose stream tells of outboxes. */
  #withStream(): EntityStore {
    const { store } = this;
    return {
      ...store,
      commit: async (write) => {
        const isWritten = await store.commit(write);
        if (!isWritten) this.faults.count("conflicts");
        else if (write.outbox.length > 0) this.#table.put(write.name, new Uint8Array());
        return isWritten;
      },
    };
  }

  #outside(calls: Calls) {
    const deadLetters: DeadLetters = {
      put: (_, letters) => calls.make(async () => void this.letters.push(...letters)),
    };
    const random = this.#random.fork(`container ${this.#random.bits()}`);
    return {
      deadLetters,
      log: silentLog,
      metrics: { write: () => true },
      now: () => this.nowMs,
      sleep: async (ms: number) => {
        calls.invocation.leftMs -= ms;
      },
      random: () => random.fraction(),
      putRecords: ((records) =>
        calls.make(async () =>
          records.map(({ partitionKey, data }) => {
            if (this.faults.strikes("refused")) {
              this.faults.count("recordsRefused");
              return false;
            }
            this.entities.put(partitionKey, data);
            return true;
          }),
        )) satisfies PutRecords,
      buckets: BUCKETS,
    };
  }

  #spreadDependencies(calls: Calls) {
    const { engine } = this.#options;
    return {
      ...this.#outside(calls),
      detectors: engine.detectors,
      read: READ_OPTIONS,
      organization: new LearnedOrganization(engine.organization, {}),
      store: this.#storeOf(calls),
      fetchObject: undefined,
    };
  }

  #detectDependencies(calls: Calls) {
    const { engine } = this.#options;
    const organization = new LearnedOrganization(engine.organization, {});
    return {
      ...this.#outside(calls),
      store: this.#storeOf(calls),
      cache: new EntityCache(CACHE_BYTES),
      options: {
        engine,
        organization,
        notes: { current: [] },
        heard: { current: [] },
        before: { learnedUntilMs: Number.NEGATIVE_INFINITY },
      },
    };
  }

  #deliverDependencies(calls: Calls) {
    const { engine } = this.#options;
    const folding = this.#detectDependencies(calls);
    const { store, cache } = folding;
    const outbox = scopedOutbox(store.deliveries);
    const { now, random, log, sleep } = folding;
    const delivery = createDelivery({
      outbox,
      sinks: [this.#sink(calls)],
      options: DeliveryOptions.parse({}),
      log,
      now,
      random,
      sleep,
    });
    const budget = new Budget({ ...engine, openHours: engine.latenessHours + 1 });
    return {
      ...folding,
      combination: combinationOf(engine, undefined),
      budgets: new AlertBudgets({ budget, cache, folder: new EntityFolder(folding) }),
      sinksFor: () => [SINK],
      entityOf: ({ dynamodb }: DynamoDBRecord) => dynamodb?.Keys?.["name"]?.S,
      outbox,
      delivery,
    };
  }

  #sink(calls: Calls): Sink {
    return {
      name: SINK,
      batchSize: 5,
      deliver: async (alerts) => {
        if (calls.invocation.isDead) return alerts.map(() => down());
        return alerts.map((alert) => {
          if (this.faults.strikes("sinkDown")) {
            this.faults.count("sinkRefusals");
            return down();
          }
          this.received.push(alert);
          return undefined;
        });
      },
      close: async () => {},
    };
  }
}

function down(): DeliveryError {
  return new DeliveryError(SINK, "is down", { retryable: true });
}

/** Calls to the outside by one container, which fail as the invocation under way does. */
class Calls {
  invocation: Invocation = { isDead: false, leftMs: 0 };
  readonly #faults: Faults;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  make<Result>(act: () => Promise<Result>): Promise<Result> {
    return this.#faults.call(this.invocation, act);
  }

  /** An object whose every method is a call to the outside. */
  through<Target extends object>(target: Target, parts: Partial<Target> = {}): Target {
    return new Proxy(target, {
      get: (_, name) => {
        const part: unknown = Reflect.get(parts, name);
        const value: unknown = part ?? Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) =>
          this.make(async () => (await Reflect.apply(value, target, given)) as unknown);
      },
    });
  }
}

/** Containers of one function: warm ones wait for the next invocation, one that died is never seen again. */
class Pool<Handler> {
  readonly #free: { readonly handler: Handler; readonly calls: Calls }[] = [];
  readonly #make: (calls: Calls) => Handler;
  readonly #random: Random;
  readonly #faults: Faults;

  constructor(make: (calls: Calls) => Handler, random: Random, faults: Faults) {
    this.#make = make;
    this.#random = random;
    this.#faults = faults;
  }

  async use<Result>(
    act: (container: Container<Handler>) => Promise<Result>,
  ): Promise<Result | "failed"> {
    const container = this.#take();
    const { handler, calls } = container;
    calls.invocation = { isDead: false, leftMs: this.#leftMs() };
    const { invocation } = calls;
    let result: Result | "failed";
    try {
      result = await act({ handler, invocation });
    } catch {
      this.#faults.count("handlerErrors");
      result = "failed";
    }
    if (invocation.isDead) return "failed";
    if (this.#free.length < CONTAINERS) this.#free.push(container);
    return result;
  }

  #take() {
    const at = this.#random.integer(0, CONTAINERS - 1);
    const [warm] = this.#free.splice(at, 1);
    if (warm !== undefined) return warm;
    this.#faults.count("coldStarts");
    const calls = new Calls(this.#faults);
    return { handler: this.#make(calls), calls };
  }

  #leftMs(): number {
    if (!this.#faults.strikes("hurried")) return 60_000;
    this.#faults.count("hurriedInvocations");
    return this.#random.integer(3005, 8100);
  }
}
