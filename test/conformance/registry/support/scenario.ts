import assert from "node:assert/strict";
import type { Builder, Made } from "./builder.ts";
import { changeTo, fillFirst } from "./contents.ts";
import type { Loader, Site } from "./site.ts";

/** Two versions of one app: two layers and three. */
export interface Versions {
  readonly first: Made;
  readonly second: Made;
}

export async function makeVersions(builder: Builder): Promise<Versions> {
  const first = await builder.layer(changeTo(1), { from: await builder.layer(fillFirst) });
  return { first, second: await builder.layer(changeTo(2), { from: first }) };
}

/** What every registry has to be good for: a pull, a first boot and an update of a running app, every tree as it was put in. */
export async function pullBootUpdate(
  site: Site,
  target: string,
  { first, second }: Versions,
  push: (image: Made) => Promise<void>,
): Promise<Loader> {
  await push(first);
  const pulled = await site.pull(target);
  assert.equal(pulled.code, 0, pulled.err);
  assert.deepEqual(pulled.tree, first.tree);

  const loader = site.start(target);
  await loader.until("serving 1");
  assert.deepEqual(await site.tree(), first.tree);

  await push(second);
  loader.poke();
  await loader.until("serving 2");
  await loader.until("trial successful");
  assert.deepEqual(await site.tree(), second.tree);
  return loader;
}
