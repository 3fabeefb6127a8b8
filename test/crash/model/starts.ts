/** Disks that stories begin on, and how they come about. */
import type { Disk } from "./disk.ts";
import { A, B, type Version } from "./versions.ts";
import { boot, clean, commit, diskWithStable, openWorld, stage, type World } from "./world.ts";

export const only = (...stable: Version[]) => ({ stable });

/** From a disk that earlier steps have left, all of it durable. */
export async function after(...steps: ((world: World) => Promise<unknown>)[]): Promise<Disk> {
  const world = openWorld(await diskWithStable());
  for (const step of steps) await step(world);
  return world.fs.disk;
}

export const staged = (world: World) => stage(world, A, B);
export const tried = async (world: World) => {
  await stage(world, A, B);
  await boot(world);
};
export const committed = async (world: World) => {
  await tried(world);
  commit(world);
};
export const tidied = async (world: World) => {
  await committed(world);
  await clean(world, B.digest);
};
