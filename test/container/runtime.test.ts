/** The image as a citizen of its container runtime: users, read-only roots, signals, orphans, health. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chown } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Lab, openLab, type Site } from "./support/lab.ts";
import { needsContainers } from "./support/preconditions.ts";

const READ_ONLY = ["--read-only", "--tmpfs", "/tmp"];
/** Says who it is and what it was given, becomes ready, lives until SIGTERM and then ends with code 7. */
const DAEMON = `
trap 'echo got TERM; exit 7' TERM
trap 'echo got USR1' USR1
echo "user $(id -u) arguments $*"
dockerloader ready && echo up
while :; do sleep 60 & wait $!; done`;

describe("the image in its runtime", needsContainers(), () => {
  let lab: Lab;
  before(async () => {
    lab = await openLab();
  });
  after(() => lab.close());

  /** A site whose one version is running when the test begins. */
  async function daemon(options?: Parameters<Site["start"]>[0]) {
    const site = await lab.site({ script: DAEMON });
    await site.push({ VERSION: "1.0" });
    const container = site.start(options);
    await container.until("up");
    return { site, container };
  }

  test("podman stop reaches the app, and its exit code is the container's", async () => {
    const { container } = await daemon();
    assert.equal((await container.stop(30)).code, 0);
    const { code, out } = await container.ended;
    assert.match(out, /got TERM/);
    assert.ok(!out.includes("killed subprocess group"), out);
    assert.equal(code, 7);
  });

  test("a signal that is the app's business reaches the app", async () => {
    const { container } = await daemon();
    assert.equal((await container.podman("kill", "--signal", "USR1", container.name)).code, 0);
    await container.until("got USR1");
  });

  test("arguments of the container are the app's arguments", async () => {
    const { container } = await daemon({ args: ["run", "--", "a", "b c"] });
    assert.match(container.text(), /arguments a b c/);
  });

  test("process 1 is tini and reaps the orphans of the app", async () => {
    const script = `i=0; while [ $i -lt 50 ]; do (sh -c : &); i=$((i + 1)); done\n${DAEMON}`;
    const site = await lab.site({ script });
    await site.push({ VERSION: "1.0" });
    const container = site.start();
    await container.until("up");
    assert.equal((await container.exec("cat", "/proc/1/comm")).out, "tini\n");
    const zombies = async (): Promise<string> => {
      const { out } = await container.exec("sh", "-c", "grep -ls '^State:.Z' /proc/[0-9]*/status; :");
      return out;
    };
    let left = await zombies();
    for (let look = 0; left !== "" && look < 20; look += 1) {
      await delay(100);
      left = await zombies();
    }
    assert.equal(left, "");
  });

  test("started without tini the loader puts it in front of itself", async () => {
    const { container } = await daemon({ options: ["--entrypoint", "dockerloader"] });
    assert.equal((await container.exec("cat", "/proc/1/comm")).out, "tini\n");
    assert.equal((await container.stop(30)).code, 0);
    assert.equal((await container.ended).code, 7);
  });

  test("the status command and the health check say that all is well", async () => {
    const { container } = await daemon();
    const status = await container.exec("dockerloader", "status");
    assert.equal(status.code, 0, status.out + status.err);
    const health = await container.podman("healthcheck", "run", container.name);
    assert.equal(health.code, 0, health.out + health.err);
  });

  test("a read-only root with a tmpfs at /tmp is enough", async () => {
    const { container } = await daemon({ options: READ_ONLY });
    assert.equal((await container.exec("dockerloader", "status")).code, 0);
  });

  test("user 1000 runs it on a volume of its own, without capabilities", async () => {
    const site = await lab.site({ script: DAEMON });
    await chown(site.data, 1000, 1000);
    await site.push({ VERSION: "1.0" });
    const options = [...READ_ONLY, "--user", "1000:1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
    const container = site.start({ options });
    await container.until("up");
    assert.match(container.text(), /user 1000 /);
    assert.equal((await container.exec("dockerloader", "status")).code, 0);
  });

  for (const user of ["0:0", "1000:1000", "4321:0"]) {
    test(`user ${user} without capabilities can write a new named volume`, async (t) => {
      const data = `dockerloader-test-${randomUUID()}`;
      const { container } = await daemon({ data, options: [...READ_ONLY, "--user", user, "--cap-drop", "ALL"] });
      t.after(async () => {
        await container.remove();
        await container.podman("volume", "rm", "--force", data);
      });
      assert.match(container.text(), new RegExp(`user ${user.split(":")[0] ?? ""} `));
    });
  }

  test("a volume that user 1000 may not write ends the container with code 78 and names the directory", async () => {
    const site = await lab.site({ script: DAEMON });
    await site.push({ VERSION: "1.0" });
    const { code, err } = await site.run({ options: ["--user", "1000:1000"] });
    assert.equal(code, 78, err);
    assert.match(err, /\/data/);
  });

  test("without a target the container ends with code 78 and names the variable", async () => {
    const site = await lab.site({ script: DAEMON });
    const { code, err } = await site.run({ env: { DOCKERLOADER_TARGET: undefined } });
    assert.equal(code, 78, err);
    assert.match(err, /DOCKERLOADER_TARGET is not set/);
  });

  test("any other command of the program can be run in the image", async () => {
    const site = await lab.site({ script: DAEMON });
    const { code, out, err } = await site.run({ args: ["status", "--help"] });
    assert.equal(code, 0, out + err);
    assert.match(out + err, /status/);
  });

  test("the image says what it is and keeps /data out of itself", async () => {
    const format = "{{json .Config}}";
    const text = await lab.engine.mustPodman(["image", "inspect", "--format", format, lab.image]);
    const config = JSON.parse(text) as { Labels: Record<string, string>; Volumes: object; Cmd?: string[] };
    assert.equal(config.Labels["org.opencontainers.image.title"], "dockerloader");
    assert.deepEqual(Object.keys(config.Volumes), ["/data"]);
    const health = await lab.engine.mustPodman(["image", "inspect", "--format", "{{json .HealthCheck}}", lab.image]);
    assert.match(health, /"dockerloader","status"/);
    assert.equal(config.Cmd ?? null, null);
  });
});
