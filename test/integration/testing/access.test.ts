import assert from "node:assert/strict";
import { test } from "node:test";
import { parseChallenges } from "../../../src/registry/challenge.ts";
import { basicHeader, errorCode, registryFor, smallImage } from "./support.ts";

const PAIR = { username: "robot", password: "pass:word" };

test("basic: no credentials and wrong ones are refused, the right ones are let in", async (t) => {
  const registry = await registryFor(t, { auth: { kind: "basic", ...PAIR } });
  await registry.push("app", "1", await smallImage());
  const url = `http://${registry.host}/v2/app/manifests/1`;
  for (const headers of [{}, { authorization: basicHeader("robot", "wrong") }]) {
    const refused = await fetch(url, { headers });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get("www-authenticate")?.startsWith("Basic realm="), true);
    assert.equal(await errorCode(refused), "UNAUTHORIZED");
  }
  const answer = await fetch(url, { headers: { authorization: basicHeader(PAIR.username, PAIR.password) } });
  assert.equal(answer.status, 200);
  assert.deepEqual(
    registry.requests.map(({ authorized, status }) => [authorized, status]),
    [
      [false, 401],
      [true, 401],
      [true, 200],
    ],
  );
});

test("bearer: the challenge names realm, service and scope; its token lets in until it is revoked", async (t) => {
  const registry = await registryFor(t, { auth: { kind: "bearer", ...PAIR } });
  await registry.push("team/app", "1", await smallImage());
  const url = `http://${registry.host}/v2/team/app/manifests/1`;
  const refused = await fetch(url);
  assert.equal(refused.status, 401);
  const [challenge] = parseChallenges([refused.headers.get("www-authenticate") ?? ""]);
  const { realm = "", service, scope } = Object.fromEntries(Object.entries(challenge?.parameters ?? {}));
  assert.equal(challenge?.scheme.toLowerCase(), "bearer");
  assert.deepEqual(
    [realm, service, scope],
    [`http://${registry.host}/token`, "test registry", "repository:team/app:pull"],
  );

  assert.equal((await fetch(realm)).status, 401);
  const granted = await fetch(realm, { headers: { authorization: basicHeader(PAIR.username, PAIR.password) } });
  const { token, expires_in, issued_at } = (await granted.json()) as Record<string, unknown>;
  assert.equal(expires_in, 300);
  assert.equal(Number.isNaN(Date.parse(String(issued_at))), false);

  const ask = async (): Promise<number> =>
    (await fetch(url, { headers: { authorization: `Bearer ${String(token)}` } })).status;
  assert.equal(await ask(), 200);
  registry.revokeTokens();
  assert.equal(await ask(), 401);
});

test("bearer: a request that writes is asked for the right to push", async (t) => {
  const registry = await registryFor(t, { auth: { kind: "bearer", ...PAIR } });
  const refused = await fetch(`http://${registry.host}/v2/team/app/blobs/uploads/`, { method: "POST" });
  assert.match(refused.headers.get("www-authenticate") ?? "", /scope="repository:team\/app:pull,push"/);
});

test("without auth there is no token service", async (t) => {
  const registry = await registryFor(t);
  assert.equal((await fetch(`http://${registry.host}/token`)).status, 404);
});

test("bearer with a refresh token: it comes with the first token, and is taken by POST in the password's place", async (t) => {
  const registry = await registryFor(t, { auth: { kind: "bearer", ...PAIR, refreshToken: "again" } });
  const realm = `http://${registry.host}/token`;
  const granted = await fetch(realm, { headers: { authorization: basicHeader(PAIR.username, PAIR.password) } });
  assert.equal(((await granted.json()) as Record<string, unknown>)["refresh_token"], "again");
  const post = (token: string): Promise<Response> =>
    fetch(realm, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token }),
    });
  assert.equal((await post("other")).status, 401);
  const { token } = (await (await post("again")).json()) as Record<string, unknown>;
  assert.equal(registry.tokens.at(-1), token);
  assert.equal(registry.tokens.length, 2);
});
