import { nearestName } from "../config/nearest-name.ts";
import type { KeptAlert, StateStore } from "../store/store.ts";

/**
 * The alert with an id, or with the only id that starts so (4 characters at least, among the newest 10,000 alerts).
 * Throws where there is none or more than one, naming the nearest.
 */
export async function findAlert(store: StateStore, id: string): Promise<KeptAlert> {
  const exact = await store.alerts.get(id);
  if (exact !== undefined) return exact;
  const known = await store.alerts.list({ limit: searchedAlerts });
  const matching = id.length < 4 ? [] : known.filter(({ alert }) => alert.alertId.startsWith(id));
  const [only, second] = matching;
  if (only !== undefined && second === undefined) return only;
  if (second !== undefined) {
    throw new Error(`alert ${id}: ${matching.length} ids start so; give more of it`);
  }
  const ids = known.map(({ alert }) => alert.alertId);
  const nearest = nearestName(id, ids);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  throw new Error(`alert ${id}: no such alert among ${ids.length} kept${hint}`);
}

const searchedAlerts = 10_000;
