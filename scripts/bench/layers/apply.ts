import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import tarFs from "tar-fs";
import type * as unpack from "../../../src/unpack/index.ts";
import { must } from "../../../test/container/support/command.ts";
import type { Contest, Contestant, Job } from "./contest.ts";

/** The unpacker as it is shipped: from sources its worker would begin with taking types away. */
export const unpacker = (): Promise<typeof unpack> =>
  import(new URL("../../../dist/lib/src/unpack/index.js", import.meta.url).href) as Promise<typeof unpack>;

const archive = ({ image }: Job): string => image.layers[0]?.path ?? "";

/** One uncompressed layer, applied by all of them; ours checks the diff_id besides. */
const CONTESTANTS: readonly [Contestant, ...Contestant[]] = [
  {
    name: "ours",
    prepare: unpacker,
    run: async ({ directory, image }) => (await unpacker()).unpackImage({ root: directory, layers: image.layers }),
  },
  { name: "GNU tar", run: (job) => must("tar", ["-xpf", archive(job), "-C", job.directory]) },
  {
    name: "umoci",
    run: ({ directory, image }) => must("umoci", ["raw", "unpack", "--image", image.layout, join(directory, "t")]),
  },
  { name: "tar-fs", run: (job) => pipeline(createReadStream(archive(job)), tarFs.extract(job.directory)) },
];

/** Applying alone: no download, no decompression. */
export const applyContests = (): readonly Contest[] => [
  {
    title: "apply 30,000 small files",
    image: "files to apply",
    pulled: false,
    contestants: CONTESTANTS,
    goals: [
      { against: "GNU tar", times: 1.2 },
      { against: "tar-fs", times: 0.15 },
    ],
    bound: "the kernel's work for each file and two threads' JavaScript around it, on both processors",
  },
  {
    title: "apply one layer of 200 MB",
    image: "bytes to apply",
    pulled: false,
    contestants: CONTESTANTS,
    goals: [],
    bound: "SHA-256 for the diff_id on the thread that writes",
  },
];
