import type { KmsEvent } from "../cloudtrail/event.ts";
import type { EntityKind } from "../detection/detector.ts";
import { type Accounts, entityName, route } from "../detection/routing.ts";
import type { LambdaDeadLetter } from "./dead-letters.ts";
import { bucketOf, type OutgoingRecord, RECORD_BYTES } from "./entity-stream.ts";
import { emptyParcel, pack, type SourcedEvent } from "./packing.ts";

/** Names that the store can file something under, bytes of UTF-8. */
const NAME_BYTES = 1500;
/** Events packed together before it is looked how large they are. */
const PARCEL_EVENTS = 4000;

interface Bucket {
  readonly events: SourcedEvent[];
  readonly shares: Map<string, number[]>;
}

/** Events on their way to the buckets of the entities that they are about. */
export class Parcels {
  readonly #bucketCount: number;
  readonly #organization: Accounts;
  readonly #accepts: (kind: EntityKind, event: KmsEvent) => boolean;
  readonly #buckets = new Map<number, Bucket>();
  readonly #letters: LambdaDeadLetter[] = [];
  readonly #records: OutgoingRecord[] = [];
  #targets = 0;
  #dropped = 0;

  constructor(
    buckets: number,
    organization: Accounts,
    accepts: (kind: EntityKind, event: KmsEvent) => boolean,
  ) {
    this.#bucketCount = buckets;
    this.#organization = organization;
    this.#accepts = accepts;
  }

  add(sourced: SourcedEvent): void {
    for (const { kind, id } of route(sourced.event, this.#organization)) {
      if (!this.#accepts(kind, sourced.event)) {
        this.#dropped += 1;
        continue;
      }
      this.#targets += 1;
      const name = entityName(kind, id);
      if (Buffer.byteLength(name) > NAME_BYTES) this.#setAside("name-too-long", name, [sourced]);
      else this.#addTo(bucketOf(name, this.#bucketCount), name, sourced);
    }
  }

  #addTo(number: number, name: string, sourced: SourcedEvent): void {
    let bucket = this.#buckets.get(number);
    if (bucket === undefined) {
      bucket = { events: [], shares: new Map() };
      this.#buckets.set(number, bucket);
    }
    // Entities of one event that share a bucket share the event.
    if (bucket.events[bucket.events.length - 1] !== sourced) bucket.events.push(sourced);
    const at = bucket.events.length - 1;
    const share = bucket.shares.get(name);
    if (share === undefined) bucket.shares.set(name, [at]);
    else share.push(at);
    if (bucket.events.length < PARCEL_EVENTS) return;
    this.#close(number, bucket);
    this.#buckets.delete(number);
  }

  close() {
    for (const [number, bucket] of this.#buckets) this.#close(number, bucket);
    this.#buckets.clear();
    return {
      records: this.#records,
      letters: this.#letters,
      targets: this.#targets,
      dropped: this.#dropped,
    };
  }

  /** Packs a bucket into one record, or halves until each half fits. */
  #close(number: number, bucket: Bucket): void {
    const { events, shares } = bucket;
    const data = this.#pack(bucket);
    if (data !== undefined && data.byteLength <= RECORD_BYTES) {
      this.#records.push({ bucket: number, data });
    } else if (events.length > 1) {
      const middle = events.length >> 1;
      this.#close(number, part(bucket, 0, middle));
      this.#close(number, part(bucket, middle, events.length));
    } else {
      for (const name of shares.keys()) this.#setAside("too-large", name, events);
    }
  }

  #pack({ events, shares }: Bucket): Uint8Array | undefined {
    try {
      const entities = [...shares].map(([name, own]) => ({ name, events: own }));
      return pack({ ...emptyParcel, events, entities });
    } catch (error) {
      // Parameters nested so deep that they cannot be written: halved until it is clear whose they are.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** Sets events aside for one entity, as a record that could be put again were it allowed. */
  #setAside(reason: string, name: string, events: readonly SourcedEvent[]): void {
    for (const sourced of events) {
      const { origin, index, event } = sourced;
      const whole = this.#pack({ events: [sourced], shares: new Map([[name, [0]]]) });
      const kind = name.slice(0, name.indexOf(":"));
      this.#letters.push({
        reason,
        detail: `event for a ${kind}`,
        origin: `${origin}/${index}`,
        payload: whole ?? new TextEncoder().encode(JSON.stringify({ name, id: event.eventId })),
      });
    }
  }
}

function part({ events, shares }: Bucket, from: number, to: number): Bucket {
  const own = [...shares].flatMap(([name, indexes]) => {
    const within = indexes.filter((at) => at >= from && at < to).map((at) => at - from);
    return within.length === 0 ? [] : [[name, within] as const];
  });
  return { events: events.slice(from, to), shares: new Map(own) };
}
