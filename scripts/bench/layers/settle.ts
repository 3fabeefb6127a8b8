import { execFileSync } from "node:child_process";

/** Returns when all that was written to the volume of a directory is on it. */
export const settle = (directory: string): void => void execFileSync("sync", ["-f", directory]);
