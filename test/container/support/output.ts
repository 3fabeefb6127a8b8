import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import type { Ran } from "./command.ts";

/** What a process writes, and who waits for a phrase in it. */
export interface Output {
  /** Both streams in the order of their arrival. */
  readonly text: () => string;
  /**
   * Resolves when the output from the character `from` on holds the phrase. Rejects with the whole output when the
   * process ends first or nothing like it comes within the time.
   */
  readonly until: (phrase: string, from?: number) => Promise<void>;
  readonly ended: Promise<Ran>;
}

const WAIT_MS = 60_000;

/** Collects the output of a process. */
export function collect(child: ChildProcessByStdio<null, Readable, Readable>): Output {
  const { promise: ended, resolve, reject } = Promise.withResolvers<Ran>();
  const waiting = new Set<() => void>();
  const written = { out: "", err: "", both: "" };
  let over = false;
  const hear = (stream: "out" | "err", text: string): void => {
    written[stream] += text;
    written.both += text;
    for (const look of waiting) look();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => hear("out", text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => hear("err", text));
  child.once("error", reject);
  child.once("close", (code) => {
    over = true;
    resolve({ code, out: written.out, err: written.err });
    for (const look of waiting) look();
  });

  const until = (phrase: string, from = 0): Promise<void> =>
    new Promise((found, missed) => {
      const finish = (why?: string): void => {
        clearTimeout(timer);
        waiting.delete(look);
        if (why === undefined) found();
        else missed(new Error(`${why} before it wrote "${phrase}":\n${written.both.slice(from)}`));
      };
      const look = (): void => {
        if (written.both.includes(phrase, from)) finish();
        else if (over) finish("the container ended");
      };
      const timer = setTimeout(() => finish(`${WAIT_MS} ms passed`), WAIT_MS);
      waiting.add(look);
      look();
    });
  return { text: () => written.both, until, ended };
}
