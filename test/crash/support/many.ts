import { join } from "node:path";
import { must } from "../../container/support/command.ts";
import { repointLinks } from "./loop.ts";
import { keptOf } from "./reset.ts";
import type { Site } from "./site.ts";

/** A copy of a saved volume at a place of its own, with links that show this place. Answers its data directory. */
export async function copyVolume(site: Site, saved: string, name: string): Promise<string> {
  const dataDir = join(site.folder, name);
  await must("cp", ["-a", join(site.folder, "saved", saved), dataDir]);
  await repointLinks(dataDir, site.layout.dataDir);
  await must("cp", ["-a", dataDir, keptOf(dataDir)]);
  return dataDir;
}
