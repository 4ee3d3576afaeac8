import type { Principal } from "./event.ts";
import { type Fields, fieldsOf, type Surroundings } from "./fields.ts";
import { readPrincipal } from "./principal.ts";

/**
 * Who made the call of a record. What was read of an identity that records share (`identities.ts`) is remembered with it, for
 * as long as it lives.
 */
export function principalOf(record: Fields): Principal {
  const identity = fieldsOf(record["userIdentity"]) ?? {};
  const known = REMEMBERED.get(identity);
  if (known !== undefined && isReadAlike(known, record)) {
    return known.principal;
  }
  const principal = readPrincipal(identity, record);
  const { eventType, awsRegion, recipientAccountId, sessionCredentialFromConsole } = record;
  REMEMBERED.set(identity, {
    principal,
    eventType,
    awsRegion,
    recipientAccountId,
    sessionCredentialFromConsole,
  });
  return principal;
}

interface Remembered extends Required<Surroundings> {
  readonly principal: Principal;
}

const REMEMBERED = new WeakMap<Fields, Remembered>();

function isReadAlike(known: Remembered, record: Surroundings): boolean {
  return (
    known.recipientAccountId === record.recipientAccountId &&
    known.awsRegion === record.awsRegion &&
    known.eventType === record.eventType &&
    known.sessionCredentialFromConsole === record.sessionCredentialFromConsole
  );
}
