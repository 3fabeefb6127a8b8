import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Layout, layoutOf } from "../../../src/layout.ts";
import { must } from "../../container/support/command.ts";
import { repointLinks } from "./loop.ts";
import type { Site } from "./site.ts";

/** One of several copies of a saved volume. */
export interface Copy {
  readonly layout: Layout;
  /** Makes it as it was saved. */
  readonly reset: () => void;
}

/** A copy of a saved volume at a place of its own, with links that show this place. */
export async function copyVolume(site: Site, saved: string, name: string): Promise<Copy> {
  const dataDir = join(site.folder, name);
  const kept = `${dataDir}-kept`;
  await must("cp", ["-a", join(site.folder, "saved", saved), dataDir]);
  await repointLinks(dataDir, site.layout.dataDir);
  await must("cp", ["-a", dataDir, kept]);
  return {
    layout: layoutOf(dataDir),
    reset: () => {
      rmSync(dataDir, { recursive: true });
      cpSync(kept, dataDir, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    },
  };
}
