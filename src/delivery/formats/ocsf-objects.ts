import { isIP } from "node:net";
import type { Alert, AlertPrincipal } from "../../detection/alert.ts";

type Numbers = Alert["observed"];

/** Who behaved how, and how they used to: one analysis with an observation for each number of the finding. */
export function anomalyAnalyses(alert: Alert) {
  const { principal, kmsKey, accountId, observed, expected, baseline, window } = alert;
  if (Object.keys(observed).length === 0) return undefined;
  const learned = Math.round(baseline.daysLearned);
  const baselines = observations(expected, {
    count: baseline.samples,
    ...(learned > 0 && { timespan: { duration_days: learned } }),
  });
  return [
    {
      analysis_targets: [
        target(principal?.key, principal?.type ?? "Principal"),
        target(kmsKey?.arn, "AWS::KMS::Key"),
        target(accountId, "AWS Account"),
        target(alert.detector, "Detector"),
      ]
        .filter((candidate) => candidate !== undefined)
        .slice(0, 1),
      anomalies: observations(observed, {
        timespan: { start_time: Date.parse(window.start), end_time: Date.parse(window.end) },
      }),
      baselines: baselines.length > 0 ? baselines : undefined,
    },
  ];
}

function target(name: string | null | undefined, type: string) {
  return typeof name === "string" ? { name, type } : undefined;
}

function observations(numbers: Numbers, about: object) {
  return Object.entries(numbers).map(([name, value]) => ({
    observation_parameter: name,
    observation_type: typeof value === "number" ? "volume" : "value",
    observations: [{ value: String(value), ...about }],
  }));
}

/** One evidence for each source address and for each user agent: the two are sampled apart, so none belongs to another. */
export function evidences(alert: Alert) {
  const { sourceAddresses, userAgents } = alert.evidence;
  const actor = alert.principal === null ? {} : { actor: actorOf(alert.principal) };
  const found = [
    ...sourceAddresses
      .filter((address) => address !== "")
      .map((address) => ({ ...actor, src_endpoint: endpointOf(address) })),
    // The class asks each evidence for more than a request, hence `data`.
    ...userAgents.map((agent) => ({
      ...actor,
      http_request: { user_agent: agent },
      data: { userAgent: agent },
    })),
  ];
  if (found.length > 0) return found;
  return "actor" in actor ? [actor] : undefined;
}

/** `sourceIPAddress` may name a service, which is no address. */
function endpointOf(address: string) {
  return isAddress(address) ? { ip: address } : { svc_name: address };
}

/** Longest text of OCSF's type for addresses, `ip_t`. */
const LONGEST_ADDRESS = 40;

/** Addresses that fit the schema's type, which has no place for a zone. */
function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%") && text.length <= LONGEST_ADDRESS;
}

function actorOf(principal: AlertPrincipal) {
  const { key, name, type, accountId, session, via } = principal;
  return {
    user: {
      uid: key,
      name,
      type_id: 99,
      type,
      ...(accountId !== null && { account: accountOf(accountId) }),
    },
    ...(session !== null && { session: { uid: session } }),
    ...(via !== null && { app_name: via }),
  };
}

function accountOf(uid: string) {
  return { uid, type_id: 10, type: "AWS Account" };
}

/** The key as the target and the principal as the actor. */
export function resources(alert: Alert) {
  const { kmsKey, principal } = alert;
  const found = [
    kmsKey && {
      uid: kmsKey.arn,
      type: "AWS::KMS::Key",
      region: kmsKey.region,
      role_id: 1,
      role: "Target",
    },
    principal && {
      uid: principal.key,
      name: principal.name,
      type: principal.type,
      role_id: 2,
      role: "Actor",
    },
  ].filter((resource) => resource !== null);
  return found.length > 0 ? found : undefined;
}

/**
 * What an analyst searches by; each name is the dotted path of an attribute of this document, without indices
 * (https://github.com/ocsf/ocsf-docs/blob/main/articles/defining-and-using-observables.md).
 */
export function observables(alert: Alert) {
  const { evidence, principal, kmsKey } = alert;
  const addresses = evidence.sourceAddresses.filter(isAddress);
  const list = [
    ...addresses.map((value) => observable("evidences.src_endpoint.ip", 2, "IP Address", value)),
    ...evidence.userAgents.map((value) =>
      observable("evidences.http_request.user_agent", 16, "HTTP User-Agent", value),
    ),
    ...(principal
      ? [observable("evidences.actor.user.uid", 31, "User Object: uid", principal.key)]
      : []),
    ...(kmsKey ? [observable("resources.uid", 10, "Resource UID", kmsKey.arn)] : []),
  ];
  return list.length > 0 ? list : undefined;
}

function observable(name: string, typeId: number, type: string, value: string) {
  return { name, type_id: typeId, type, value };
}
