import { type Arn, parseArn, partitionOf } from "./arn.ts";
import type { Principal } from "./event.ts";
import { familyOf } from "./family.ts";
import { type Fields, fieldsOf, isTrue, type Surroundings, textOf } from "./fields.ts";
import { memoize } from "./memo.ts";

/** Who acted, out of a `userIdentity` in all its renderings. Never throws; an unreadable identity is `Unknown`. */
export function readPrincipal(identity: Fields, record: Surroundings): Principal {
  const invokedBy = optionalServiceName(textOf(identity["invokedBy"]));
  const type = textOf(identity["type"]);
  const service = serviceOf(type, identity, invokedBy, record);
  if (service !== undefined) {
    return servicePrincipal(service, textOf(identity["accountId"]));
  }
  const actor = actorOf(type, identity, record);
  const { key, name, session } = actor;
  const permissionSet = name.startsWith("AWSReservedSSO_");
  return {
    key,
    entity: permissionSet && session !== undefined ? `${key}#${session}` : key,
    type: actor.type,
    accountId: textOf(identity["accountId"]) ?? textOf(parseArn(key)?.accountId),
    name,
    session,
    via: invokedBy,
    human: permissionSet || isHuman(actor, identity, record),
    service: false,
    family: familyOf(name),
    accessKeyId: maskAccessKey(textOf(identity["accessKeyId"])),
  };
}

const REGION_LABEL = /^[a-z]{2,4}(?:-[a-z]+)+-\d$/;

/** `workmail.eu-west-1.amazonaws.com` and `workmail.amazonaws.com` are the same service; `AWS Internal/3` is `AWS Internal`. */
export function serviceName(text: string): string {
  if (text.startsWith("AWS Internal") || text === "&AWS; Internal") {
    return "AWS Internal";
  }
  const short = text.slice(0, LONGEST_NAME);
  if (!short.includes("-")) {
    return short;
  }
  return short
    .split(".")
    .filter((label) => !REGION_LABEL.test(label))
    .join(".");
}

const LONGEST_NAME = 256;

function optionalServiceName(text: string | undefined): string | undefined {
  return text === undefined ? undefined : serviceName(text);
}

/** What the renderings have in common. */
interface Actor {
  readonly key: string;
  readonly type: string;
  readonly name: string;
  readonly session: string | undefined;
}

/** The service's name where a service acted by itself; undefined where somebody acted, be it through a service. */
function serviceOf(
  type: string | undefined,
  identity: Fields,
  invokedBy: string | undefined,
  record: Surroundings,
): string | undefined {
  if (type === "AWSService") {
    const named = textOf(identity["userName"]) ?? textOf(identity["principalId"]);
    return invokedBy ?? optionalServiceName(named) ?? "AWSService";
  }
  if (type !== undefined || textOf(identity["arn"]) !== undefined) {
    return undefined;
  }
  return record.eventType === "AwsServiceEvent" ? (invokedBy ?? "AWS Internal") : invokedBy;
}

function servicePrincipal(service: string, accountId: string | undefined): Principal {
  return {
    key: service,
    entity: service,
    type: "AWSService",
    accountId,
    name: service,
    session: undefined,
    via: undefined,
    human: false,
    service: true,
    family: service,
    accessKeyId: undefined,
  };
}

function actorOf(type: string | undefined, identity: Fields, record: Surroundings): Actor {
  const actor =
    type === "FederatedUser"
      ? federatedUser(identity)
      : (identityCenterUser(type, identity) ??
        fromIssuer(type, identity) ??
        fromOwnArn(type, identity) ??
        fromAccount(type, identity, record));
  return actor ?? unnamed(type ?? "Unknown", identity, record);
}

function sessionIssuer(identity: Fields): Fields {
  return fieldsOf(fieldsOf(identity["sessionContext"])?.["sessionIssuer"]) ?? {};
}

/** The role that issued the session's credentials, its path included, which the session's own ARN has lost. */
function fromIssuer(type: string | undefined, identity: Fields): Actor | undefined {
  const issuer = textOf(sessionIssuer(identity)["arn"]);
  if (issuer === undefined || type === "IAMUser" || type === "Root") {
    return undefined;
  }
  const session = sessionOf(identity);
  const arn = textOf(identity["arn"]);
  const own = arn === undefined ? undefined : fromArn(type, arn);
  const actor = fromArn(type, issuer);
  if (actor === undefined) {
    return undefined;
  }
  // Some renderings name a user or a session as issuer: then the caller's own role ARN says more.
  if (!issuer.includes(":role/") && own?.key.includes(":role/") === true) {
    return { ...own, session };
  }
  return { ...actor, type: type ?? "AssumedRole", session: session ?? actor.session };
}

function fromOwnArn(type: string | undefined, identity: Fields): Actor | undefined {
  const actor = fromArn(type, textOf(identity["arn"]));
  return actor?.key.includes(":role/") === true
    ? { ...actor, session: sessionOf(identity) }
    : actor;
}

function fromArn(type: string | undefined, text: string | undefined): Actor | undefined {
  const actor = text === undefined ? undefined : byShape(text);
  return actor === undefined || type === undefined ? actor : { ...actor, type };
}

const byShape = memoize(actorByShape, 10_000);

/** By the shape of the ARN, type included; undefined for shapes that name no principal. */
function actorByShape(text: string): Actor | undefined {
  const arn = parseArn(text);
  if (arn === undefined) {
    return undefined;
  }
  if (arn.service === "sts" && arn.resource.startsWith("assumed-role/")) {
    return fromSession(arn);
  }
  if (arn.service === "sts" && arn.resource.startsWith("federated-user/")) {
    const name = arn.resource.slice("federated-user/".length);
    return { key: text, type: "FederatedUser", name, session: undefined };
  }
  if (arn.service !== "iam") {
    return undefined;
  }
  if (arn.resource === "root") {
    return { key: text, type: "Root", name: "root", session: undefined };
  }
  const name = arn.resource.slice(arn.resource.lastIndexOf("/") + 1);
  const type = arn.resource.startsWith("user/") ? "IAMUser" : "AssumedRole";
  return name === "" ? undefined : { key: text, type, name, session: undefined };
}

/** `assumed-role/NAME/SESSION` → the role's ARN. */
function fromSession(arn: Arn): Actor | undefined {
  const [, name = "", ...rest] = arn.resource.split("/");
  if (name === "") {
    return undefined;
  }
  return {
    key: `arn:${arn.partition}:iam::${arn.accountId}:role/${name}`,
    type: "AssumedRole",
    name,
    session: textOf(rest.join("/")),
  };
}

/** The session's name: the end of the session's ARN, else what follows the unique id in `principalId`. */
function sessionOf(identity: Fields): string | undefined {
  const arn = textOf(identity["arn"]);
  const named = arn?.includes(":assumed-role/") === true ? byShape(arn)?.session : undefined;
  const principalId = textOf(identity["principalId"]) ?? "";
  const colon = principalId.indexOf(":");
  return named ?? (colon === -1 ? undefined : textOf(principalId.slice(colon + 1)));
}

function federatedUser(identity: Fields): Actor | undefined {
  const own = parseArn(textOf(identity["arn"]) ?? "");
  const session = textOf(own?.resource.slice("federated-user/".length)) ?? sessionOf(identity);
  const issuer = fromArn("FederatedUser", textOf(sessionIssuer(identity)["arn"]));
  if (issuer !== undefined) {
    return { ...issuer, type: "FederatedUser", session };
  }
  const self = fromArn("FederatedUser", textOf(identity["arn"]));
  return self === undefined ? undefined : { ...self, session };
}

function identityCenterUser(type: string | undefined, identity: Fields): Actor | undefined {
  const onBehalfOf = fieldsOf(identity["onBehalfOf"]);
  const store = textOf(onBehalfOf?.["identityStoreArn"]);
  const userId = textOf(onBehalfOf?.["userId"]);
  if (type !== "IdentityCenterUser" || store === undefined || userId === undefined) {
    return undefined;
  }
  const key = `${store}/user/${userId}`;
  return { key, type, name: userId, session: undefined };
}

/** An identity without ARN whose account says who it is: another account, the root user, a user with a name. */
function fromAccount(
  type: string | undefined,
  identity: Fields,
  record: Surroundings,
): Actor | undefined {
  const accountId = textOf(identity["accountId"]);
  if (accountId === undefined || type === undefined) {
    return undefined;
  }
  const account = `arn:${partitionOf(textOf(record.awsRegion) ?? "")}:iam::${accountId}`;
  const userName = textOf(identity["userName"]);
  if (type === "AWSAccount") {
    return { key: `${account}:root`, type, name: accountId, session: sessionOf(identity) };
  }
  if (type === "Root") {
    return { key: `${account}:root`, type, name: "root", session: undefined };
  }
  if (type === "IAMUser" && userName !== undefined) {
    return { key: `${account}:user/${userName}`, type, name: userName, session: undefined };
  }
  return undefined;
}

/**
 * An identity that names itself in no usual way: the type goes into the key, so that no two kinds can meet in one, and
 * the account whose trail it is stands in for a missing one.
 */
function unnamed(type: string, identity: Fields, record: Surroundings): Actor {
  const principalId = textOf(identity["principalId"]);
  const unique = principalId?.split(":", 1)[0];
  const provider = textOf(identity["identityProvider"]);
  const userName = textOf(identity["userName"]) ?? textOf(identity["credentialId"]);
  const place =
    provider ?? textOf(identity["accountId"]) ?? textOf(record.recipientAccountId) ?? "";
  const federated = type === "WebIdentityUser" || type === "SAMLUser";
  const who = (federated ? (userName ?? principalId) : (textOf(unique) ?? userName)) ?? "";
  return {
    key: `${type}:${place}:${who}`.slice(0, LONGEST_KEY),
    type,
    name: (userName ?? (textOf(who) || type)).slice(0, LONGEST_NAME),
    session: federated ? undefined : sessionOf(identity),
  };
}

const LONGEST_KEY = 512;

const HUMAN_TYPES = new Set(["Root", "FederatedUser", "IdentityCenterUser", "SAMLUser"]);

/**
 * Signs of a person: the kind of identity, a console session, MFA, an IAM user's temporary credentials in direct use, a
 * mail address as the name of the session.
 */
function isHuman(actor: Actor, identity: Fields, record: Surroundings): boolean {
  if (HUMAN_TYPES.has(actor.type) || isTrue(record.sessionCredentialFromConsole)) {
    return true;
  }
  const attributes = fieldsOf(fieldsOf(identity["sessionContext"])?.["attributes"]);
  if (isTrue(attributes?.["mfaAuthenticated"])) {
    return true;
  }
  if (actor.type !== "IAMUser") {
    return actor.session?.includes("@") === true;
  }
  const temporary = textOf(identity["accessKeyId"])?.startsWith("ASIA") === true;
  return temporary && textOf(identity["invokedBy"]) === undefined;
}

const SHOWN = 4;
const LONGEST_ACCESS_KEY = 128;

/** The prefix says what kind of credential it is; the last four characters let its owner find it. */
function maskAccessKey(accessKeyId: string | undefined): string | undefined {
  if (accessKeyId === undefined || accessKeyId.length > LONGEST_ACCESS_KEY) {
    return undefined;
  }
  const hidden = accessKeyId.length - 2 * SHOWN;
  return hidden < SHOWN
    ? "*".repeat(accessKeyId.length)
    : accessKeyId.slice(0, SHOWN) + "*".repeat(hidden) + accessKeyId.slice(-SHOWN);
}
