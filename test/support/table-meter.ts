import type { MeteredExchange } from "./meter.ts";

/** Requests and capacity units of a table by what was done to what: `BatchGetItem memory`. */
export class TableMeter {
  readonly #units = new Map<string, { requests: number; units: number }>();

  /** Counts one exchange with the table. */
  readonly tell = ({ operation, request, answer }: MeteredExchange): void => {
    const name = `${operation} ${subjectOf(operation, request)}`;
    const known = this.#units.get(name) ?? { requests: 0, units: 0 };
    known.requests += 1;
    const consumed = [answer["ConsumedCapacity"] ?? []].flat() as { CapacityUnits?: number }[];
    for (const { CapacityUnits = 0 } of consumed) known.units += CapacityUnits;
    this.#units.set(name, known);
  };

  reset(): void {
    this.#units.clear();
  }

  /** Sums over all names that match. */
  requests(names: RegExp): number {
    return this.#sum(names, "requests");
  }

  units(names: RegExp): number {
    return this.#sum(names, "units");
  }

  /** Everything counted, for whoever wonders. */
  lines(): string[] {
    return [...this.#units].map(([name, { requests, units }]) => `${name}: ${requests}, ${units}`);
  }

  #sum(names: RegExp, of: "requests" | "units"): number {
    return [...this.#units]
      .filter(([name]) => names.test(name))
      .reduce((sum, [, counted]) => sum + counted[of], 0);
  }
}

interface Key {
  readonly pk: { readonly S: string };
}

interface TableRequest {
  readonly Key?: Key;
  readonly Item?: Key;
  readonly IndexName?: string;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeValues?: Readonly<Record<string, { readonly S?: string }>>;
}

interface BatchedWrite {
  readonly PutRequest?: { readonly Item: Key };
  readonly DeleteRequest?: { readonly Key: Key };
}

/** The kind of item, or the index; a batch is about items of one kind. */
function subjectOf(operation: string, given: TableRequest): string {
  const { Key, Item, IndexName, RequestItems, ExpressionAttributeValues = {} } = given;
  if (IndexName !== undefined) return IndexName;
  const queried = operation === "Query" ? Object.values(ExpressionAttributeValues) : [];
  const [one] = RequestItems === undefined ? [] : Object.values(RequestItems).map(firstIn);
  const key = Key ?? Item ?? one;
  const kind = (key?.pk.S ?? queried.find(({ S }) => S !== undefined)?.S ?? "").replace(/#.*/, "");
  // Entries leave an outbox by an update of the entity's own item.
  const isRemoval = /^(?:SET waitingSinceMs = :since )?REMOVE #e/.test(
    given.UpdateExpression ?? "",
  );
  return isRemoval ? "outbox entries" : kind;
}

function firstIn(batch: unknown): Key | undefined {
  if (!Array.isArray(batch)) return (batch as { readonly Keys: readonly Key[] }).Keys[0];
  const [{ PutRequest, DeleteRequest } = {}] = batch as BatchedWrite[];
  return PutRequest?.Item ?? DeleteRequest?.Key;
}
