import type { Readable } from "node:stream";
import { createInterface } from "node:readline";

/** A wait longer than this is a defect, not a measurement: milliseconds. */
const LIMIT_MS = 60_000;

export interface Ear {
  /** Resolves with the moment at which the next such line came, however many came with it; rejects at the stream's end. */
  readonly until: (word: string) => Promise<number>;
}

/**
 * Listens to lines from the first on. Every line is kept with its time, because several come in one chunk when the
 * machine is busy: whoever asks between two of them must not miss the second.
 */
export function listenTo(stream: Readable, limitMs: number = LIMIT_MS): Ear {
  const heard: { readonly line: string; readonly at: number }[] = [];
  let next = 0;
  let ended = false;
  let wake = (): void => {};
  const lines = createInterface({ input: stream });
  lines.on("line", (line) => {
    heard.push({ line, at: performance.now() });
    wake();
  });
  lines.once("close", () => {
    ended = true;
    wake();
  });
  return {
    until: async (word) => {
      const deadline = performance.now() + limitMs;
      for (;;) {
        for (; next < heard.length; next += 1) {
          const { line, at } = heard[next] ?? { line: "", at: 0 };
          if (line !== word) continue;
          next += 1;
          return at;
        }
        const left = deadline - performance.now();
        if (ended || left <= 0) throw new Error(`the program ${ended ? "ended" : "was silent"} before it said ${word}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
  };
}
