import { S3ServiceException } from "@aws-sdk/client-s3";
import { SourceError } from "../source-error.ts";

/** Puts a failed S3 request into words: which bucket or object, and which permission is missing. */
export function s3Error(subject: string, action: string, cause: unknown): SourceError {
  if (cause instanceof SourceError) return cause;
  const name = cause instanceof Error ? cause.name : "";
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
  if (name === "NoSuchBucket") {
    return new SourceError(subject, "there is no such bucket", { code: "usage", cause });
  }
  if (name === "NoSuchKey" || name === "NotFound") {
    return new SourceError(subject, "there is no such object", { code: "failed", cause });
  }
  if (name === "CredentialsProviderError") {
    return new SourceError(subject, "no AWS credentials were found", { code: "access", cause });
  }
  if (status === 401 || status === 403) {
    const problem =
      name === "InvalidObjectState"
        ? "is archived and must be restored first"
        : `${action} is not allowed (${name})`;
    const code = name === "InvalidObjectState" ? "failed" : "access";
    return new SourceError(subject, problem, { code, cause });
  }
  const detail = cause instanceof Error ? `${name}: ${cause.message}` : String(cause);
  const retryable = status === undefined || status === 429 || status >= 500;
  return new SourceError(subject, `${action} failed (${detail})`, {
    code: "failed",
    retryable,
    cause,
  });
}
