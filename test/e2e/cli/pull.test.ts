/** The options of `dockerloader pull`, and what it says when its argument is wrong. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { openShellLab, type ShellLab } from "../support/shell-lab.ts";

const [USER, PASSWORD] = ["robot", "hunter2-hunter2"];

describe("pull", () => {
  let lab: ShellLab;
  let digest: string;
  let pulls = 0;
  before(async () => {
    lab = await openShellLab({ auth: { kind: "basic", username: USER, password: PASSWORD } });
    digest = await lab.push("echo pulled");
  });
  after(() => lab.close());

  const login = (password: string): string => {
    const auth = Buffer.from(`${USER}:${password}`).toString("base64");
    return JSON.stringify({ auths: { [lab.registry.host]: { auth } } });
  };
  const pull = (reference: string, options: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    pulls += 1;
    const output = join(lab.folder, `pulled${pulls}`);
    return lab.command(["pull", reference, "-o", output, ...options], env);
  };

  test("takes its credentials from a file that is named, whatever else there is", async () => {
    const [good, bad, other] = [join(lab.folder, "good.json"), join(lab.folder, "bad.json"), join(lab.folder, "other")];
    writeFileSync(good, login(PASSWORD));
    writeFileSync(bad, login("wrong"));
    writeFileSync(other, "wrong");
    const everything = {
      DOCKER_AUTH_CONFIG: login("wrong"),
      DOCKERLOADER_AUTH_FILE: bad,
      DOCKERLOADER_USERNAME: USER,
      DOCKERLOADER_PASSWORD_FILE: other,
    };
    const named = await pull(lab.target, ["--auth-file", good], everything);
    assert.deepEqual([named.code, named.out], [0, `${digest}\n`], named.err);
    const refused = await pull(lab.target, ["--auth-file", bad], { DOCKER_AUTH_CONFIG: login(PASSWORD) });
    assert.equal(refused.code, 77);
    assert.match(refused.err, new RegExp(`asked with ${bad}; `));
    const missing = await pull(lab.target, ["--auth-file", "/no/such/file"], { DOCKER_AUTH_CONFIG: login(PASSWORD) });
    assert.equal(missing.code, 78);
    assert.match(missing.err, /credential file \/no\/such\/file does not exist.*\[CREDENTIALS_INVALID\]/);
  });

  test("takes no password as an argument", async () => {
    for (const option of ["--password", "--creds", "--username"]) {
      const { code, err } = await pull(lab.target, [option, "x"]);
      assert.equal(code, 64);
      assert.match(err, /Unknown argument/);
    }
  });

  test("points at the character that is wrong", async () => {
    const { code, err } = await pull("r.example/Team/app:1", []);
    assert.equal(code, 64);
    const [sentence, text, mark, ...rest] = err.trimEnd().split("\n");
    assert.match(sentence ?? "", /^Error: .*has upper case in "Team", at character 11; .*\[REFERENCE_INVALID\]$/);
    assert.deepEqual([text, mark, rest], ["  r.example/Team/app:1", `  ${" ".repeat(10)}^`, []]);
    assert.ok(!existsSync(join(lab.folder, `pulled${pulls}`)));
  });
});
