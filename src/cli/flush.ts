import { setTimeout as delay } from "node:timers/promises";

/** Resolves when what was written is out, or its reader is gone. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}

/**
 * Waits until both streams are out: a pipe takes 64 KiB at once, and what it has not taken is lost with the process.
 * With a limit in milliseconds it is not waited for longer: a reader of the log that hangs must not keep a loader alive.
 */
export async function flush(limitMs?: number): Promise<void> {
  const out = Promise.all([process.stdout, process.stderr].map(drained));
  await (limitMs === undefined ? out : Promise.race([out, delay(limitMs, undefined, { ref: false })]));
}
