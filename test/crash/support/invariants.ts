import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { linkedDigest } from "./linked.ts";
import type { Act, Ended, Site } from "./site.ts";
import type { Version } from "./versions.ts";

const DIGEST = /^sha256:[a-f0-9]{64}$/;
const TEMPORARY = /^(tmp-|removing-)/;

const names = (path: string): string[] => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};
const hashOf = (path: string): string => `sha256:${createHash("sha256").update(readFileSync(path)).digest("hex")}`;

/** Nothing stands under a digest that is not it: trees are whole, blobs and manifests hash to their names. */
export function assertNothingHalf({ layout, versions }: Site): void {
  for (const folder of [layout.extracted, layout.retained]) {
    for (const name of names(folder).filter((name) => DIGEST.test(name))) {
      const version = versions.version(name);
      assert.ok(version !== undefined, `${folder}/${name} is no version`);
      assert.equal(versions.treeFault(join(folder, name), version), undefined);
    }
  }
  for (const folder of [layout.blobs, layout.images]) {
    for (const name of names(folder).filter((name) => DIGEST.test(name) && !name.endsWith("0".repeat(64)))) {
      assert.equal(hashOf(join(folder, name)), name, `${folder}/${name}`);
    }
  }
}

/** The version that the stable link shows. */
export const stableVersion = ({ layout, versions }: Site): Version | undefined =>
  versions.version(linkedDigest(layout.entrypoint));

/** The version that was the last to serve, by what the apps said. */
export const servedLast = ({ out }: Ended): number | undefined => {
  const said = [...out.matchAll(/^serving (\d)/gm)].at(-1)?.[1];
  return said === undefined ? undefined : Number(said);
};

/** The versions that are not tried again. */
export const banned = ({ layout, versions }: Site): (Version | undefined)[] =>
  names(layout.failed)
    .filter((name) => name.endsWith(".json"))
    .map((name) => versions.version(name.replace(/\.json$/, "")));

/** Of which version a line of the log says that it is off for good. */
const OFF = /^.*(sha256:[a-f0-9]{64}).*it will not be tried again.*$/gm;

/** What the log says is off for good is recorded as failed, or its claim stands, which the next start records. */
export function assertTruthful(site: Site, { err }: Ended): void {
  const { layout, versions } = site;
  const off = [...banned(site), versions.version(linkedDigest(layout.revoked))];
  for (const [line, digest] of err.matchAll(OFF))
    assert.ok(off.includes(versions.version(digest)), `the volume knows nothing of it: ${line}`);
}

/** An undisturbed start works, and what it serves is what the disk calls stable. */
export async function assertBoots(site: Site, boot: Act, which: string): Promise<Version> {
  const ended = await site.act(boot);
  const told = `${which} boot ended with ${ended.code ?? ended.signal}:\n${ended.out}${ended.err}`;
  assert.equal(ended.code, 0, told);
  const stable = stableVersion(site);
  assert.ok(stable !== undefined, `no version is stable; ${told}`);
  assert.equal(servedLast(ended), stable, told);
  assertNothingHalf(site);
  return stable;
}

/** After `dockerloader gc` the disk holds what the links need, the way back, and nothing else. */
export async function assertClean(site: Site): Promise<void> {
  const { layout } = site;
  const { code, out, err } = await site.act({ args: ["gc"] });
  assert.equal(code, 0, `gc ended with ${code}: ${out}${err}`);
  const linked = [layout.entrypoint, layout.attempt].map(linkedDigest).filter((digest) => digest !== undefined);
  assert.deepEqual(names(layout.staging), [], "staging");
  for (const folder of [layout.dataDir, layout.state, layout.receipts, layout.failed]) {
    assert.deepEqual(
      names(folder).filter((name) => TEMPORARY.test(name)),
      [],
      folder,
    );
  }
  const trees = names(layout.extracted);
  assert.ok(
    trees.every((name) => linked.includes(name)),
    `extracted holds ${trees.join(", ")}`,
  );
  assert.ok(names(layout.retained).length <= 1, "more than one version is retained");
  const images = names(layout.images);
  assert.ok(
    images.every((name) => linked.includes(name)),
    `images holds ${images.join(", ")}`,
  );
  const text = images.map((name) => readFileSync(join(layout.images, name), "utf8")).join();
  assert.deepEqual(
    names(layout.blobs).filter((name) => !text.includes(name)),
    [],
    "blobs that no manifest names",
  );
}
