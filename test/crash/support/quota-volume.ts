import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../container/support/command.ts";
import { unmount } from "./loop.ts";

/** Sparse, and far more than any quota below: statfs(2) shows all of it as free. */
const BYTES = 512 * 1024 * 1024;

/** A volume with a quota (a qgroup of btrfs), which root is held to as well: what is beyond it is EDQUOT. */
export interface QuotaVolume {
  readonly root: string;
  /** Bytes that count against the quota now. */
  readonly used: () => Promise<number>;
  readonly limit: (bytes: number | "none") => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Mounts one below `folder`. */
export async function openQuotaVolume(folder: string): Promise<QuotaVolume> {
  const image = join(folder, "quota-image");
  const mount = join(folder, "quota");
  const root = join(mount, "volume");
  mkdirSync(mount);
  writeFileSync(image, "");
  truncateSync(image, BYTES);
  await must("mkfs.btrfs", ["-q", image]);
  await must("mount", ["-t", "btrfs", "-o", "loop", image, mount]);
  await must("btrfs", ["quota", "enable", mount]);
  await must("btrfs", ["subvolume", "create", root]);
  const group = `0/${await must("btrfs", ["inspect-internal", "rootid", root])}`;
  return {
    root,
    used: async () => {
      const table = await must("btrfs", ["qgroup", "show", "--sync", "--raw", "-f", root]);
      const used = new RegExp(`^${group}\\s+(\\d+)`, "m").exec(table)?.[1];
      if (used === undefined) throw new Error(`no quota of ${root} in:\n${table}`);
      return Number(used);
    },
    // Asked for at the top: a volume at its limit takes not even a new limit.
    limit: (bytes) => must("btrfs", ["qgroup", "limit", String(bytes), group, mount]),
    close: async () => {
      await unmount(mount);
      rmSync(image);
    },
  };
}
