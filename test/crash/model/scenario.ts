import type { Disk } from "./disk.ts";
import { after, only, staged } from "./starts.ts";
import { A } from "./versions.ts";
import { boot, type World } from "./world.ts";

/** One story on a data directory. The power may go at any operation of it. */
export interface Scenario {
  readonly name: string;
  readonly start: () => Promise<Disk>;
  readonly play: (world: World) => Promise<void>;
}

/** A story that begins with B put on trial over A. */
export const trialEnds = (name: string, end: (world: World) => void | Promise<void>): Scenario => ({
  name,
  start: () => after(staged),
  play: async (world) => {
    world.promise(only(A));
    await boot(world);
    await end(world);
  },
});
