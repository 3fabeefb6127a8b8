import { watch } from "node:fs";
import type { FileSystem } from "./fs.ts";

/**
 * An append-only file of lines, bounded: at its limit it becomes `<path>.1` and a new one begins. Several processes
 * append at once (one write(2) on O_APPEND a line); only the loader, of which there is one, turns the file over.
 * Nothing is decided from it and nothing waits for it: appending never throws and never syncs, and a line that a full
 * volume cut short is skipped by every reader.
 */
export interface Journal {
  readonly path: string;
  readonly append: (line: string) => void;
  /** Whole lines, oldest first. */
  readonly lines: () => string[];
  /** Begins a new file when the limit is reached. For the loader alone. */
  readonly turn: () => void;
}

/** Bytes past its limit at which a journal that no loader turns over takes no more lines. */
const UNATTENDED = 2;
const CHUNK_BYTES = 64 * 1024;
/** Watch events get lost on some volume drivers: the net below them, in milliseconds. */
const POLL_MS = 500;

export function createJournal(fs: FileSystem, path: string, limit: number): Journal {
  const sizeOf = (): number => fs.lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const guarded = (action: () => void): void => {
    try {
      action();
    } catch {
      // A volume that is full or gone is reported by what needs it.
    }
  };
  return {
    path,
    append: (line) =>
      guarded(() => {
        if (sizeOf() > limit * UNATTENDED) return;
        const fd = fs.openSync(path, "a", 0o644);
        try {
          fs.writeSync(fd, Buffer.from(`${line}\n`));
        } finally {
          fs.closeSync(fd);
        }
      }),
    lines: () => [`${path}.1`, path].flatMap((file) => readLines(fs, file)),
    turn: () =>
      guarded(() => {
        if (sizeOf() >= limit) fs.renameSync(path, `${path}.1`);
      }),
  };
}

function readLines(fs: FileSystem, path: string): string[] {
  if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined) return [];
  return fs
    .readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

export interface Follower {
  /** Reads what is there now; then nothing more is reported. */
  readonly close: () => void;
}

/**
 * Calls `onLines` with the lines that are there (both files) and then with every line that comes, across turns of the
 * file. Each line is reported once and in order.
 */
export function followJournal(fs: FileSystem, path: string, onLines: (lines: readonly string[]) => void): Follower {
  let fd: number | undefined;
  let rest = "";
  const decoder = new TextDecoder();
  const chunk = Buffer.alloc(CHUNK_BYTES);

  const drain = (): void => {
    if (fd === undefined) return;
    for (let read = fs.readSync(fd, chunk, 0, CHUNK_BYTES, null); read > 0;) {
      const parts = (rest + decoder.decode(chunk.subarray(0, read), { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      const lines = parts.filter((line) => line !== "");
      if (lines.length > 0) onLines(lines);
      read = fs.readSync(fd, chunk, 0, CHUNK_BYTES, null);
    }
  };
  const open = (): void => {
    const present = fs.lstatSync(path, { throwIfNoEntry: false });
    if (present === undefined || (fd !== undefined && fs.fstatSync(fd).ino === present.ino)) return;
    // The old file takes no more lines once its name is gone, but for those being written just now.
    drain();
    if (fd !== undefined) fs.closeSync(fd);
    rest = "";
    fd = fs.openSync(path, "r");
  };
  const look = (): void => {
    try {
      drain();
      open();
      drain();
    } catch {
      // Looked at again at the next event.
    }
  };

  const older = readLines(fs, `${path}.1`);
  if (older.length > 0) onLines(older);
  look();
  const poll = setInterval(look, POLL_MS);
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    watcher = watch(path.slice(0, path.lastIndexOf("/")), look);
    watcher.on("error", () => watcher?.close());
  } catch {
    // No inotify here: the poll alone sees new lines.
  }
  return {
    close: () => {
      clearInterval(poll);
      watcher?.close();
      look();
      if (fd !== undefined) fs.closeSync(fd);
      fd = undefined;
    },
  };
}
