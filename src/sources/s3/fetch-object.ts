import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import { Readable } from "node:stream";
import type { ObjectPointer } from "../../cloudtrail/records.ts";
import { SourceError } from "../source-error.ts";
import { s3Error } from "./s3-error.ts";

/** Most stored bytes of one log file; CloudTrail's own files are 50 MB at most. */
export const objectBytes = 64 * 1024 * 1024;

/**
 * Fetches the object that a notification points to. Throws `SourceError` for an object that is gone (`failed`), may not be
 * read (`access`) or is larger than `maxBytes` (`failed`).
 */
export async function fetchObject(
  client: S3Client,
  pointer: ObjectPointer,
  maxBytes: number = objectBytes,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const subject = `s3://${pointer.bucket}/${pointer.key}`;
  let lastError: unknown;
  for (let attempt = 0; attempt < bodyAttempts; attempt += 1) {
    const { body, size } = await openObject(client, pointer, signal);
    if (size > maxBytes) {
      body.destroy();
      throw new SourceError(subject, `larger than the limit of ${maxBytes} bytes`, {
        code: "failed",
      });
    }
    try {
      return await readAll(body, subject, maxBytes);
    } catch (error) {
      if (error instanceof SourceError || signal?.aborted === true) throw error;
      lastError = error; // The connection broke while the body came; the SDK repeats only what breaks before.
    }
  }
  throw s3Error(subject, "s3:GetObject", lastError);
}

/**
 * The bytes of an object however large. Where the connection breaks it goes on behind the last byte that came, as long as
 * the object has the same entity tag and each attempt brings something.
 */
export async function* readOn(
  client: S3Client,
  pointer: ObjectPointer,
  entityTag: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  let fruitless = 0;
  while (true) {
    const from = at;
    const { body, size } = await openObject(client, pointer, signal, { at, entityTag });
    try {
      for await (const chunk of body) {
        at += (chunk as Uint8Array).length;
        yield chunk as Uint8Array;
      }
      if (at >= from + size) return;
    } catch (error) {
      fruitless = at > from ? 0 : fruitless + 1;
      if (signal.aborted || fruitless >= bodyAttempts) {
        throw s3Error(`s3://${pointer.bucket}/${pointer.key}`, "s3:GetObject", error);
      }
    } finally {
      body.destroy();
    }
  }
}

/** Opens an object's body, from a byte on where one is given; `size` is what is to come. */
async function openObject(
  client: S3Client,
  { bucket, key }: ObjectPointer,
  signal: AbortSignal | undefined,
  rest?: { at: number; entityTag: string },
): Promise<{ body: Readable; size: number }> {
  const subject = `s3://${bucket}/${key}`;
  try {
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      ...(rest === undefined || rest.at === 0
        ? {}
        : { Range: `bytes=${rest.at}-`, IfMatch: rest.entityTag }),
    });
    const answer = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
    if (!(answer.Body instanceof Readable)) {
      throw new SourceError(subject, "the answer has no body", { code: "failed" });
    }
    return { body: answer.Body, size: answer.ContentLength ?? 0 };
  } catch (error) {
    throw s3Error(subject, "s3:GetObject", error);
  }
}

const bodyAttempts = 3;

async function readAll(body: Readable, subject: string, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > maxBytes) {
      throw new SourceError(subject, `larger than the limit of ${maxBytes} bytes`, {
        code: "failed",
      });
    }
    chunks.push(bytes);
  }
  const all = new Uint8Array(size); // A buffer of its own, so that it can be handed to a worker thread.
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
