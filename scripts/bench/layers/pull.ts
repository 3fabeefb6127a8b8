import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../../test/container/support/command.ts";
import type { Contest } from "./contest.ts";
import { type BenchImage, bigFiles, BOTTOM, updated } from "./images.ts";
import { containerd } from "./containerd.ts";
import { fetch, peakMb, podmanPull, push, type Pushed, reapply, shellPull, skopeoUmoci, update } from "./site.ts";

/** Nothing cached: from the registry's socket to a complete tree. Ours is durable either way; the others only where it says so. */
export async function coldContest(
  folder: string,
  host: string,
  [image, index]: readonly [BenchImage, number],
): Promise<Contest> {
  const pushed = await push(folder, host, `shape-${index}`, image);
  return {
    title: `pull and unpack, cold: ${image.name}`,
    contestants: [
      { name: "ours", run: async (place) => void (await fetch(pushed.reference, join(place, "data"))) },
      { name: "curl, sha256sum, igzip, tar", run: (place) => shellPull(pushed, place) },
      { name: "skopeo and umoci", run: (place) => skopeoUmoci(pushed.reference, place) },
      { name: "podman", run: (place) => podmanPull(pushed.reference, place) },
      containerd(pushed.reference),
    ],
    goals: [
      { against: "curl, sha256sum, igzip, tar", times: 1.2 },
      { against: "skopeo and umoci", times: 0.4 },
      { against: "podman", times: index === 0 ? 0.8 : 0.5 },
      { against: "containerd", times: index === 0 ? 0.8 : 0.5 },
    ],
    bound: "Node's start and one fsync a blob (small), Node's inflate and SHA-256 (large), one sync of the tree",
  };
}

/** One layer of 14 KB on top of an image that is there; ours in a process that runs already, as an app does it. */
export async function updateContest(folder: string, host: string, image: BenchImage): Promise<Contest> {
  const before = await push(folder, host, "before", image);
  const after = await push(folder, host, "after", updated(image));
  const warm = mkdtempSync(join(folder, "warm-"));
  await fetch(before.reference, warm);
  const extracted = join(warm, "storage/v1/extracted");
  const tree = join(extracted, readdirSync(extracted)[0] ?? "");
  return {
    title: `update by one layer, the rest cached: ${image.name}`,
    contestants: [
      {
        name: "ours",
        prepare: async (place) => {
          await fetch(before.reference, join(place, "data"));
          // With a stable version there is nothing to fetch: as for the app's updater, only the tree on disk counts.
          rmSync(join(place, "data/entrypoint"));
        },
        run: (place) => update(after.reference, join(place, "data")),
      },
      { name: "cp -al of the tree", run: async (place) => void (await must("cp", ["-al", tree, join(place, "tree")])) },
      { name: "all layers again", run: (place) => reapply(after, place) },
      {
        name: "podman",
        prepare: (place) => podmanPull(before.reference, place),
        run: (place) => podmanPull(after.reference, place),
      },
      containerd(after.reference, before.reference),
    ],
    goals: [
      { against: "cp -al of the tree", times: 1.2 },
      { against: "all layers again", times: 0.25 },
    ],
    bound:
      "a look at and a link to each file, its line of the inventory and of the seal; podman and containerd mount overlays",
  };
}

/** MiB that a process needs more to pull a gigabyte than to pull next to nothing. */
export async function growthMb(folder: string, host: string, scale: number): Promise<number> {
  const small = await push(folder, host, "nothing", { name: "", layers: [BOTTOM] });
  const layers = [BOTTOM, ...[2, 3, 4, 5].map((seed) => bigFiles(1, Math.round(2 ** 28 * scale), seed, 95))];
  const large = await push(folder, host, "gigabyte", { name: "", layers });
  const peak = ({ reference }: Pushed): Promise<number> => peakMb(reference, mkdtempSync(join(folder, "memory-")));
  return (await peak(large)) - (await peak(small));
}
