import { readdirSync, readFileSync } from "node:fs";

/** The pids of a process's children that have this word in their command line. */
export function childrenWith(parent: number, word: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        const ppid = Number(/\) . (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);
        return ppid === parent && readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(word);
      } catch {
        return false;
      }
    });
}
