import { company } from "./company.ts";
import { Random } from "./random.ts";

/** Encryption contexts and the names of things, as AWS services write them. */

export function secretArn(accountId: string, name: string): string {
  const suffix = new Random(`secret/${accountId}/${name}`).text(6, letters);
  return `arn:aws:secretsmanager:${company.region}:${accountId}:secret:${name}-${suffix}`;
}

/** Secrets Manager's context; the version changes with the secret's value. */
export function secretContext(
  accountId: string,
  name: string,
  version = 1,
): Record<string, string> {
  return {
    SecretARN: secretArn(accountId, name),
    SecretVersionId: new Random(`version/${accountId}/${name}/${version}`).uuid(),
  };
}

/** Parameter Store's context. */
export function parameterContext(accountId: string, path: string): Record<string, string> {
  return { PARAMETER_ARN: `arn:aws:ssm:${company.region}:${accountId}:parameter${path}` };
}

/** S3's context: an object, or with Bucket Keys the bucket. */
export function objectContext(bucket: string, key?: string): Record<string, string> {
  const arn = `arn:aws:s3:::${company.name}-${bucket}`;
  return { "aws:s3:arn": key === undefined ? arn : `${arn}/${key}` };
}

export function functionContext(accountId: string, name: string): Record<string, string> {
  return {
    "aws:lambda:FunctionArn": `arn:aws:lambda:${company.region}:${accountId}:function:${name}`,
  };
}

export function tableContext(accountId: string, table: string): Record<string, string> {
  return { "aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": accountId };
}

export function streamContext(accountId: string, stream: string): Record<string, string> {
  return {
    "aws:kinesis:arn": `arn:aws:kinesis:${company.region}:${accountId}:stream/${stream}`,
  };
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
