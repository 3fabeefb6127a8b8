import { digestOf } from "../../../src/digest.ts";
import { acknowledgeCommit, forgetFailures, recover, revert } from "../../../src/store/index.ts";
import { BESIDE } from "./scenarios-beside.ts";
import { type Scenario, trialEnds } from "./scenario.ts";
import { after, only, staged, tidied, tried } from "./starts.ts";
import { A, B, C, download } from "./versions.ts";
import {
  bareDisk,
  boot,
  claim,
  clean,
  commit,
  CRASH,
  diskWithStable,
  EXIT_ONE,
  goBack,
  launch,
  openWorld,
  prove,
  RESTART,
  stage,
  stopCleanly,
  TIMEOUT,
  TRIES,
} from "./world.ts";

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "first boot",
    start: async () => bareDisk(),
    play: async (world) => {
      world.promise({ stable: [A], online: true });
      await boot(world, A);
      world.promise({ stable: [A], unclean: true });
      await download(world.store, B);
    },
  },
  {
    name: "check beside a running app",
    start: () => diskWithStable(),
    play: async (world) => {
      world.promise(only(A));
      await boot(world);
      world.promise({ stable: [A], unclean: true });
      await stage(world, A, B);
    },
  },
  {
    name: "volume of the original, taken over",
    start: async () => {
      const { fs, store } = openWorld(await diskWithStable());
      store.records.setMarker(C.digest);
      await fs.removeTree(store.layout.state);
      return fs.disk;
    },
    play: async (world) => {
      world.promise({ stable: [A], blamable: [C] });
      await boot(world);
      world.promise({ stable: [A], blamable: [C], off: [C] });
      await stage(world, A, B);
    },
  },
  {
    name: "app of the original that commits and deletes all others",
    start: () => after(staged, async ({ fs, store }) => fs.removeTree(store.layout.retainedTree(A.digest))),
    play: async (world) => {
      const { fs, store } = world;
      const { layout } = store;
      world.promise(only(A));
      await boot(world);
      world.promise(only(A, B));
      fs.renameSync(layout.attempting, layout.entrypoint);
      fs.unlinkSync(layout.marker);
      for (const directory of [layout.blobs, layout.images, layout.extracted]) {
        for (const name of fs.readdirSync(directory))
          if (name !== B.digest) await fs.removeTree(`${directory}/${name}`);
      }
      await launch(world);
    },
  },
  trialEnds("update that commits", async (world) => {
    world.promise({ stable: [A, B], known: [B] });
    world.store.links.commit();
    world.promise({ stable: [B], onProbation: true });
    acknowledgeCommit(world.store);
    await clean(world, B.digest);
  }),
  trialEnds("update that fails", async (world) => {
    world.promise({ stable: [A], blamable: [B], known: [B] });
    claim(world, B, EXIT_ONE);
    world.promise({ stable: [A], blamable: [B], off: [B] });
    await launch(world);
  }),
  trialEnds("update that times out", async (world) => {
    world.promise({ stable: [A], blamable: [B], known: [B] });
    claim(world, B, TIMEOUT);
    world.promise({ stable: [A], blamable: [B], off: [B] });
    await launch(world);
  }),
  trialEnds("update that commits at the deadline", async (world) => {
    world.promise(only(A, B));
    world.store.links.commit();
    world.promise(only(B));
    claim(world, B, TIMEOUT);
    await clean(world, B.digest);
  }),
  trialEnds("trial interrupted by a stop", async (world) => {
    world.promise({ stable: [A], tried: B });
    await recover(world.store, { trialTries: TRIES, thorough: false, log: { emit: () => {} }, now: () => new Date(0) });
    stopCleanly(world);
  }),
  {
    name: "trial interrupted until it is parked",
    start: () => after(staged),
    play: async (world) => {
      world.promise(only(A));
      for (let start = 1; start < TRIES; start += 1) await boot(world);
      world.promise({ stable: [A], blamable: [B] });
      await boot(world);
      world.promise({ stable: [A], blamable: [B], off: [B] });
      await boot(world);
    },
  },
  {
    name: "crash on probation",
    start: () => after(tidied),
    play: async (world) => {
      world.promise({ stable: [A, B], blamable: [B], known: [B] });
      await goBack(world, B, CRASH);
      world.promise({ stable: [A], blamable: [B], off: [B] });
      await launch(world);
      await clean(world, A.digest);
    },
  },
  {
    name: "rollback by hand, then forgiven",
    start: () => after(tidied, async (world) => prove(world, B)),
    play: async (world) => {
      const { store } = world;
      world.promise({ stable: [A, B], blamable: [B] });
      await revert(store, { digest: B.digest, reason: { kind: "rolled-back" }, thorough: true, now: new Date(0) });
      world.promise({ stable: [A], blamable: [B] });
      forgetFailures(store, B.digest);
    },
  },
  {
    name: "clean-up with three versions",
    start: () => after(tidied, async (world) => prove(world, B)),
    play: async (world) => {
      world.promise(only(B));
      await stage(world, B, C);
      await launch(world);
      world.promise(only(B, C));
      commit(world);
      world.promise(only(C));
      await clean(world, C.digest);
      prove(world, C);
      await clean(world, C.digest);
    },
  },
  {
    name: "repair of a broken stable version",
    start: () => after(({ fs, store }) => fs.removeTree(store.layout.tree(A.digest))),
    play: async (world) => {
      world.promise(only(A));
      await boot(world);
    },
  },
  {
    name: "repair when a blob is damaged as well",
    start: () =>
      after(async ({ fs, store }) => {
        await fs.removeTree(store.layout.tree(A.digest));
        const blob = store.layout.blob(digestOf(A.layer));
        fs.unlinkSync(blob);
        fs.plant(blob, "x".repeat(A.layer.length));
      }),
    play: async (world) => {
      world.promise({ stable: [A], online: true, planted: true });
      await boot(world, A);
      world.promise(only(A));
      await clean(world, A.digest);
    },
  },
  {
    name: "repair from the retained version",
    start: () => after(tidied, ({ fs, store }) => fs.removeTree(store.layout.tree(B.digest))),
    play: async (world) => {
      world.promise(only(A, B));
      await boot(world);
    },
  },
  {
    name: "attempt superseded by a newer one",
    start: () => after(tried),
    play: async (world) => {
      world.promise(only(A));
      await stage(world, A, C);
      world.promise({ stable: [A], tried: C });
      claim(world, B, RESTART);
      await launch(world);
      world.promise(only(A, C));
      commit(world);
      world.promise(only(C));
      await clean(world, C.digest);
    },
  },
  {
    name: "stop and start",
    start: () => after(tidied),
    play: async (world) => {
      world.promise(only(B));
      prove(world, B);
      stopCleanly(world);
      await boot(world);
      await download(world.store, C);
    },
  },
  ...BESIDE,
];
