import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/**
 * Bytes that a value takes in an item, at most
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
 */
export function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.B !== undefined) return value.B.length;
  if (value.L !== undefined) return value.L.reduce((sum, part) => sum + 1 + valueBytes(part), 3);
  if (value.M !== undefined) {
    const parts = Object.entries(value.M);
    return parts.reduce((sum, [name, part]) => sum + 1 + name.length * 3 + valueBytes(part), 3);
  }
  return numberBytes;
}

/**
 * Most bytes that are put into one item; DynamoDB takes 409,600, names included
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
 */
export const itemBytes = 350_000;

const numberBytes = 21;
