import { S3ServiceException } from "@aws-sdk/client-s3";
import { SourceError } from "../source-error.ts";

/** Puts a failed S3 request into words: which bucket or object, and which permission is missing. */
export function s3Error(subject: string, action: string, cause: unknown): SourceError {
  if (cause instanceof SourceError) return cause;
  const name = cause instanceof Error ? cause.name : "";
  const message = cause instanceof Error ? cause.message : String(cause);
  const known = knownProblems.get(name) ?? knownProblems.get(message);
  if (known !== undefined) {
    return new SourceError(subject, known.problem, { code: known.code, cause });
  }
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
  if (status === 401 || status === 403) {
    return new SourceError(subject, `${action} is not allowed (${name})`, {
      code: "access",
      cause,
    });
  }
  const retryable = status === undefined || status === 429 || status >= 500;
  const problem = `${action} failed (${name}: ${message})`;
  return new SourceError(subject, problem, { code: "failed", retryable, cause });
}

/** By the name of the error, or its message where the name says nothing. */
const knownProblems = new Map<string, { problem: string; code: SourceError["code"] }>([
  ["NoSuchBucket", { problem: "there is no such bucket", code: "usage" }],
  ["NoSuchKey", { problem: "there is no such object", code: "failed" }],
  ["NotFound", { problem: "there is no such object", code: "failed" }],
  ["InvalidObjectState", { problem: "is archived and must be restored first", code: "failed" }],
  ["PreconditionFailed", { problem: "was overwritten while it was read", code: "failed" }],
  ["CredentialsProviderError", { problem: "no AWS credentials were found", code: "access" }],
  ["Region is missing", { problem: "no AWS region is configured", code: "usage" }],
]);
