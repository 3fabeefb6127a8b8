import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { layoutOf } from "../../../src/layout.ts";
import { must } from "../../container/support/command.ts";
import { collect } from "../../container/support/output.ts";
import { linkedDigest } from "./linked.ts";
import { copyImage, cutPower, type FileSystemType, makeImage, mountImage, repointLinks, unmount } from "./loop.ts";
import { originalFault, originalFirst, originalUpdate } from "./original-order.ts";
import type { PowerSite } from "./power-site.ts";
import { SCENARIOS } from "./scenarios.ts";

export const DELAYS_SECS = [0, 1, 3, 7, 12, 25] as const;

/** One cut some time after a commit. `fault`: what was wrong after it; undefined when all was well. */
export interface LaterCut {
  readonly secs: number;
  readonly flushJournal: boolean;
  readonly fault: string | undefined;
}

/** Commits on many volumes at once, ours and in the order of the original, and cuts each after its time. */
export async function cutLater(
  site: PowerSite,
  type: FileSystemType,
): Promise<{ ours: readonly LaterCut[]; original: readonly LaterCut[] }> {
  const staged = SCENARIOS.find(({ name }) => name === "a trial commits");
  await site.restore(undefined);
  await staged?.prepare(site);
  await site.save("staged");
  const cases = DELAYS_SECS.flatMap((secs) => [true, false].map((flushJournal) => ({ secs, flushJournal })));
  const original = Promise.allSettled(cases.map((cut, index) => cutOriginal(site, type, index, cut)));
  const ours = Promise.allSettled(cases.map((cut, index) => cutOurs(site, type, index, cut)));
  return { ours: valuesOf(await ours), original: valuesOf(await original) };
}

/** Throws the first failure when all are over: none is still at work on a mount then. */
function valuesOf<T>(settled: readonly PromiseSettledResult<T>[]): T[] {
  return settled.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

type Cut = Pick<LaterCut, "secs" | "flushJournal">;

/** The loader and its app live on for that time after the commit, then the power is gone; what does the next boot serve? */
async function cutOurs(site: PowerSite, type: FileSystemType, index: number, cut: Cut): Promise<LaterCut> {
  const image = join(site.folder, `ours-${index}`);
  const mount = join(site.folder, `ours-${index}-mount`);
  const { dataDir, entrypoint } = layoutOf(join(mount, "data"));
  await copyImage(site.savedImage("staged"), image);
  await mountImage(image, mount, type);
  await repointLinks(dataDir, site.layout.dataDir);
  const start = (trial: string) => {
    const env = {
      ...site.env,
      DOCKERLOADER_DATA_DIR: dataDir,
      DOCKERLOADER_TARGET: "127.0.0.1:1/app:1",
      APP_2_TRIAL: trial,
    };
    const child = spawn("dockerloader", [], { env, stdio: ["ignore", "pipe", "pipe"] });
    return { child, output: collect(child) };
  };
  const running = start("dockerloader ready; echo ready is done; exec sleep 60");
  await running.output.until("ready is done");
  await delay(cut.secs * 1000);
  await cutPower(mount, cut.flushJournal);
  running.child.kill("SIGTERM");
  await once(running.child, "close");
  await unmount(mount);
  await copyImage(image, `${image}-cut`);
  await mountImage(`${image}-cut`, mount, type);
  const { code, out, err } = await start("exit 9").output.ended;
  const serves = site.versions.version(linkedDigest(entrypoint));
  const usable = code === 0 && serves === 2 && out.includes("serving 2");
  await unmount(mount);
  return { ...cut, fault: usable ? undefined : `exit ${code}, stable ${serves}: ${out}${err}` };
}

async function cutOriginal(site: PowerSite, type: FileSystemType, index: number, cut: Cut): Promise<LaterCut> {
  const image = join(site.folder, `original-${index}`);
  const mount = join(site.folder, `original-${index}-mount`);
  const dataDir = join(mount, "data");
  await makeImage(image, type);
  await mountImage(image, mount, type);
  mkdirSync(dataDir);
  originalFirst(dataDir);
  await must("sync", ["-f", mount]);
  originalUpdate(dataDir);
  await delay(cut.secs * 1000);
  await cutPower(mount, cut.flushJournal);
  await unmount(mount);
  await copyImage(image, `${image}-cut`);
  await mountImage(`${image}-cut`, mount, type);
  const fault = originalFault(dataDir);
  await unmount(mount);
  return { ...cut, fault };
}
