/** Stories of what comes in between: a clean-up by hand, an app of the original that knows no record, damage of a tree. */
import { type Scenario, trialEnds } from "./scenario.ts";
import { after, only, staged, tidied } from "./starts.ts";
import { A, B } from "./versions.ts";
import { boot, claim, clean, CRASH, diskWithStable, EXIT_ONE, goBack, launch, stage, type World } from "./world.ts";

/** Changes one file of a tree, as a bad disk would. */
async function damage({ fs }: World, path: string, content: string, mode?: number): Promise<void> {
  fs.unlinkSync(path);
  fs.plant(path, content, mode);
}

export const BESIDE: readonly Scenario[] = [
  {
    name: "clean-up beside a staged version",
    start: () => diskWithStable(),
    play: async (world) => {
      world.promise(only(A));
      await boot(world);
      await stage(world, A, B);
      world.promise({ stable: [A], unclean: true, tried: B });
      await clean(world, A.digest);
      await boot(world);
    },
  },
  trialEnds("clean-up during a trial", async (world) => {
    world.promise({ stable: [A], tried: B });
    await clean(world, A.digest);
  }),
  {
    name: "failed version, staged again by an app of the original",
    start: () =>
      after(staged, async (world) => {
        await boot(world);
        claim(world, B, EXIT_ONE);
      }),
    play: async (world) => {
      world.promise({ stable: [A], blamable: [B], off: [B] });
      await stage(world, A, B);
      await launch(world);
    },
  },
  {
    name: "damage of the staged version",
    start: () =>
      after(staged, async (world) => {
        await damage(world, world.store.layout.executable(B.digest), "", 0o755);
      }),
    play: async (world) => {
      world.promise(only(A));
      await boot(world);
    },
  },
  {
    name: "damage of the stable version, found after an unclean stop",
    start: () =>
      after(async (world) => {
        await damage(world, `${world.store.layout.tree(A.digest)}/lib/data`, "rubbish");
        world.store.records.dropCleanStop();
      }),
    play: async (world) => {
      world.promise(only(A));
      await boot(world);
    },
  },
  {
    name: "rollback with nothing to return to",
    start: () => after(tidied, async ({ fs, store }) => fs.removeTree(store.layout.retainedTree(A.digest))),
    play: async (world) => {
      world.promise(only(B));
      await goBack(world, B, CRASH).catch(() => undefined);
      await launch(world);
    },
  },
];
