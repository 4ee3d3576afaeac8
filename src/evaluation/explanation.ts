import type { TruthAttack } from "../simulation/truth.ts";
import type { JudgedAlert } from "./judged-alert.ts";

/** An attack, prepared for comparing. */
export interface Suspect {
  readonly attack: TruthAttack;
  readonly startMs: number;
  readonly endMs: number;
  readonly principals: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
  readonly eventIds: ReadonlySet<string>;
}

export function suspectOf(attack: TruthAttack): Suspect {
  return {
    attack,
    startMs: Date.parse(attack.start),
    endMs: Date.parse(attack.end),
    principals: new Set(attack.principals),
    keys: new Set(attack.keys),
    eventIds: new Set(attack.eventIds),
  };
}

/**
 * Whether an attack explains an alert. Its time: what it is about overlaps the attack and the day after it, and it was
 * not named before the attack began. And its subject, by the first of these rules that applies:
 *
 * 1. its evidence names a record of the attack: explained;
 * 2. it is about a principal: explained if that is one of the attack's; if it is not, only where the attack breaks keys
 *    for everyone and the alert is about such a key;
 * 3. it is about a key and no principal: explained if that is one of the attack's;
 * 4. it is about an account alone: explained if the attack concerns the whole of that account.
 *
 * A busy key's other users during an attack, or another alert in the same account, explain nothing by themselves.
 */
export function explains(suspect: Suspect, alert: JudgedAlert): boolean {
  const { attack, startMs, endMs } = suspect;
  if (alert.firstMs < startMs || alert.startMs > endMs + dayMs) return false;
  if (alert.endMs < startMs) return false;
  for (const id of alert.eventIds) if (suspect.eventIds.has(id)) return true;
  const isAboutKey = alert.key !== undefined && suspect.keys.has(alert.key);
  if (alert.principal !== undefined) {
    return suspect.principals.has(alert.principal) || (attack.breaksKeys && isAboutKey);
  }
  if (alert.key !== undefined) return isAboutKey;
  return attack.wholeAccount && alert.account === attack.account;
}

const dayMs = 86_400_000;
