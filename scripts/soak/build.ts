import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** The soak runs the built command. */
export function build(): void {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, "../build.ts")], { stdio: "inherit" });
  if (status !== 0) throw new Error("the build failed");
}
