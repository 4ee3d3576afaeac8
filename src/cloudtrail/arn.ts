/** An Amazon Resource Name, taken apart. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  /** All that follows the account, colons and slashes included. */
  readonly resource: string;
}

const LONGEST_ARN = 2048;

/** Takes an ARN apart; undefined for anything else. */
export function parseArn(text: string): Arn | undefined {
  if (!text.startsWith("arn:") || text.length > LONGEST_ARN) {
    return undefined;
  }
  const service = text.indexOf(":", 4) + 1;
  const region = text.indexOf(":", service) + 1;
  const account = text.indexOf(":", region) + 1;
  const resource = text.indexOf(":", account) + 1;
  if (service === 0 || region === 0 || account === 0 || resource === 0) {
    return undefined;
  }
  return {
    partition: text.slice(4, service - 1),
    service: text.slice(service, region - 1),
    region: text.slice(region, account - 1),
    accountId: text.slice(account, resource - 1),
    resource: text.slice(resource),
  };
}

/** The partition a Region belongs to: `aws`, `aws-cn`, `aws-us-gov`, `aws-iso` … */
export function partitionOf(region: string): string {
  const prefix = PARTITIONS.find(([start]) => region.startsWith(start));
  return prefix === undefined ? "aws" : prefix[1];
}

const PARTITIONS: readonly (readonly [string, string])[] = [
  ["cn-", "aws-cn"],
  ["us-gov-", "aws-us-gov"],
  ["us-isob-", "aws-iso-b"],
  ["us-isof-", "aws-iso-f"],
  ["eu-isoe-", "aws-iso-e"],
  ["us-iso-", "aws-iso"],
  ["eusc-", "aws-eusc"],
];
