import { parseArn, partitionOf } from "./arn.ts";
import type { KmsKey } from "./event.ts";
import { type Fields, fieldsOf, listOf, textOf } from "./fields.ts";
import { memoize } from "./memo.ts";

/** Where a key id without Region and account belongs. */
export interface KeyHome {
  readonly region: string;
  readonly accountId: string;
}

/**
 * The KMS keys a record is about, the used one first; ReEncrypt: source, then destination.
 *
 * The keys in `resources` come first, since KMS has resolved them; what they lack is filled from the request, the response
 * and the details of a service event, where a key goes by its id, its ARN, an alias or an alias's ARN.
 */
export function keysOf(record: Fields, home: KeyHome): readonly KmsKey[] {
  const known = resourceKeys(record["resources"], home);
  const request = fieldsOf(record["requestParameters"]);
  if (record["eventName"] === "ReEncrypt") {
    const source = resolve(request?.["sourceKeyId"], home);
    return reEncryptKeys(known, source, resolve(request?.["destinationKeyId"], home));
  }
  const asked = askedFor(request, home);
  if (known.length === 0) {
    const key = asked ?? answered(record, home);
    return key === undefined ? [] : [key];
  }
  return withAlias(usedFirst(known, asked), asked?.alias);
}

function resourceKeys(resources: unknown, home: KeyHome): KmsKey[] {
  const keys: KmsKey[] = [];
  for (const item of listOf(resources)) {
    const resource = fieldsOf(item);
    const arn = textOf(resource?.["ARN"]) ?? textOf(resource?.["arn"]);
    const key = arn === undefined ? undefined : resolve(arn, home);
    const isKey = arn?.startsWith("arn:") === true || resource?.["type"] === "AWS::KMS::Key";
    if (isKey && key !== undefined && !isAlias(key) && !keys.some(({ arn }) => arn === key.arn)) {
      keys.push(key);
    }
  }
  return keys;
}

/** The key that the caller named, by whatever name. */
function askedFor(request: Fields | undefined, home: KeyHome): KmsKey | undefined {
  if (request === undefined) {
    return undefined;
  }
  const key = resolve(request["keyId"], home) ?? resolve(request["targetKeyId"], home);
  const alias = resolve(request["aliasName"], home);
  if (key === undefined || key.alias !== undefined) {
    return key ?? alias;
  }
  return alias === undefined ? key : { ...key, alias: alias.alias };
}

/** The key that only the response or the details name: a new key, a key that KMS itself rotated or deleted. */
function answered(record: Fields, home: KeyHome): KmsKey | undefined {
  const response = fieldsOf(record["responseElements"]);
  return (
    resolve(fieldsOf(response?.["keyMetadata"])?.["arn"], home) ??
    resolve(response?.["keyId"], home) ??
    resolve(fieldsOf(record["serviceEventDetails"])?.["keyId"], home) ??
    resolve(fieldsOf(record["additionalEventData"])?.["keyId"], home)
  );
}

function usedFirst(keys: readonly KmsKey[], used: KmsKey | undefined): readonly KmsKey[] {
  const first = used === undefined ? undefined : keys.find((key) => key.arn === used.arn);
  return first === undefined || first === keys[0]
    ? keys
    : [first, ...keys.filter((key) => key !== first)];
}

function withAlias(keys: readonly KmsKey[], alias: string | undefined): readonly KmsKey[] {
  const [first, ...rest] = keys;
  return first === undefined || alias === undefined ? keys : [{ ...first, alias }, ...rest];
}

/** Resources come in either order, and one of the two may be missing: the request tells which is which. */
function reEncryptKeys(
  known: readonly KmsKey[],
  source: KmsKey | undefined,
  destination: KmsKey | undefined,
): readonly KmsKey[] {
  const rest = known.filter(({ arn }) => arn !== source?.arn && arn !== destination?.arn);
  const first = isAlias(source) ? (rest.shift() ?? source) : (source ?? rest.shift());
  const second = isAlias(destination) ? rest.shift() : (destination ?? rest.shift());
  const keys: KmsKey[] = [];
  for (const [key, named] of [
    [first, source] as const,
    [second ?? destination, destination] as const,
  ]) {
    if (key !== undefined && key.arn !== keys[0]?.arn) {
      keys.push({ ...key, alias: named?.alias });
    }
  }
  return keys;
}

function isAlias(key: KmsKey | undefined): boolean {
  return key?.alias !== undefined && key.arn.endsWith(`:${key.alias}`);
}

const LONGEST_ID = 2048;

/** A key by any of its names: id (`mrk-…` too), key ARN, alias name, alias ARN. Undefined for anything else. */
function resolve(name: unknown, home: KeyHome): KmsKey | undefined {
  const text = textOf(name);
  if (text === undefined || text.length > LONGEST_ID) {
    return undefined;
  }
  if (text.startsWith("arn:")) {
    return fromArn(text);
  }
  const resource = text.startsWith("alias/") || text.startsWith("key/") ? text : `key/${text}`;
  if (resource.indexOf("/") === resource.length - 1) {
    return undefined;
  }
  const { region, accountId } = home;
  return {
    arn: `arn:${partitionOf(region)}:kms:${region}:${accountId}:${resource}`,
    accountId,
    region,
    alias: resource.startsWith("alias/") ? resource : undefined,
  };
}

const fromArn = memoize(parseKeyArn, 10_000);

function parseKeyArn(text: string): KmsKey | undefined {
  const arn = parseArn(text);
  const kind = arn?.resource.slice(0, arn.resource.indexOf("/"));
  if (arn === undefined || arn.service !== "kms" || (kind !== "key" && kind !== "alias")) {
    return undefined;
  }
  const { accountId, region, resource } = arn;
  return { arn: text, accountId, region, alias: kind === "alias" ? resource : undefined };
}
