/**
 * Secrets are planted in every place where a client reads them, and looked for in all that it leaves behind: events, errors with
 * their causes, the volume, and what a server hears to which a redirect leads. What the registry hears shows that they were used.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { DockerloaderError } from "../../../src/errors.ts";
import { startRegistry } from "../../../src/testing/index.ts";
import { everythingOf, filesBelow, type Secrets, secretsIn, startWiretap } from "../../support/canary.ts";
import { FLOWS } from "./canary-flows.ts";
import { plantPassword, type Scene, USERNAME } from "./canary-plants.ts";
import { type Env, imageOf, openPlace } from "./support.ts";

const canary = (name: string): string => `canary-${name}-${randomBytes(12).toString("base64url")}`;

for (const flow of FLOWS) {
  test(`no secret is left behind by ${flow.title}`, async () => {
    const password = canary("password");
    const auth = { kind: "bearer", username: USERNAME, password, ...flow.auth } as const;
    await using registry = await startRegistry(flow.tls === undefined ? { auth } : { auth, tls: flow.tls });
    await using elsewhere = await startRegistry();
    await using ours = await startWiretap(registry.host);
    await using theirs = await startWiretap(elsewhere.host);
    using place = openPlace();
    const scene: Scene = { place, registry, host: ours.host, stranger: theirs.host, password };
    elsewhere.fault(({ path }) =>
      path === "/back" ? { kind: "status", status: 307, headers: { location: `http://${ours.host}/v2/x` } } : undefined,
    );
    await registry.push("app", "stable", await imageOf("canary", 10_000));
    const { env, secrets: more = {} }: { env: Env; secrets?: Secrets } = (flow.plant ?? plantPassword)(scene);
    if (flow.faults !== undefined) registry.fault(flow.faults(scene));

    const target = flow.target?.(scene) ?? `${ours.host}/app:stable`;
    const result = await place.pull(target, { env }).catch((error: unknown) => error);
    if (flow.ends === undefined) assert.equal(typeof result, "string", String(result));
    else assert.equal(result instanceof DockerloaderError ? result.code : result, flow.ends, String(result));

    const secrets: Secrets = {
      password,
      ...(auth.refreshToken === undefined ? {} : { "refresh token": auth.refreshToken }),
      ...Object.fromEntries(registry.tokens.map((token) => ["token", token])),
      ...more,
    };
    const seen = secretsIn(ours.heard(), secrets);
    for (const name of flow.used ?? ["password"]) assert.ok(seen.includes(name), `the ${name} was never used`);
    const left = {
      "an event": JSON.stringify(place.events),
      "the error": everythingOf(result),
      "the volume": filesBelow(place.store.layout.dataDir),
      "what a stranger heard": theirs.heard(),
    };
    for (const [where, text] of Object.entries(left))
      assert.deepEqual(secretsIn(text, secrets), [], `in ${where}: ${text.slice(0, 2_000)}`);
  });
}

test("a secret is found in clear, encoded, and inside of something encoded", () => {
  const secrets = { one: canary("a/b?c"), two: canary("other") };
  const { one } = secrets;
  for (const text of [
    `x${one}y`,
    encodeURIComponent(one),
    Buffer.from(one).toString("hex"),
    ...["", "u:", "us:", "use:"].map((user) => Buffer.from(`${user}${one}!`).toString("base64")),
    Buffer.from(`u:${one}`).toString("base64url"),
    everythingOf(new Error("outside", { cause: new Error("inside", { cause: { hidden: [one] } }) })),
  ])
    assert.deepEqual(secretsIn(text, secrets), ["one"], text);
  assert.deepEqual(secretsIn("nothing", secrets), []);
});
