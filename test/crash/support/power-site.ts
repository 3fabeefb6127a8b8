import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "../../container/support/command.ts";
import { copyImage, type FileSystemType, makeImage, mountImage, unmount } from "./loop.ts";
import { openSite, type Site } from "./site.ts";

const FAST = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

export interface PowerSite extends Site {
  /** The file with the volume as it was saved. */
  readonly savedImage: (name: string) => string;
  /** Unmounts and mounts: what was not on the disk is gone after a cut. */
  readonly remount: () => Promise<void>;
}

/**
 * A site whose data directory is on a file system of its own. After every disturbed act the file system is mounted
 * anew: what a cut left on the disk is what the next boot finds.
 */
export async function openPowerSite(type: FileSystemType): Promise<PowerSite> {
  const folder = await mkdtemp(join(FAST, "dockerloader-power-"));
  const mount = join(folder, "mount");
  const empty = join(folder, "empty");
  await makeImage(empty, type);
  let serial = 0;
  let image = empty;
  /**
   * Mounts a copy of an image file in place of what is mounted. Always a new file: a container that starts meanwhile
   * holds on to the old mount, and the kernel would hand out the dead file system again.
   */
  const mountCopy = async (from: string): Promise<void> => {
    const old = image;
    serial += 1;
    image = join(folder, `image-${serial}`);
    await copyImage(from, image);
    await mountImage(image, mount, type);
    if (old !== empty) await rm(old, { force: true });
  };
  await mountCopy(empty);
  const site = await openSite(join(mount, "data"));
  const savedImage = (name: string): string => join(folder, `saved-${name}`);
  const remount = async (): Promise<void> => {
    await unmount(mount);
    await mountCopy(image);
  };
  return {
    ...site,
    savedImage,
    remount,
    act: async (act, plan) => {
      const ended = await site.act(act, plan);
      if (plan !== undefined) await remount();
      return ended;
    },
    save: async (name) => {
      await must("sync", ["-f", mount]);
      await remount();
      await must("sync", ["-f", mount]);
      await copyImage(image, savedImage(name));
    },
    restore: async (name) => {
      await unmount(mount);
      await mountCopy(name === undefined ? empty : savedImage(name));
    },
    close: async () => {
      await site.close();
      await unmount(mount);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
