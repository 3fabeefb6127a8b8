/** Debian's registry that is killed in the middle of a download and comes back. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Logged, type Registry, startRegistry } from "../../support/docker-registry.ts";
import { type Builder, type Made, openBuilder } from "./support/builder.ts";
import { changeTo, fillFirst, setTimes } from "./support/contents.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { type Relay, startRelay } from "./support/relay.ts";
import { makeVersions, type Versions } from "./support/scenario.ts";
import { openSite, type Site } from "./support/site.ts";

const RANDOM_BYTES = 24_000_000;
/** About what the layer comes to: random bytes do not shrink. */
const BYTES = RANDOM_BYTES + 2_000_000;
const CUT = 0.9;
/** How much of the layer may come a second time after a cut at 90 %. */
const MOST_AGAIN = 0.12;

describe("a registry that is killed at 90 % of a layer", needsRegistries(), () => {
  let registry: Registry;
  let relay: Relay;
  let builder: Builder;
  let versions: Versions;
  let large: Made;
  let site: Site;
  const target = (): string => `${relay.host}/team/app:stable`;
  const push = (image: Made): Promise<void> => builder.push(image, `${registry.host}/team/app:stable`);

  before(async () => {
    registry = await startRegistry();
    relay = await startRelay(registry.host);
    builder = await openBuilder();
    versions = await makeVersions(builder);
    // One layer that is nearly all of the image: a share of what comes back is a share of the layer.
    large = await builder.layer(async (root) => {
      await fillFirst(root);
      await changeTo(2)(root);
      await writeFile(join(root, "large"), randomBytes(RANDOM_BYTES));
      await setTimes(root, ["large"], 1_000_000_000);
    });
    site = await openSite();
  });
  after(async () => {
    await site?.close();
    await builder?.close();
    await relay?.stop();
    await registry?.stop();
  });

  /** Kills the registry when that much is through, and starts it again. */
  async function restartInTheMiddle(): Promise<void> {
    await relay.holdAfter(BYTES * CUT);
    await registry.end("SIGKILL");
    relay.release();
    await registry.begin();
  }

  /** Whatever the dead registry says it sent: the new one sent the rest of the layer, and little more. */
  function assertContinued(asked: readonly Logged[]): void {
    const parts = asked.filter(({ path, status }) => path.includes("/blobs/") && status === 206);
    assert.equal(parts.length, 1, JSON.stringify(asked));
    assert.ok(Number(parts[0]?.bytes) <= BYTES * MOST_AGAIN, JSON.stringify(parts));
    const whole = asked.filter(({ path, status, bytes }) => path === parts[0]?.path && status === 200 && bytes > 0);
    assert.ok(whole.length <= 1, JSON.stringify(asked));
  }

  test("a pull goes on where it was", async () => {
    await push(large);
    await registry.asked();
    const [pulled] = await Promise.all([site.pull(target()), restartInTheMiddle()]);
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, large.tree);
    assertContinued(await registry.asked());
  });

  test("so does an update, and the app does not notice", async () => {
    await push(versions.first);
    const loader = site.start(target());
    await loader.until("serving 1");
    await push(large);
    await registry.asked();
    loader.poke();
    await restartInTheMiddle();
    await loader.until("serving 2");
    await loader.until("trial successful");
    assert.deepEqual(await site.tree(), large.tree);
    assertContinued(await registry.asked());
    assert.equal(loader.text().match(/"child.exited"/g)?.length, 1);
  });
});
