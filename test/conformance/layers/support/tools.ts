import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Answer {
  readonly ok: boolean;
  /** What the program wrote to stderr. */
  readonly said: string;
  readonly output: string;
}

const TIMEOUT_MS = 110_000;

/** Runs a program to its end; that it fails is an answer. Rejects when it cannot be started or does not end. */
export function ask(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Answer> {
  const options = {
    timeout: TIMEOUT_MS,
    maxBuffer: 2 ** 26,
    encoding: "utf8",
    env: { ...process.env, ...env },
  } as const;
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, output, said) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ ok: error === null, said, output });
    });
  });
}

const SHARED_MEMORY = "/dev/shm";

/** A directory for many small trees: in memory where there is room, for speed. */
export class Scratch implements Disposable {
  readonly path: string;

  constructor(bytes: number) {
    this.path = mkdtempSync(join(hasRoom(bytes) ? SHARED_MEMORY : tmpdir(), "dockerloader-layers-"));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function hasRoom(bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    return bavail * bsize > bytes;
  } catch {
    return false;
  }
}
