import { cpSync, rmSync } from "node:fs";

/** Where a volume of which there are several copies is kept as it was saved. */
export const keptOf = (dataDir: string): string => `${dataDir}-kept`;

/** Makes it as it was saved. */
export function resetVolume(dataDir: string): void {
  rmSync(dataDir, { recursive: true });
  cpSync(keptOf(dataDir), dataDir, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}
