import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { EventEmitter } from "node:events";
import type { LoaderEvent } from "../../src/log/events.ts";

/** One line of the loader's log, or of the app's own output. */
export type Heard =
  | { readonly at: number; readonly kind: "event"; readonly event: LoaderEvent; readonly message: string }
  | { readonly at: number; readonly kind: "app"; readonly text: string };

export interface DemoLoader {
  readonly process: ChildProcess;
  /** Everything heard so far. */
  readonly heard: readonly Heard[];
  readonly onHeard: (listener: (heard: Heard) => void) => void;
  /** Resolves with the first line at or after `from` that matches; rejects when the loader ends or time is up. */
  readonly waitFor: (what: string, from: number, matches: (heard: Heard) => boolean) => Promise<Heard>;
  readonly stop: () => Promise<number>;
}

function parse(line: string): Heard {
  const at = performance.now();
  try {
    const { event: type, message, ...fields } = JSON.parse(line) as { event: string; message: string };
    return { at, kind: "event", event: { type, ...fields } as unknown as LoaderEvent, message };
  } catch {
    return { at, kind: "app", text: line };
  }
}

/** Starts the loader as a container would and listens to its log. */
export function startLoader(main: string, env: NodeJS.ProcessEnv, signal: AbortSignal): DemoLoader {
  const child = spawn(process.execPath, [main, "run"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const heard: Heard[] = [];
  const lines = new EventEmitter<{ heard: [Heard]; end: [] }>().setMaxListeners(0);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      const item = parse(line);
      heard.push(item);
      lines.emit("heard", item);
    });
  }
  child.once("close", () => lines.emit("end"));
  return {
    process: child,
    heard,
    onHeard: (listener) => void lines.on("heard", listener),
    waitFor: (what, from, matches) =>
      new Promise((resolve, reject) => {
        const early = heard.find((item) => item.at >= from && matches(item));
        if (early !== undefined) return resolve(early);
        lines.on("heard", (item) => {
          if (item.at >= from && matches(item)) resolve(item);
        });
        lines.once("end", () => reject(new Error(`the loader ended while the demo waited for: ${what}`)));
        signal.addEventListener("abort", () => reject(new Error(`time is up while the demo waited for: ${what}`)));
      }),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "close");
      }
      return child.exitCode ?? 1;
    },
  };
}
