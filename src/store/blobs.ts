import { join } from "node:path";
import { type ContentDigest, hashLike, isContentDigest } from "../digest.ts";
import type { Layout } from "../layout.ts";
import { createAppender } from "./append.ts";
import { type Durable, storeError } from "./durable.ts";
import type { FileSystem } from "./fs.ts";
import { listNames, readIfPresent, statIfPresent } from "./reads.ts";

/** Receives the bytes of one blob. Nothing is visible under the blob's name before `publish`. */
export interface BlobWriter {
  /** Hands over what a broken transfer left here, in order; answers how many bytes that are. */
  readonly kept: (take: (chunk: Uint8Array) => void) => Promise<number>;
  /** Takes the chunk over: nobody may use it afterwards. Waits only when the disk is behind. */
  readonly write: (chunk: Uint8Array) => Promise<void> | void;
  /** Forgets what was written: the transfer starts again. */
  readonly reset: () => Promise<void>;
  /** Makes the bytes durable and visible. The caller has verified size and digest. */
  readonly publish: () => Promise<void>;
  /** Keeps what was written for the next transfer of this blob, also one of another process; does nothing after `publish`. */
  readonly close: () => Promise<void>;
  /** Removes what was written; does nothing after `publish`. */
  readonly discard: () => Promise<void>;
}

export type Arrived = (path: string, bytes: number) => void;

export interface Blobs {
  readonly path: (digest: ContentDigest) => string;
  /** Bytes of the blob as it is on disk, unverified; undefined when there is none. */
  readonly size: (digest: ContentDigest) => number | undefined;
  readonly list: () => readonly ContentDigest[];
  /** True when the blob is here and its content has this digest. Changes nothing. */
  readonly matches: (digest: ContentDigest) => Promise<boolean>;
  /** True when the blob is here and its content has this digest and size. Never trusts a name; drops a wrong file. */
  readonly verify: (digest: ContentDigest, size: number) => Promise<boolean>;
  /**
   * One writer for each blob at a time: the caller holds the store lock. `arrived` hears how many bytes, not verified, can be read where; fewer
   * than before after a `reset`.
   */
  readonly writer: (digest: ContentDigest, arrived?: Arrived) => Promise<BlobWriter>;
  /** Bytes of this blob that a broken transfer left. */
  readonly keptBytes: (digest: ContentDigest) => number;
  /** Removes what broken transfers left of any other blob: an image that is no longer wanted takes no space. */
  readonly dropPartials: (except: ReadonlySet<string>) => void;
  /** The content of a small blob as it is on disk, unverified. */
  readonly read: (digest: ContentDigest) => Buffer | undefined;
  /** Stores small content that is already verified. */
  readonly put: (digest: ContentDigest, content: Uint8Array) => void;
}

const READ_CHUNK_BYTES = 1024 * 1024;

async function hashFile(fs: FileSystem, path: string, like: ContentDigest): Promise<ContentDigest> {
  const hash = hashLike(like);
  for await (const chunk of fs.createReadStream(path, { highWaterMark: READ_CHUNK_BYTES }))
    hash.update(chunk as Buffer);
  return hash.digest();
}

/** Runs one step on a file; its errno becomes STORE_FULL or STORE_IO. */
async function step<T>(operation: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw storeError(operation, path, error);
  }
}

async function openWriter(
  layout: Layout,
  fs: FileSystem,
  durable: Durable,
  digest: ContentDigest,
  arrived: Arrived = () => undefined,
): Promise<BlobWriter> {
  const path = layout.partialBlob(digest);
  durable.ensureDirectory(layout.partial, 0o700);
  // Appends by position, so neither truncates nor needs the file to be new.
  const handle = await step("create", path, () => fs.open(path, "a+", 0o644));
  const { size } = await step("look at", path, () => handle.stat());
  let before = size;
  const appender = createAppender(handle, (bytes) => arrived(path, before + bytes));
  arrived(path, size);
  let pending = true;
  const close = async (): Promise<void> => {
    if (!pending) return;
    pending = false;
    try {
      await step("write", path, appender.flush);
    } finally {
      await step("close", path, () => handle.close());
    }
  };
  return {
    close,
    kept: (take) =>
      step("read", path, async () => {
        if (size === 0) return 0;
        const chunks = fs.createReadStream(path, { highWaterMark: READ_CHUNK_BYTES });
        for await (const chunk of chunks) take(chunk as Buffer);
        return size;
      }),
    write: (chunk) => {
      const wait = appender.write(chunk);
      return wait === undefined ? undefined : step("write", path, () => wait);
    },
    reset: () =>
      step("truncate", path, async () => {
        await appender.forget();
        await handle.truncate(0);
        before = 0;
        arrived(path, 0);
      }),
    publish: async () => {
      await step("write", path, appender.flush);
      await step("sync", path, () => handle.sync());
      await close();
      durable.move(path, layout.blob(digest));
    },
    discard: async () => {
      if (!pending) return;
      await appender.forget();
      await close();
      durable.drop(path);
    },
  };
}

export function createBlobs(layout: Layout, fs: FileSystem, durable: Durable): Blobs {
  return {
    path: layout.blob,
    list: () => listNames(fs, layout.blobs).filter(isContentDigest),
    matches: async (digest) => {
      const path = layout.blob(digest);
      return step("read", path, async () => (await hashFile(fs, path, digest)) === digest);
    },
    size: (digest) => statIfPresent(fs, layout.blob(digest))?.size,
    verify: async (digest, size) => {
      const path = layout.blob(digest);
      const stat = statIfPresent(fs, path);
      if (stat === undefined) return false;
      const whole =
        stat.isFile() && stat.size === size && (await step("read", path, () => hashFile(fs, path, digest))) === digest;
      if (!whole) await durable.retire(path);
      return whole;
    },
    read: (digest) => readIfPresent(layout.blob(digest), () => fs.readFileSync(layout.blob(digest))),
    writer: (digest, arrived) => openWriter(layout, fs, durable, digest, arrived),
    keptBytes: (digest) => statIfPresent(fs, layout.partialBlob(digest))?.size ?? 0,
    dropPartials: (except) => {
      const left = listNames(fs, layout.partial).filter((name) => isContentDigest(name) && !except.has(name));
      for (const name of left) durable.drop(join(layout.partial, name));
    },
    put: (digest, content) => durable.publishFile(layout.blob(digest), content),
  };
}
