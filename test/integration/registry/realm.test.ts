/** Realms: to whom a registry may send us with our credentials. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asked, BASIC, image, json, notes, password, startBearer } from "./bearer.ts";
import { type Env, failureOf, open, startService } from "./service.ts";

test("a registry that knows neither bearer nor basic gets nothing, and what it wants is said", async () => {
  await using service = await startService((_, response) => {
    response.setHeader("www-authenticate", ["Negotiate", "NTLM abc=", 'Bearer service="no realm"']);
    json(response, 401, {});
  });
  using opened = open(`${service.host}/app:1`, password(service.host));
  const error = await failureOf(opened.source.resolve());
  assert.equal(error.code, "REGISTRY_UNAUTHORIZED");
  assert.equal(error.message, `${service.host} asks for negotiate, ntlm, bearer; spoken here are bearer and basic`);
  assert.equal(service.questions.length, 1);
});

describe("a realm", () => {
  for (const [what, realm] of [
    ["that is no URL", () => "/token"],
    ["that is no web address", () => "file:///etc/passwd"],
    ["with a user in it", (host: string) => `http://a:b@${host}/token`],
    ["with a fragment", (host: string) => `http://${host}/token#x`],
  ] as const) {
    test(`${what} is refused before anything is sent there`, async () => {
      await using service = await startBearer({ realm });
      using opened = open(`${service.host}/app:1`, password(service.host));
      const error = await failureOf(opened.source.resolve());
      assert.equal(error.code, "REGISTRY_PROTOCOL", error.message);
      assert.deepEqual(asked(service), []);
    });
  }

  /** A token service on another host, and a registry that names it. */
  const apart = async () => {
    const tokens = await startService((_, response) => json(response, 200, { token: "good" }));
    const service = await startBearer({ realm: () => `http://${tokens.host}/token` });
    return { tokens, service };
  };

  test("on another host gets the credentials, which is said once", async () => {
    const { tokens, service } = await apart();
    await using _ = tokens;
    await using __ = service;
    using opened = open(`${service.host}/app:1`, password(service.host));
    await opened.source.resolve();
    assert.equal(tokens.questions[0]?.headers.authorization, BASIC);
    const said = `the credentials for ${service.host} (DOCKER_AUTH_CONFIG) go to its token service ${tokens.host}`;
    assert.equal(notes(opened).split(said).length, 2);
  });

  test("on a host that an operator has not listed gets nothing, once there is a list", async () => {
    const { tokens, service } = await apart();
    await using _ = tokens;
    await using __ = service;
    const env = (trusted: string): Env => ({ ...password(service.host), DOCKERLOADER_TRUSTED_REALMS: trusted });
    using refused = open(`${service.host}/app:1`, env("auth.example"));
    const error = await failureOf(refused.source.resolve());
    assert.equal(error.code, "REGISTRY_PROTOCOL");
    assert.match(
      error.message,
      new RegExp(`get a token at ${tokens.host}, which DOCKERLOADER_TRUSTED_REALMS does not list`),
    );
    assert.deepEqual(tokens.questions, []);
    using trusted = open(`${service.host}/app:1`, env(`auth.example,${tokens.host}`));
    assert.equal(await trusted.source.resolve(), image.digest);
  });

  test("that redirects to such a host is not followed, and to another one without the credentials", async () => {
    await using elsewhere = await startService((_, response) => json(response, 200, { token: "good" }));
    await using service = await startBearer({
      token: (_, response) => void response.writeHead(307, { location: `http://${elsewhere.host}/token` }).end(),
    });
    const env = { ...password(service.host), DOCKERLOADER_TRUSTED_REALMS: "auth.example" };
    using refused = open(`${service.host}/app:1`, env);
    assert.equal((await failureOf(refused.source.resolve())).code, "REGISTRY_PROTOCOL");
    assert.equal(elsewhere.questions.length, 0);
    using followed = open(`${service.host}/app:1`, password(service.host));
    assert.equal(await followed.source.resolve(), image.digest);
    assert.equal(elsewhere.questions[0]?.headers.authorization, undefined);
  });
});
