import type { Alert } from "../detection/alert.ts";

/** Commands of the AWS CLI, ready to paste, that show what an alert is about; only with values that need no quoting. */
export function investigationCommands(alert: Alert): string[] {
  const region = regionOf(alert);
  const inRegion = region === undefined ? "" : ` --region ${region}`;
  const lookUp = (key: string, value: string): string =>
    `aws cloudtrail lookup-events${inRegion} --lookup-attributes AttributeKey=${key},AttributeValue=${value}`;
  const { window, evidence, principal, kmsKey } = alert;
  const period = ` --start-time ${window.start} --end-time ${window.end}`;
  const [eventId] = evidence.eventIds.filter(isPlain);
  const userName = principal?.session ?? principal?.name;
  return [
    ...(eventId === undefined ? [] : [lookUp("EventId", eventId)]),
    ...(userName === undefined || !isPlain(userName)
      ? []
      : [`${lookUp("Username", userName)}${period}`]),
    ...(kmsKey === null || !isPlain(kmsKey.arn) ? [] : keyCommands(kmsKey, lookUp, period)),
    ...roleCommands(principal),
  ];
}

/** Page of the CloudTrail console for one event; undefined where the partition has no console that is known. */
export function consoleLink(alert: Alert): string | undefined {
  const region = regionOf(alert);
  const eventId = alert.evidence.eventIds.find(isPlain);
  const host = consoleHosts[partitionOf(alert, region)];
  if (region === undefined || eventId === undefined || host === undefined) return undefined;
  return `https://${region}.${host}/cloudtrailv2/home?region=${region}#/events/${eventId}`;
}

/** https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
const consoleHosts: Readonly<Record<string, string>> = {
  aws: "console.aws.amazon.com",
  "aws-cn": "console.amazonaws.cn",
  "aws-us-gov": "console.amazonaws-us-gov.com",
};

function keyCommands(
  key: NonNullable<Alert["kmsKey"]>,
  lookUp: (key: string, value: string) => string,
  period: string,
): string[] {
  const named = `--key-id ${key.arn}${isPlain(key.region) ? ` --region ${key.region}` : ""}`;
  return [
    `${lookUp("ResourceName", key.arn)}${period}`,
    `aws kms describe-key ${named}`,
    ...(key.arn.includes(":alias/")
      ? []
      : [`aws kms get-key-policy ${named} --policy-name default`, `aws kms list-grants ${named}`]),
  ];
}

function roleCommands(principal: Alert["principal"]): string[] {
  if (principal === null || !/^arn:[a-z-]+:iam::\d{12}:role\//.test(principal.key)) return [];
  const name = principal.key.slice(principal.key.lastIndexOf("/") + 1);
  return isPlain(name) ? [`aws iam get-role --role-name ${name}`] : [];
}

function regionOf({ region, kmsKey }: Alert): string | undefined {
  const name = region ?? kmsKey?.region;
  return name !== undefined && /^[a-z]{2,4}(-[a-z]+)+-\d$/.test(name) ? name : undefined;
}

function partitionOf({ kmsKey, principal }: Alert, region: string | undefined): string {
  const [, partition] = /^arn:([a-z-]+):/.exec(kmsKey?.arn ?? principal?.key ?? "") ?? [];
  if (partition !== undefined) return partition;
  if (region?.startsWith("cn-") === true) return "aws-cn";
  return region?.startsWith("us-gov-") === true ? "aws-us-gov" : "aws";
}

/** An attacker chooses session names: what a shell or the CLI's shorthand syntax could read otherwise is left out. */
function isPlain(value: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,2047}$/.test(value);
}
