import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { ListObjectsV2CommandOutput, S3Client } from "@aws-sdk/client-s3";
import { Readable } from "node:stream";
import type { FolderPage, ObjectStore, Root } from "../files/object-store.ts";
import { SourceError } from "../source-error.ts";
import { fetchObject, readOn } from "./fetch-object.ts";
import { s3Client } from "./s3-client.ts";
import { s3Error } from "./s3-error.ts";
import type { S3Options } from "./s3-options.ts";

/** Finds what `s3://bucket/prefix` names; one client serves all buckets. */
export interface S3Finder {
  /**
   * An object of that name, a folder of that name, or, where there is neither, all whose names begin so. Throws
   * `SourceError` with `usage` where there is nothing at all, with `access` where listing is not allowed.
   */
  find(url: string, signal: AbortSignal): Promise<Root[]>;
  close(): void;
}

/** The client is made when the first bucket is asked for. */
export function s3Finder(options: S3Options): S3Finder {
  let client: S3Client | undefined;
  return {
    async find(url, signal) {
      const [, bucket, prefix] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(url) ?? [];
      if (bucket === undefined) {
        throw new SourceError(url, "expected s3://BUCKET/PREFIX", { code: "usage" });
      }
      client ??= s3Client(options);
      return rootsOf(s3Store(client, bucket), prefix ?? "", signal);
    },
    close() {
      client?.destroy();
    },
  };
}

/** The objects of one bucket; `/` in a key is taken for a folder. */
export function s3Store(client: S3Client, bucket: string): ObjectStore {
  const origin = `s3://${bucket}/`;
  return {
    origin,
    local: false,
    listFolder: (folder, signal) => listPages(client, bucket, folder, signal),
    read: (file, maxBytes, signal) =>
      fetchObject(client, { bucket, key: file.path }, maxBytes, signal),
    async open(file, signal) {
      return Readable.from(readOn(client, { bucket, key: file.path }, file.version, signal));
    },
  };
}

async function rootsOf(store: ObjectStore, prefix: string, signal: AbortSignal): Promise<Root[]> {
  if (prefix === "" || prefix.endsWith("/")) {
    await firstPage(store, prefix, signal);
    return [{ kind: "folder", store, path: prefix }];
  }
  const roots: Root[] = [];
  for await (const { folders, files } of store.listFolder(prefix, signal)) {
    for (const file of files) roots.push({ kind: "file", store, file });
    for (const path of folders) roots.push({ kind: "folder", store, path });
  }
  const exact = roots.filter((root) => {
    if (root.kind === "stream") return false;
    return root.kind === "file" ? root.file.path === prefix : root.path === `${prefix}/`;
  });
  if (roots.length === 0) throw nothingThere(store, prefix);
  return exact.length > 0 ? exact : roots;
}

/** Fails before anything is read where the bucket, the permission or the folder is missing. */
async function firstPage(store: ObjectStore, folder: string, signal: AbortSignal): Promise<void> {
  const { value } = await store.listFolder(folder, signal).next();
  const isEmpty = value === undefined || value.folders.length + value.files.length === 0;
  if (isEmpty && folder !== "") throw nothingThere(store, folder);
}

function nothingThere(store: ObjectStore, prefix: string): SourceError {
  return new SourceError(store.origin + prefix, "there is no such object or folder", {
    code: "usage",
  });
}

async function* listPages(
  client: S3Client,
  bucket: string,
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<FolderPage, void, undefined> {
  let token: string | undefined;
  do {
    const page = await listPage(client, bucket, folder, token, signal);
    token = page.NextContinuationToken;
    yield {
      folders: (page.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []),
      files: (page.Contents ?? []).flatMap(({ Key, Size, ETag }) =>
        Key === undefined ? [] : { path: Key, size: Size ?? 0, version: ETag ?? "" },
      ),
    };
  } while (token !== undefined);
}

async function listPage(
  client: S3Client,
  bucket: string,
  folder: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<ListObjectsV2CommandOutput> {
  try {
    return await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: folder,
        Delimiter: "/",
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
      { abortSignal: signal },
    );
  } catch (error) {
    throw s3Error(`s3://${bucket}/${folder}`, "s3:ListBucket", error);
  }
}
