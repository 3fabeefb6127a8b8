import { spawn } from "node:child_process";

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Milliseconds; the command is killed after them. */
  readonly timeoutMs?: number;
}

/** How a command ended and what it wrote. `code` is null when a signal ended it. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const TIMEOUT_MS = 300_000;

/** Runs a command to its end. Rejects only when it cannot be started. */
export function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<Ran> {
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  const child = spawn(program, args, {
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: options.timeoutMs ?? TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.once("error", reject);
  child.once("close", (code) => resolve({ code, out, err }));
  return promise;
}

/** Runs a command that has to succeed; what it wrote to stdout, trimmed. The error shows everything it wrote. */
export async function must(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, out, err } = await run(program, args, options);
  if (code === 0) return out.trim();
  throw new Error(`${program} ${args.join(" ")} ended with ${code ?? "a signal"}\n${out}${err}`);
}
