/**
 * A whole life of a loader at a registry with passwords: first download refused, then allowed, an update on trial, tokens that run
 * out, every command that looks. The secrets lie in a file and come over the wire; they must be nowhere else.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { filesBelow, secretsIn } from "../support/canary.ts";
import { openShellLab, type ShellLab } from "./support/shell-lab.ts";

const canary = (name: string): string => `canary-${name}-${randomBytes(12).toString("base64url")}`;

/** Writes down its environment, becomes ready, looks for an update whenever it is told to. */
const APP = `tr '\\0' '\\n' </proc/self/environ >"$DUMPS/$$"; dockerloader ready; echo "up as $$"; trap 'exit 0' TERM
while :; do [ -e "$MARK" ] && { rm -f "$MARK"; dockerloader check; [ $? = 42 ] && exit 42; echo looked; }; sleep 0.05; done`;
const COMMANDS = [
  ["status"],
  ["status", "--json"],
  ["why", "--json"],
  ["history", "--json"],
  ["doctor"],
  ["doctor", "--json"],
  ["verify", "--json"],
  ["inspect", "--json"],
];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function writePassword({ folder, registry }: ShellLab, password: string): void {
  const auth = Buffer.from(`robot:${password}`).toString("base64");
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
}

/** The environments of all processes below one, its own included. */
function environments(root: number): string {
  const parents = new Map<number, number>();
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger))
    try {
      parents.set(pid, Number(/\) . (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]));
    } catch {
      // It has ended.
    }
  const below = (pid: number): boolean => pid === root || (parents.has(pid) && below(parents.get(pid) ?? 0));
  return [...parents.keys()]
    .filter(below)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8");
      } catch {
        return "";
      }
    })
    .join("\n");
}

test("no secret is in any log at debug level, the volume, an environment, or what a command shows", async (t) => {
  const password = canary("password");
  const refreshToken = canary("refresh");
  const lab = await openShellLab({ auth: { kind: "bearer", username: "robot", password, refreshToken } });
  t.after(lab.close);
  const dumps = join(lab.folder, "dumps");
  mkdirSync(dumps);
  const mark = join(lab.folder, "mark");
  const metrics = `127.0.0.1:${await freePort()}`;
  const env = {
    DUMPS: dumps,
    MARK: mark,
    DOCKERLOADER_LOG_LEVEL: "debug",
    DOCKERLOADER_METRICS: metrics,
    DOCKERLOADER_INSPECT: "127.0.0.1:0",
  };
  const seen: Record<string, string> = {};

  const first = await lab.push(APP);
  writePassword(lab, `${password}-wrong`);
  const refused = await lab.run({ env });
  seen["a refused first download"] = refused.out + refused.err;
  assert.match(refused.err + refused.out, /REGISTRY_UNAUTHORIZED/);

  writePassword(lab, password);
  const loader = lab.start({ env });
  await loader.until("up as");
  seen["the environments while it runs"] = environments(loader.process.pid ?? 0);
  assert.match(seen["the environments while it runs"], /DOCKERLOADER_DIGEST=sha256:/);
  const second = await lab.push(`${APP} # newer`);
  const from = loader.text().length;
  writeFileSync(mark, "");
  await loader.until("up as", from);
  assert.notEqual(first, second);
  seen["the environments after an update"] = environments(loader.process.pid ?? 0);

  // Tokens have run out, and the registry is out of order.
  lab.registry.revokeTokens();
  const heal = lab.registry.fault(({ path }) => (path === "/token" ? { kind: "status", status: 500 } : undefined));
  writeFileSync(mark, "");
  await loader.until("looked", from);
  heal();
  for (const args of COMMANDS) {
    const { out, err } = await lab.command(args, env);
    assert.notEqual(out, "", args.join(" "));
    seen[args.join(" ")] = out + err;
  }
  seen["metrics"] = await (await fetch(`http://${metrics}/metrics`)).text();
  assert.match(seen["metrics"], /dockerloader_/);
  await loader.kill("SIGTERM");
  seen["the loader's log"] = loader.text();
  seen["the volume"] = filesBelow(lab.dataDir);
  seen["what the app saw"] = filesBelow(dumps);

  const secrets = {
    password,
    refreshToken,
    ...Object.fromEntries(lab.registry.tokens.map((token, index) => [`token ${index + 1}`, token])),
  };
  assert.ok(lab.registry.tokens.length >= 2, "a secret that nobody uses cannot leak");
  for (const [where, text] of Object.entries(seen)) assert.deepEqual(secretsIn(text, secrets), [], where);
  // Where it may be, it is found: this test can fail.
  assert.deepEqual(secretsIn(filesBelow(lab.folder), secrets), ["password"]);
});
