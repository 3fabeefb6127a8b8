/**
 * `node make.ts JSON` makes an image, keeps it below a folder and, when it is told a registry, pushes it there; prints what there is then.
 * A process of its own, because an image takes up to a gigabyte of memory, and who holds that pays 70 ms for each process it starts.
 */
import { join } from "node:path";
import { Layout } from "../../../test/conformance/layers/support/layout.ts";
import { must } from "../../../test/container/support/command.ts";
import { IMAGES } from "./images.ts";
import type { Made, Order } from "./made.ts";

const { name, folder, host, scale } = JSON.parse(process.argv[2] ?? "") as Order;
const repository = name.replaceAll(/\W+/g, "-");
const layout = new Layout(join(folder, repository));
// As registries have them; what is only applied is not to be decompressed.
const gzip = host !== undefined;
const layers = layout.add(
  "t",
  IMAGES[name](scale).map((tar) => ({ tar, gzip })),
);
layout.finish();
const reference = `${host ?? "nowhere"}/${repository}:t`;
if (host !== undefined) {
  const to = ["--dest-tls-verify=false", `oci:${layout.path}:t`, `docker://${reference}`];
  await must("skopeo", ["copy", "--quiet", ...to]);
}
console.log(JSON.stringify({ reference, layout: `${layout.path}:t`, layers } satisfies Made));
