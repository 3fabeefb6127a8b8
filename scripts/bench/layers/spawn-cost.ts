/** What starting a process costs the one that starts it: fork(2) copies the page tables of all it holds. Run as a program it says what a bare Node pays. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { middle } from "../group.ts";

const TIMES = 7;

/** Milliseconds for which a start keeps this process. */
export async function spawnMs(): Promise<number> {
  const found: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const begun = performance.now();
    const child = spawn("true", { stdio: "ignore" });
    found.push(performance.now() - begun);
    await once(child, "close");
  }
  return middle(found);
}

if (import.meta.main) console.log(await spawnMs());
