/** The first call of an app: where it stands, and what its image's `.env` may set. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type AppLab, openAppLab } from "./support.ts";

const TELL = "console.log('told ' + JSON.stringify([await app.initDockerloaded(), process.env]));";

describe("initDockerloaded", () => {
  let lab: AppLab;
  beforeEach(async () => {
    lab = await openAppLab();
  });
  afterEach(() => lab.close());

  /** What the app answered, its environment afterwards, and everything it wrote. */
  async function tell(env: Parameters<AppLab["run"]>[1]) {
    const { code, out, err } = await lab.run(TELL, env).ended;
    assert.equal(code, 0, out + err);
    const [loaded, variables] = JSON.parse(/^told (.*)$/m.exec(out)?.[1] ?? "[]") as [object, Record<string, string>];
    return { loaded, variables, out, err };
  }

  test("loads the image's .env by dotenv's rules, below the operator's environment", async () => {
    const digest = await lab.install({ ".env": '# of the image\nA="of image" # why\nexport B=2\nC=image\nEMPTY=\n' });
    const { loaded, variables } = await tell(lab.env(digest, { C: "operator" }));
    assert.deepEqual(loaded, { supervised: true, trial: false, digest, root: lab.store.layout.tree(digest) });
    assert.deepEqual(
      [variables["A"], variables["B"], variables["C"], variables["EMPTY"]],
      ["of image", "2", "operator", ""],
    );
  });

  test("refuses names that change what runs or whom it trusts, and names each", async () => {
    const names = ["DOCKERLOADER_TARGET", "PATH", "LD_PRELOAD", "NODE_OPTIONS", "https_proxy", "BASH_ENV"];
    const digest = await lab.install({ ".env": names.map((name) => `${name}=stolen\n`).join("") });
    const { variables, out } = await tell(lab.env(digest));
    assert.ok(!Object.values(variables).includes("stolen"));
    for (const name of names) assert.match(out, new RegExp(`may not set ${name}, ignored`));
  });

  test("is content without a .env and says what is wrong with one that is too large", async () => {
    const without = await lab.install();
    assert.match((await tell(lab.env(without))).out, /dockerloaded started \(trial mode: false\)/);
    const large = await lab.install({ ".env": `A=${"x".repeat(70_000)}` });
    const { variables, out } = await tell(lab.env(large));
    assert.equal(variables["A"], undefined);
    assert.match(out, /\.env is ignored: \.env has 70002 bytes, at most 65536 are read/);
  });

  test("points SSL_CERT_FILE to the image's authorities unless the operator has set it", async () => {
    const digest = await lab.install({ "etc/ssl/certs/ca-certificates.crt": "authorities" });
    const { variables } = await tell(lab.env(digest));
    assert.equal(variables["SSL_CERT_FILE"], join(lab.store.layout.tree(digest), "etc/ssl/certs/ca-certificates.crt"));
    const operator = await tell(lab.env(digest, { SSL_CERT_FILE: "/mine" }));
    assert.equal(operator.variables["SSL_CERT_FILE"], "/mine");
  });

  test("on trial it greets the loader, so that the loader may end the trial by taking the link", async () => {
    await lab.install();
    const digest = await lab.putOnTrial();
    const env = lab.env(digest, { DOCKERLOADER_TRIAL: "1" });
    assert.deepEqual((await tell(env)).loaded, {
      supervised: true,
      trial: true,
      digest,
      root: lab.store.layout.tree(digest),
    });
    assert.equal(lab.store.records.handshake(), env["DOCKERLOADER_RUN_ID"]);
  });

  test("without a loader says so once and changes nothing", async () => {
    const elsewhere = join(lab.folder, "elsewhere");
    const { loaded, out } = await tell({ DOCKERLOADER_DATA_DIR: elsewhere });
    assert.deepEqual(loaded, { supervised: false, trial: false });
    assert.equal(out.match(/not running under a dockerloader/g)?.length, 1);
  });

  test("never throws because of the volume: with a state directory that cannot be made it warns and goes on", async () => {
    const digest = await lab.install({ ".env": "A=1\n" });
    const broken = join(lab.folder, "broken");
    mkdirSync(broken);
    writeFileSync(join(broken, "state"), "a file where a directory belongs");
    const { loaded, out } = await tell(lab.env(digest, { DOCKERLOADER_DATA_DIR: broken }));
    assert.deepEqual(loaded, {
      supervised: true,
      trial: false,
      digest,
      root: join(broken, "storage/v1/extracted", digest),
    });
    assert.match(out, /cannot create .*broken\/state/);
  });
});
