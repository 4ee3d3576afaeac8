import { StoreError, type StoreErrorCode } from "../store.ts";
import { isPassing } from "./patience.ts";

/** An error of the SDK as a `StoreError` that says what can be done; other errors as they are. */
export function tableError(place: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  if (error.name === "ConditionalCheckFailedException") return error;
  const [code, problem] = problemOf(error) ?? [];
  if (code === undefined) return error;
  return new StoreError(code, place, `${problem} (${error.name}: ${error.message})`, error);
}

function problemOf(error: Error): readonly [StoreErrorCode, string] | undefined {
  if (/item size/i.test(error.message)) {
    return ["full", "an item would be larger than the 400 KB that DynamoDB takes"];
  }
  const known = problems.get(error.name);
  if (known !== undefined) return known;
  if (/region is missing/i.test(error.message)) {
    return ["failed", "no region is configured; set AWS_REGION, or region in the AWS profile"];
  }
  if (isPassing(error)) {
    return [
      "busy",
      "the table did not answer for a long time; it is tried again at the next start",
    ];
  }
  return "$metadata" in error || "$fault" in error
    ? ["failed", "DynamoDB refused the request"]
    : undefined;
}

const denied =
  "the permission is missing that the message names; a consumer needs dynamodb:GetItem, BatchGetItem, Query, PutItem, " +
  "UpdateItem, DeleteItem and BatchWriteItem on the table, a reader the first three, and UpdateItem to export";
const unknownCredentials =
  "no valid AWS credentials; configure them as for the AWS command line (environment, profile or role)";

const problems: ReadonlyMap<string, readonly [StoreErrorCode, string]> = new Map([
  [
    "ResourceNotFoundException",
    [
      "missing",
      "no such table in this account and region; deploy Keyhawk's infrastructure, which makes it, or run: " +
        "aws dynamodb create-table --billing-mode PAY_PER_REQUEST --table-name NAME " +
        "--attribute-definitions AttributeName=pk,AttributeType=S AttributeName=sk,AttributeType=S " +
        "--key-schema AttributeName=pk,KeyType=HASH AttributeName=sk,KeyType=RANGE",
    ],
  ],
  ["AccessDeniedException", ["read-only", denied]],
  ["CredentialsProviderError", ["failed", unknownCredentials]],
  ["UnrecognizedClientException", ["failed", unknownCredentials]],
  ["ExpiredTokenException", ["failed", unknownCredentials]],
  ["InvalidSignatureException", ["failed", unknownCredentials]],
  [
    "ValidationException",
    ["corrupt", "not a table of Keyhawk's, whose keys are the strings pk and sk"],
  ],
]);
