import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../../test/container/support/command.ts";
import type { Contest, Contestant, Job } from "./contest.ts";
import type { ImageName } from "./images.ts";
import { containerd } from "./containerd.ts";
import { fetch, lookBefore, podmanEnd, podmanPull, reapply, shellPull, skopeoUmoci, update } from "./site.ts";

const dataOf = ({ directory }: Job): string => join(directory, "data");

/** In a cold pull there is nothing before. */
const podman: Contestant = {
  name: "podman",
  prepare: async ({ before, directory }) => before && (await podmanPull(before.reference, directory)),
  run: ({ image, directory }) => podmanPull(image.reference, directory),
  finish: ({ directory }) => podmanEnd(directory),
};

/** The first download: a process of its own. */
const loader: Contestant = { name: "ours", run: (job) => fetch(job.image.reference, dataOf(job)) };

/** An update that shares nothing with what is there: in the app's process, which has looked for it before. */
const app: Contestant = {
  name: "ours",
  prepare: (job) => lookBefore(job.image.reference, dataOf(job)),
  run: (job) => update(job.image.reference, dataOf(job)),
};

/** Who else does it, with nothing cached: from the registry's socket to a complete tree. */
const others = (): readonly Contestant[] => [
  { name: "curl, sha256sum, igzip, tar", run: ({ image, directory }) => shellPull(image, directory) },
  { name: "skopeo and umoci", run: ({ image, directory }) => skopeoUmoci(image.reference, directory) },
  podman,
  containerd(),
];

const SMALL = "small, 3 files";

export const coldContests = (): readonly Contest[] => [
  cold(SMALL, loader),
  { ...cold(SMALL, app), title: `pull and unpack in a running app, cold: ${SMALL}` },
  cold("42,000 entries", loader),
  cold("20 big files", loader),
];

function cold(image: ImageName, ours: Contestant): Contest {
  const small = image === SMALL;
  const times = small ? 0.8 : 0.5;
  return {
    title: `pull and unpack, cold: ${image}`,
    image,
    pulled: true,
    ...(small && { short: true }),
    contestants: [ours, ...others()],
    goals: [
      { against: "curl, sha256sum, igzip, tar", times: 1.2 },
      { against: "skopeo and umoci", times: 0.4 },
      { against: "podman", times },
      { against: "containerd", times },
    ],
    bound:
      "the start of Node and of its thread, one fsync a blob (small), Node's inflate and SHA-256 (large), one sync of the tree",
  };
}

/** The data directory as the version before has left it. */
async function fetchBefore(job: Job): Promise<void> {
  if (job.before === undefined) throw new Error("an update needs an image that is there before");
  await fetch(job.before.reference, dataOf(job));
  // With a stable version there is nothing to fetch: as for the app's updater, only the tree on disk counts.
  rmSync(join(dataOf(job), "entrypoint"));
}

function linkTree(job: Job): Promise<unknown> {
  const extracted = join(dataOf(job), "storage/v1/extracted");
  const [tree = ""] = readdirSync(extracted);
  return must("cp", ["-al", join(extracted, tree), join(job.directory, "tree")]);
}

/** One layer of 14 KB on top of an image that is there; ours in a process that has looked before, as an app has. */
export const updateContest = (): Contest => ({
  title: "update by one layer, the rest cached: 42,000 entries",
  image: "42,000 entries, updated",
  before: "42,000 entries",
  pulled: true,
  contestants: [
    {
      name: "ours",
      prepare: async (job) => {
        await fetchBefore(job);
        await lookBefore(job.image.reference, dataOf(job));
      },
      run: (job) => update(job.image.reference, dataOf(job)),
    },
    { name: "cp -al of the tree", prepare: fetchBefore, run: linkTree },
    { name: "all layers again", run: ({ image, directory }) => reapply(image, directory) },
    podman,
    containerd(),
  ],
  goals: [
    { against: "cp -al of the tree", times: 1.2 },
    { against: "all layers again", times: 0.25 },
  ],
  bound:
    "a look at and a link to each file, its line of the inventory and of the seal; podman and containerd mount overlays",
});
