import type { Grant } from "../baseline/grant.ts";
import type { KmsEvent } from "../cloudtrail/event.ts";
import { addEvidence, type Evidence, newEvidence } from "./evidence.ts";

/** What an hour's equal grants give to one grantee. Plain data; counting commutes. */
export interface Given {
  grantee: string;
  kind: Grant["kind"];
  accountId: string | null;
  regrants: boolean;
  /** Whether none of them narrows the grant. */
  unconstrained: boolean;
  /** Whether all of them were made by services for somebody. */
  byService: boolean;
  refused: boolean;
  human: boolean;
  firstMs: number;
  grantor: string;
  evidence: Evidence;
}

/** The name that equal grants share: grantee and what it gets, refused apart: nobody gets known by trying, nor for more than was given. */
export function givenName({ error }: KmsEvent, grant: Grant | undefined): string | undefined {
  if (grant === undefined) return undefined;
  const right = grant.regrants ? "grant further" : "use";
  const ending = error === undefined ? right : "refused";
  // Of the resources of a service in one account none is like another.
  const name = grant.kind === "resource" ? `${grant.accountId ?? ""}:aws` : grant.grantee;
  return `${name}|${ending}`;
}

/** What is given with a first grant of its name. */
export function newGiven(event: KmsEvent, grant: Grant): Given {
  return {
    grantee: grant.grantee,
    kind: grant.kind,
    accountId: grant.accountId ?? null,
    regrants: grant.regrants,
    unconstrained: false,
    byService: true,
    refused: event.error !== undefined,
    human: false,
    firstMs: event.timeMs,
    grantor: event.principal.entity,
    evidence: newEvidence(),
  };
}

/** Counts one more of these grants. */
export function countGiven(given: Given, event: KmsEvent, grant: Grant): void {
  const { entity, human, via } = event.principal;
  given.firstMs = Math.min(given.firstMs, event.timeMs);
  // Of grantees that share a name, and of what was refused, the first to come must not show.
  if (grant.grantee < given.grantee) given.grantee = grant.grantee;
  given.regrants ||= grant.regrants;
  given.unconstrained ||= !grant.isConstrained;
  given.byService &&= via !== undefined;
  given.human ||= human;
  if (entity < given.grantor) given.grantor = entity;
  addEvidence(given.evidence, event);
}
