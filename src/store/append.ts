import type { FileHandle } from "node:fs/promises";
import { release } from "../release.ts";

/** Bytes that wait for the disk before the source has to wait too: with a quarter of it a transfer stands still a third of the time. */
const WAITING_BYTES = 4 * 1024 * 1024;

/** Appends to a file without waiting for each chunk. */
export interface Appender {
  /** Takes the chunk over: nobody may use it afterwards, its memory is given back. Waits, and rejects, only when the disk is behind or has failed. */
  readonly write: (chunk: Uint8Array) => Promise<void> | void;
  /** Resolves when everything taken is in the file; rejects with the first failure since the last `forget`. */
  readonly flush: () => Promise<void>;
  /** Drops what is not in the file yet, and forgives a failure. */
  readonly forget: () => Promise<void>;
}

/**
 * While one call writes, chunks gather for the next one: a gigabyte comes in sixteen thousand chunks, and a call for
 * each of them costs as much as the transfer itself. `written` hears of all bytes that have come into the file since the last `forget`.
 */
export function createAppender(
  handle: Pick<FileHandle, "writev">,
  written: (bytes: number) => void = () => undefined,
): Appender {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  let total = 0;
  let failed = false;
  let writing: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      bytes = 0;
      for (let rest = batch; rest.length > 0;) {
        const { bytesWritten } = await handle.writev(rest);
        rest = behind(rest, bytesWritten);
        total += bytesWritten;
        written(total);
      }
      batch.forEach(release);
    }
    writing = undefined;
  };
  const start = (): Promise<void> => {
    const all = writeAll();
    // Whoever writes or flushes next hears of it.
    all.catch(() => (failed = true));
    return all;
  };

  return {
    write: (chunk) => {
      waiting.push(chunk);
      bytes += chunk.length;
      writing ??= start();
      return failed || bytes >= WAITING_BYTES ? writing : undefined;
    },
    flush: async () => writing,
    forget: async () => {
      waiting = [];
      bytes = 0;
      await writing?.catch(() => {});
      writing = undefined;
      failed = false;
      total = 0;
    },
  };
}

/** What is left of the chunks once so many bytes of them are written. */
function behind(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  let rest = written;
  const first = chunks.findIndex(({ length }) => {
    if (length > rest) return true;
    rest -= length;
    return false;
  });
  return first < 0
    ? []
    : [...chunks.slice(first, first + 1).map((chunk) => chunk.subarray(rest)), ...chunks.slice(first + 1)];
}
