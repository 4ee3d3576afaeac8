import { Random } from "./random.ts";
import { company } from "./company.ts";

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** Who calls, from where, with what; enough to write the identity part of a record. */
export interface Caller {
  /** Stable across sessions: role ARN, for permission-set roles with `#` and the person; user ARN; service name. */
  readonly entity: string;
  readonly accountId: string;
  readonly sourceAddress: string;
  readonly userAgent: string;
  readonly vpcEndpointId: string | undefined;
  readonly fromConsole: boolean;
  /** `userIdentity` as it stands at a time: temporary credentials change with each session. */
  identityAt(timeMs: number): JsonObject;
}

interface RoleOptions {
  readonly accountId: string;
  readonly role: string;
  readonly session: string;
  readonly sourceAddress?: string;
  readonly userAgent?: string;
  readonly vpcEndpointId?: string;
  /** Path of the role with both slashes. */
  readonly path?: string;
  /** How long temporary credentials live, hours. */
  readonly sessionHours?: number;
  readonly fromConsole?: boolean;
  /** Added to `sessionContext`. */
  readonly context?: JsonObject;
  readonly mfa?: boolean;
}

const sdk =
  "Boto3/1.38.23 md/Botocore#1.38.23 ua/2.1 os/linux#6.1.134 md/arch#x86_64 lang/python#3.12.9";
const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0";
const documentationAddress = "192.0.2.44";

/** A session of an IAM role: a container, a function, a script. */
export function roleSession(options: RoleOptions): Caller {
  const accountId = options.accountId;
  const path = options.path ?? "/";
  const lifeMs = (options.sessionHours ?? 6) * 3_600_000;
  const name = `${accountId}${path}${options.role}`;
  const roleId = uniqueId("AROA", name);
  const roleArn = `arn:aws:iam::${accountId}:role${path}${options.role}`;
  const shared = options.role.startsWith("AWSReservedSSO_");
  const phaseMs = new Random(`phase/${name}/${options.session}`).bits() % lifeMs;
  const identities = new Map<number, JsonObject>();
  function identityAt(timeMs: number): JsonObject {
    const startMs = Math.floor((timeMs - phaseMs) / lifeMs) * lifeMs + phaseMs;
    const known = identities.get(startMs);
    if (known !== undefined) return known;
    const identity: JsonObject = {
      type: "AssumedRole",
      principalId: `${roleId}:${options.session}`,
      arn: `arn:aws:sts::${accountId}:assumed-role/${options.role}/${options.session}`,
      accountId,
      accessKeyId: accessKeyId("ASIA", `${name}/${options.session}/${startMs}`),
      sessionContext: {
        sessionIssuer: {
          type: "Role",
          principalId: roleId,
          arn: roleArn,
          accountId,
          userName: options.role,
        },
        attributes: {
          creationDate: isoSeconds(startMs),
          mfaAuthenticated: options.mfa === true ? "true" : "false",
        },
        ...options.context,
      },
    };
    identities.set(startMs, identity);
    return identity;
  }
  return {
    entity: shared ? `${roleArn}#${options.session}` : roleArn,
    accountId,
    sourceAddress: options.sourceAddress ?? documentationAddress,
    userAgent: options.userAgent ?? sdk,
    vpcEndpointId: options.vpcEndpointId,
    fromConsole: options.fromConsole ?? false,
    identityAt,
  };
}

/** The role of an EC2 instance; the session is named after the instance. */
export function instanceRole(options: Omit<RoleOptions, "session"> & { instance: string }): Caller {
  const { instance, ...rest } = options;
  return roleSession({ ...rest, session: instance, context: { ec2RoleDelivery: "2.0" } });
}

/** A Lambda function's execution role; the session is named after the function. */
export function functionRole(options: { accountId: string; role: string; name: string }): Caller {
  return roleSession({ accountId: options.accountId, role: options.role, session: options.name });
}

/** A person who signed in through a permission set; the session is named after the person. */
export function person(options: {
  accountId: string;
  permissionSet: string;
  name: string;
  sourceAddress?: string;
  userAgent?: string;
  fromConsole?: boolean;
}): Caller {
  const suffix = new Random(`permission-set/${options.accountId}/${options.permissionSet}`);
  return roleSession({
    accountId: options.accountId,
    role: `AWSReservedSSO_${options.permissionSet}_${suffix.text(16, "0123456789abcdef")}`,
    path: `/aws-reserved/sso.amazonaws.com/${company.region}/`,
    session: `${options.name}@${company.domain}`,
    sourceAddress: options.sourceAddress ?? "198.51.100.23",
    userAgent: options.userAgent ?? browser,
    sessionHours: 8,
    fromConsole: options.fromConsole ?? true,
  });
}

/** A CI job that signed in with a web identity token. */
export function pipeline(options: { accountId: string; role: string; job: string }): Caller {
  return roleSession({
    accountId: options.accountId,
    role: options.role,
    session: options.job,
    sessionHours: 1,
    sourceAddress: "203.0.113.10",
    userAgent:
      "aws-cli/2.27.31 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0 md/arch#x86_64 cfg/retry-mode#standard",
    context: {
      webIdFederationData: { federatedProvider: "https://ci.meadowlark.example", attributes: {} },
    },
  });
}

/** An AWS service acting by itself: no ARN, no account of its own. */
export function awsService(name: string, accountId: string): Caller {
  return {
    entity: name,
    accountId,
    sourceAddress: name,
    userAgent: name,
    vpcEndpointId: undefined,
    fromConsole: false,
    identityAt: () => ({ type: "AWSService", invokedBy: name }),
  };
}

/** An IAM user with a long-term access key. */
export function iamUser(options: {
  accountId: string;
  name: string;
  sourceAddress?: string;
  /** Which of the access keys that the user has one after another; by default the first. */
  nthKey?: number;
}): Caller {
  const { accountId, name, nthKey = 0 } = options;
  const identity: JsonObject = {
    type: "IAMUser",
    principalId: uniqueId("AIDA", `${accountId}/user/${name}`),
    arn: `arn:aws:iam::${accountId}:user/${name}`,
    accountId,
    accessKeyId: longTermKeyId(`${accountId}/user/${name}${nthKey === 0 ? "" : `/${nthKey}`}`),
    userName: name,
  };
  return {
    entity: `arn:aws:iam::${accountId}:user/${name}`,
    accountId,
    sourceAddress: options.sourceAddress ?? documentationAddress,
    userAgent: sdk,
    vpcEndpointId: undefined,
    fromConsole: false,
    identityAt: () => identity,
  };
}

/** ARN of the role behind a session, as alerts name it; undefined for callers without a role. */
export function roleArn(caller: Caller): string | undefined {
  const context = caller.identityAt(0)["sessionContext"];
  return /"arn":"([^"]+)"/.exec(JSON.stringify(context ?? null))?.[1];
}

/** An account's root user, with its console session or, where `accessKey` is set, its long-term key. */
export function rootUser(options: {
  accountId: string;
  sourceAddress: string;
  accessKey?: boolean;
}): Caller {
  const { accountId } = options;
  const arn = `arn:aws:iam::${accountId}:root`;
  const prefix = options.accessKey === true ? "AKIA" : "ASIA";
  const identity: JsonObject = {
    type: "Root",
    principalId: accountId,
    arn,
    accountId,
    accessKeyId: accessKeyId(prefix, `${accountId}/root`),
  };
  return {
    entity: arn,
    accountId,
    sourceAddress: options.sourceAddress,
    userAgent: options.accessKey === true ? sdk : browser,
    vpcEndpointId: undefined,
    fromConsole: options.accessKey !== true,
    identityAt: () => identity,
  };
}

/** A caller as the key owner's account sees it when the caller is in another account: no ARN, no name. */
export function seenFromOutside(caller: Caller): Caller {
  return {
    ...caller,
    entity: `arn:aws:iam::${caller.accountId}:root`,
    fromConsole: false,
    vpcEndpointId: undefined,
    identityAt(timeMs) {
      const principalId = caller.identityAt(timeMs)["principalId"] ?? "";
      return { type: "AWSAccount", principalId, accountId: caller.accountId };
    },
  };
}

/** The same credentials used from somewhere else, with another client. */
export function stolen(caller: Caller, sourceAddress: string, userAgent: string): Caller {
  return { ...caller, sourceAddress, userAgent, vpcEndpointId: undefined, fromConsole: false };
}

/** `2026-03-14T02:11:09Z`: CloudTrail's times have a resolution of one second. */
export function isoSeconds(timeMs: number): string {
  const hour = Math.floor(timeMs / 3_600_000);
  if (hour !== latest.hour) {
    latest = { hour, text: new Date(hour * 3_600_000).toISOString().slice(0, 14) };
  }
  const seconds = Math.floor(timeMs / 1000) - hour * 3600;
  return `${latest.text}${twoDigits(Math.floor(seconds / 60))}:${twoDigits(seconds % 60)}Z`;
}

/** Records come hour by hour. */
let latest = { hour: Number.NaN, text: "" };

function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

/** `AROA…`, 21 characters, in the shape of an IAM unique id and visibly invented. */
function uniqueId(prefix: string, name: string): string {
  return `${prefix}EXAMPLE${new Random(`id/${name}`).text(10, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")}`;
}

/** 20 characters that end in EXAMPLE, as in AWS's documentation: never a real credential. */
function accessKeyId(prefix: string, name: string): string {
  const middle = new Random(`credentials/${name}`).text(9, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
  return `${prefix}${middle}EXAMPLE`;
}

/** Like AWS's documented ones as well, but told apart by their last characters, which are all that is kept of one. */
function longTermKeyId(name: string): string {
  const end = new Random(`credentials/${name}`).text(9, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
  return `AKIAEXAMPLE${end}`;
}
