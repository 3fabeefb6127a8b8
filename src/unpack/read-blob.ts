import { type FileHandle, open } from "node:fs/promises";
import { errnoOf } from "./faults.ts";
import type { Arrival, LayerFeed } from "./feed.ts";

/** Bytes read of a blob at a time. */
const READ_BYTES = 1024 * 1024;
/** One that is read into, one that is looked at, one of which a few bytes may still be held. */
const BUFFERS = 3;

/**
 * The bytes of a blob in order, also while it is being downloaded. One read is under way while the last piece is used. A piece is
 * valid until the next but one is asked for: constant memory, and nothing for the collector.
 */
export async function* readBlob(path: string, layer: number, feed: LayerFeed): AsyncGenerator<Buffer> {
  const buffers = Array.from({ length: BUFFERS }, () => Buffer.allocUnsafeSlow(READ_BYTES));
  let handle: FileHandle | undefined;
  let offset = 0;
  const read = async (buffer: Buffer): Promise<Buffer> => {
    for (;;) {
      const arrival = await feed.beyond(layer, offset);
      const { turn } = feed;
      handle ??= await openBlob(arrival, path);
      const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, null);
      offset += bytesRead;
      if (bytesRead > 0 || arrival === undefined) return buffer.subarray(0, bytesRead);
      // The file was cut short for another transfer: the news of that are on their way.
      await feed.since(turn);
    }
  };
  let next: Promise<Buffer> | undefined;
  try {
    for (let turn = 0; ; turn = (turn + 1) % BUFFERS) {
      const buffer = buffers[turn];
      if (buffer === undefined) return;
      const piece = await next;
      if (piece?.length === 0) return;
      next = read(buffer);
      next.catch(() => undefined);
      if (piece !== undefined) yield piece;
    }
  } finally {
    // Not before a read that is under way has ended: its descriptor might be another file's by then.
    const close = (): Promise<void> | undefined => handle?.close();
    void next?.then(close, close);
  }
}

/** A blob that is complete by now has left the place where it arrived. */
async function openBlob(arrival: Arrival | undefined, path: string): Promise<FileHandle> {
  if (arrival === undefined) return open(path);
  try {
    return await open(arrival.path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return open(path);
  }
}
