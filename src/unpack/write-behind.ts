import { closeSync, openSync, write } from "node:fs";

/** Tells one line after the other, without their ends. */
export type Lines = (tell: (line: string) => void) => void;

/** Characters that are worth a write of their own. */
const PIECE_CHARS = 256 * 1024;

/**
 * Writes lines to a new file beside the calling thread, which goes on making them meanwhile. Not synced. The file must not exist.
 * Resolves when everything is written, rejects with the first failure; nothing is written any more either way.
 */
export async function writeLines(path: string, mode: number, lines: Lines): Promise<void> {
  const file = new WriteBehind(path, mode);
  try {
    lines((line) => file.add(line));
  } finally {
    await file.end();
  }
}

/** Each piece is on its way as soon as it is large enough, without a turn of the event loop. */
class WriteBehind {
  readonly #fd: number;
  readonly #writes: Promise<void>[] = [];
  #lines: string[] = [];
  #chars = 0;
  #offset = 0;

  constructor(path: string, mode: number) {
    this.#fd = openSync(path, "wx", mode);
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#chars += line.length;
    if (this.#chars >= PIECE_CHARS) this.#send();
  }

  async end(): Promise<void> {
    if (this.#lines.length > 0) this.#send();
    // All of them: a write that is under way would meet another file under the descriptor's number.
    await Promise.allSettled(this.#writes);
    closeSync(this.#fd);
    await Promise.all(this.#writes);
  }

  #send(): void {
    const bytes = Buffer.from(`${this.#offset > 0 ? "\n" : ""}${this.#lines.join("\n")}`);
    this.#lines = [];
    this.#chars = 0;
    const written = writeAt(this.#fd, bytes, this.#offset);
    // Whoever ends hears of it.
    written.catch(() => undefined);
    this.#writes.push(written);
    this.#offset += bytes.length;
  }
}

/** A full volume takes a part first, and refuses the rest. */
function writeAt(fd: number, bytes: Buffer, offset: number): Promise<void> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, offset, (error, done) => {
      if (error !== null) reject(error);
      else if (done === bytes.length) resolve();
      else writeAt(fd, bytes.subarray(done), offset + done).then(resolve, reject);
    });
  });
}
