import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, isDigest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import { type Durable, storeError } from "./durable.ts";
import { errnoOf, type FileSystem } from "./fs.ts";
import { listNames } from "./records.ts";

/** Receives the bytes of one blob. Nothing is visible under the blob's name before `publish`. */
export interface BlobWriter {
  readonly write: (chunk: Uint8Array) => Promise<void>;
  /** Forgets what was written: the transfer starts again. */
  readonly reset: () => Promise<void>;
  /** Makes the bytes durable and visible. The caller has verified size and digest. */
  readonly publish: () => Promise<void>;
  /** Removes what was written; does nothing after `publish`. */
  readonly discard: () => Promise<void>;
}

export interface Blobs {
  readonly path: (digest: Digest) => string;
  /** Bytes of the blob as it is on disk, unverified; undefined when there is none. */
  readonly size: (digest: Digest) => number | undefined;
  readonly list: () => readonly Digest[];
  /** True when the blob is here and its content has this digest. Changes nothing. */
  readonly matches: (digest: Digest) => Promise<boolean>;
  /** True when the blob is here and its content has this digest and size. Never trusts a name; drops a wrong file. */
  readonly verify: (digest: Digest, size: number) => Promise<boolean>;
  readonly writer: (digest: Digest) => Promise<BlobWriter>;
  /** The content of a small blob as it is on disk, unverified. */
  readonly read: (digest: Digest) => Buffer | undefined;
  /** Stores small content that is already verified. */
  readonly put: (digest: Digest, content: Uint8Array) => void;
}

const READ_CHUNK_BYTES = 1024 * 1024;

async function hashFile(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: READ_CHUNK_BYTES })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest("hex")}`;
}

/** Runs one step on a file; its errno becomes STORE_FULL or STORE_IO. */
async function step<T>(operation: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw storeError(operation, path, error);
  }
}

async function openWriter(layout: Layout, durable: Durable, digest: Digest): Promise<BlobWriter> {
  const temporary = join(layout.staging, `tmp-${randomUUID()}`);
  const handle = await step("create", temporary, () => open(temporary, "wx", 0o644));
  let position = 0;
  let pending = true;
  return {
    write: (chunk) =>
      step("write", temporary, async () => {
        for (let offset = 0; offset < chunk.length;) {
          const { bytesWritten } = await handle.write(chunk, offset, chunk.length - offset, position);
          offset += bytesWritten;
          position += bytesWritten;
        }
      }),
    reset: () =>
      step("truncate", temporary, async () => {
        await handle.truncate(0);
        position = 0;
      }),
    publish: async () => {
      pending = false;
      await step("sync", temporary, () => handle.sync());
      await step("close", temporary, () => handle.close());
      durable.move(temporary, layout.blob(digest));
    },
    discard: async () => {
      if (!pending) return;
      pending = false;
      await step("close", temporary, () => handle.close());
      durable.drop(temporary);
    },
  };
}

export function createBlobs(layout: Layout, fs: FileSystem, durable: Durable): Blobs {
  return {
    path: layout.blob,
    list: () => listNames(fs, layout.blobs).filter(isDigest),
    matches: async (digest) => {
      const path = layout.blob(digest);
      return step("read", path, async () => (await hashFile(path)) === digest);
    },
    size: (digest) => fs.lstatSync(layout.blob(digest), { throwIfNoEntry: false })?.size,
    verify: async (digest, size) => {
      const path = layout.blob(digest);
      const stat = fs.lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined) return false;
      const whole = stat.isFile() && stat.size === size && (await step("read", path, () => hashFile(path))) === digest;
      if (!whole) await durable.retire(path);
      return whole;
    },
    read: (digest) => {
      try {
        return fs.readFileSync(layout.blob(digest));
      } catch (error) {
        if (errnoOf(error) === "ENOENT") return undefined;
        throw storeError("read", layout.blob(digest), error);
      }
    },
    writer: (digest) => openWriter(layout, durable, digest),
    put: (digest, content) => durable.publishFile(layout.blob(digest), content),
  };
}
