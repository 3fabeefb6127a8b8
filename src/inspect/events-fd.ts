import { createWriteStream, fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { LIMITS } from "../limits.ts";

/** Hands lines on to a descriptor that the operator opened. A reader that does not keep up misses lines and is told. */
export interface LineSink {
  readonly write: (lines: readonly string[]) => void;
  /** Resolves when everything is out, or the reader is gone. */
  readonly end: () => Promise<void>;
}

export function openLineSink(fd: number): LineSink {
  const stream = openStream(fd);
  let missed = 0;
  let gone = false;
  stream.on("error", () => (gone = true));
  return {
    write: (lines) => {
      if (gone || lines.length === 0) return;
      if (stream.writableLength > LIMITS.inspectBacklogBytes) {
        missed += lines.length;
        return;
      }
      if (missed > 0) stream.write(`${JSON.stringify({ event: "events.missed", lines: missed })}\n`);
      missed = 0;
      stream.write(`${lines.join("\n")}\n`);
    },
    end: () =>
      new Promise((resolve) => {
        if (gone) return resolve();
        stream.once("error", () => resolve());
        stream.end(() => resolve());
      }),
  };
}

/** Pipes and sockets without ever blocking; files through the thread pool. */
function openStream(fd: number): Writable {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket()
    ? new Socket({ fd, readable: false, writable: true })
    : createWriteStream("", { fd });
}
