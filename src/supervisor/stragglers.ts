import { readdirSync, readFileSync } from "node:fs";

/** The pids of every process that inherited this run id, ourselves excepted. Processes of other users are skipped. */
export function processesOfRun(runId: string): number[] {
  const needle = Buffer.from(`DOCKERLOADER_RUN_ID=${runId}\0`);
  const found: number[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (readFileSync(`/proc/${name}/environ`).includes(needle)) found.push(pid);
    } catch {
      // Gone since, or another user's.
    }
  }
  return found;
}

const ROUNDS = 5;

/**
 * Kills what a run left behind, also what left its process group with setsid(2): a second generation must never meet
 * processes of the first. Repeats while new ones appear, at most five times. Returns how many were killed.
 */
export function killStragglers(runId: string): number {
  const killed = new Set<number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const pids = processesOfRun(runId);
    if (pids.length === 0) break;
    for (const pid of pids) if (trySignal(pid, "SIGKILL")) killed.add(pid);
  }
  return killed.size;
}

/** Sends a signal to a process, or to a group when the number is negative. False: there is nothing to signal. */
export function trySignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
