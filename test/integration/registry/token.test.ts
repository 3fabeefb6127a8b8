/** Bearer tokens: what is asked for, with what, and when again. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { asked, auths, BASIC, image, json, password, PASSWORD, startBearer } from "./bearer.ts";
import { failureOf, open, printed } from "./service.ts";

const IDENTITY = "identity-token-of-robot";

describe("a token", () => {
  test("is asked for once by GET with the realm's own query, service and scope; anonymously without credentials", async () => {
    await using service = await startBearer({ realm: (host) => `http://${host}/token?tenant=7` });
    using opened = open(`${service.host}/app:1`);
    assert.equal(await opened.source.resolve(), image.digest);
    const [question, ...more] = asked(service);
    assert.deepEqual(more, []);
    assert.equal(question?.method, "GET");
    assert.equal(question?.headers.authorization, undefined);
    assert.deepEqual(Object.fromEntries(question?.url.searchParams ?? []), {
      tenant: "7",
      service: "the tests",
      scope: "repository:app:pull",
    });
  });

  test("is asked for with name and password, which never go to the registry beside it", async () => {
    await using service = await startBearer();
    using opened = open(`${service.host}/app:1`, password(service.host));
    await opened.source.resolve();
    const [question] = asked(service);
    assert.equal(question?.headers.authorization, BASIC);
    assert.equal(question?.url.searchParams.get("account"), "robot");
    for (const { url, headers } of service.questions)
      if (url.pathname !== "/token") assert.doesNotMatch(headers.authorization ?? "", /Basic/);
  });

  test("is asked for once by requests that run side by side, and used until it is refused; then once more", async () => {
    let good = "token-1";
    await using service = await startBearer({ admits: (token) => token === good });
    using opened = open(`${service.host}/app:1`);
    await Promise.all(Array.from({ length: 5 }, () => opened.source.image().catch(() => undefined)));
    await opened.source.resolve();
    assert.equal(asked(service).length, 1);
    good = "token-2";
    await opened.source.resolve();
    assert.equal(asked(service).length, 2);
    good = "none any more";
    assert.equal((await failureOf(opened.source.resolve())).code, "REGISTRY_UNAUTHORIZED");
    assert.equal(asked(service).length, 3, "a second 401 is final");
  });

  test("is asked for with another scope once, when the registry wants another, together with the one before", async () => {
    const wider = "repository:app:pull repository:base:pull";
    await using service = await startBearer({
      admits: (token) => token === "token-2",
      scope: ({ headers }) => (headers.authorization === undefined ? "repository:app:pull" : wider),
    });
    using opened = open(`${service.host}/app:1`);
    await opened.source.resolve();
    assert.deepEqual(
      asked(service).map(({ url }) => url.searchParams.getAll("scope")),
      [["repository:app:pull"], [wider, "repository:app:pull"]],
    );
  });

  for (const [what, answer] of [
    ["access_token, which wins", { token: "other", access_token: "good" }],
    ["token alone", { token: "good" }],
    ["access_token alone", { access_token: "good", expires_in: 1, issued_at: "long ago" }],
  ] as const) {
    test(`is read from ${what}`, async () => {
      await using service = await startBearer({
        token: (_, response) => json(response, 200, answer),
        admits: (token) => token === "good",
      });
      using opened = open(`${service.host}/app:1`);
      assert.equal(await opened.source.resolve(), image.digest);
    });
  }

  for (const [what, write] of [
    ["without one", (response) => json(response, 200, { hidden: "abcdefgh-secret" })],
    ["with one that is no token", (response) => json(response, 200, { token: "abcdefgh-secret\r\nx: y" })],
    ["that is no JSON", (response) => void response.writeHead(200).end("abcdefgh-secret")],
    ["that does not end", (response) => json(response, 200, { token: "abcdefgh-secret".repeat(10_000) })],
  ] as const satisfies readonly (readonly [string, (response: ServerResponse) => void])[]) {
    test(`is not taken from an answer ${what}, of which nothing is shown`, async () => {
      await using service = await startBearer({ token: (_, response) => write(response) });
      using opened = open(`${service.host}/app:1`);
      const error = await failureOf(opened.source.resolve());
      assert.equal(error.code, "REGISTRY_PROTOCOL", error.message);
      assert.ok(!printed(error).includes("abcdefgh-secret"), error.message);
    });
  }
});

describe("an identity token", () => {
  test("goes by POST in a form, and never by GET", async () => {
    await using service = await startBearer({
      token: ({ method }, response) => json(response, method === "POST" ? 200 : 500, { access_token: "good" }),
    });
    using opened = open(`${service.host}/app:1`, auths(service.host, { identitytoken: IDENTITY }));
    assert.equal(await opened.source.resolve(), image.digest);
    assert.deepEqual(
      asked(service).map(({ method }) => method),
      ["POST"],
    );
    assert.deepEqual(Object.fromEntries(new URLSearchParams(asked(service)[0]?.body)), {
      grant_type: "refresh_token",
      client_id: "dockerloader",
      refresh_token: IDENTITY,
      scope: "repository:app:pull",
      service: "the tests",
    });
  });

  for (const status of [404, 405]) {
    test(`gives way to the password where a service answers POST with ${status}`, async () => {
      await using service = await startBearer({
        token: ({ method }, response) => json(response, method === "POST" ? status : 200, { token: "good" }),
      });
      const entry = { identitytoken: IDENTITY, username: "robot", password: PASSWORD };
      using opened = open(`${service.host}/app:1`, auths(service.host, entry));
      assert.equal(await opened.source.resolve(), image.digest);
      assert.deepEqual(
        asked(service).map(({ method, headers }) => [method, headers.authorization]),
        [
          ["POST", undefined],
          ["GET", BASIC],
        ],
      );
    });
  }

  test("that is no longer good is REGISTRY_UNAUTHORIZED, naming where it came from", async () => {
    await using service = await startBearer({
      token: (_, response) => json(response, 400, { error: "invalid_grant", details: "refresh token expired" }),
    });
    using opened = open(`${service.host}/app:1`, auths(service.host, { identitytoken: IDENTITY }));
    const error = await failureOf(opened.source.resolve());
    assert.equal(error.code, "REGISTRY_UNAUTHORIZED");
    assert.match(error.message, /answered 401 for a token \(refresh token expired\), asked with DOCKER_AUTH_CONFIG$/);
    assert.ok(!printed(error).includes(IDENTITY));
  });

  test("that a service gives us is used instead of the password, and the password again when it has run out", async () => {
    let accepted = true;
    let good = "token-1";
    await using service = await startBearer({
      admits: (token) => token === good,
      token: ({ method, body }, response, count) => {
        if (method === "GET")
          return json(response, 200, { token: `token-${count}`, refresh_token: `refresh-${count}` });
        const known = accepted && new URLSearchParams(body).get("refresh_token")?.startsWith("refresh-");
        return json(response, known === true ? 200 : 401, { access_token: `token-${count}` });
      },
    });
    using opened = open(`${service.host}/app:1`, password(service.host));
    const methods = (): string[] => asked(service).map(({ method }) => method);
    await opened.source.resolve();
    good = "token-2";
    await opened.source.resolve();
    assert.deepEqual(methods(), ["GET", "POST"]);
    accepted = false;
    good = "token-4";
    await opened.source.resolve();
    assert.deepEqual(methods(), ["GET", "POST", "POST", "GET"]);
  });

  test("a registry token is sent as it is", async () => {
    await using service = await startBearer({ admits: (token) => token === "ready-made" });
    using opened = open(`${service.host}/app:1`, auths(service.host, { registrytoken: "ready-made" }));
    assert.equal(await opened.source.resolve(), image.digest);
    assert.deepEqual(asked(service), []);
  });
});
