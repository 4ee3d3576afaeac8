import type { Outbox, OutboxEntry } from "../store/store.ts";

/** An outbox of which one invocation looks after a part, so that those beside it do not send the same. */
export interface ScopedOutbox extends Outbox {
  /** Says which entries are due to this invocation. */
  lookAfter(isOurs: (entry: OutboxEntry) => boolean): void;
}

/** Entries read to choose from. */
const READ_LIMIT = 500;

/** A view of an outbox in which only the entries looked after are due. */
export function scopedOutbox(outbox: Outbox): ScopedOutbox {
  let isOurs: (entry: OutboxEntry) => boolean = () => false;
  return {
    lookAfter(which) {
      isOurs = which;
    },
    async due(sink, nowMs, limit) {
      const due = await outbox.due(sink, nowMs, Math.max(limit, READ_LIMIT));
      return due.filter(isOurs).slice(0, limit);
    },
    accepted: (ids) => outbox.accepted(ids),
    retryLater: (ids, nextAttemptMs, error) => outbox.retryLater(ids, nextAttemptMs, error),
    park: (ids, error) => outbox.park(ids, error),
    redrive: (sink) => outbox.redrive(sink),
    counts: () => outbox.counts(),
    add: (deliveries) => outbox.add(deliveries),
  };
}
