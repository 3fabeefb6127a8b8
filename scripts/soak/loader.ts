import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** The one loader of the soak, started again when it was killed. */
export interface SoakLoader {
  readonly pid: () => number;
  /** How often it ended although nobody told it to. */
  readonly died: () => number;
  /** SIGKILL, as a host that dies; its app goes with it. Resolves when a new one runs. */
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** The end of what it wrote. */
  readonly tail: () => string;
}

const TAIL_CHARS = 4_000;
const PROBATION_MS = 1_000;

export function startLoader(env: Readonly<Record<string, string | undefined>>): SoakLoader {
  let text = "";
  let died = 0;
  let expected = false;
  const start = (): ChildProcess => {
    const child = spawn("dockerloader", [], {
      env: { ...env, DOCKERLOADER_TRIAL_TIMEOUT_MS: "4000", DOCKERLOADER_PROBATION_MS: String(PROBATION_MS) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (part: string) => (text = (text + part).slice(-TAIL_CHARS)));
    }
    child.once("exit", () => {
      if (expected) return;
      died += 1;
      current = start();
    });
    return child;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    expected = true;
    const gone = once(current, "exit");
    current.kill(signal);
    await gone;
    expected = false;
  };
  let current = start();
  return {
    pid: () => current.pid ?? 0,
    died: () => died,
    kill: async () => {
      await end("SIGKILL");
      current = start();
    },
    stop: () => end("SIGTERM"),
    tail: () => text,
  };
}
