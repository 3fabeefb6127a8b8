/** Debian's registry behind an nginx that sends blobs to another origin, as the large registries do. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { must } from "../../container/support/command.ts";
import { freePort, type Registry, startRegistry } from "../../support/docker-registry.ts";
import { openAuthority } from "./support/authority.ts";
import { type Builder, openBuilder } from "./support/builder.ts";
import { withNames } from "./support/names.ts";
import { type Nginx, startNginx } from "./support/nginx.ts";
import { needsRegistries } from "./support/preconditions.ts";
import { makeVersions, pullBootUpdate, type Versions } from "./support/scenario.ts";
import { openSite, type Site } from "./support/site.ts";

const [USER, PASSWORD] = ["robot", "correct horse"];
const [FRONT, BLOBS] = ["registry.test", "blobs.test"];
const SIGNATURE = "X-Signature=planted-signature";

describe("a registry behind an nginx that redirects blobs", needsRegistries(), () => {
  let folder: string;
  let registry: Registry;
  let open: Registry;
  let nginx: Nginx;
  let builder: Builder;
  let versions: Versions;
  let site: Site;
  let ports: { readonly front: number; readonly blobs: number; readonly plain: number; readonly downgrade: number };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "dockerloader-nginx-"));
    await writeFile(join(folder, "htpasswd"), `${await must("htpasswd", ["-nbB", USER, PASSWORD])}\n`);
    const htpasswd = { realm: "the tests", path: join(folder, "htpasswd") };
    registry = await startRegistry({ config: { auth: { htpasswd } } });
    // What the blob store reads: the same files, without a question.
    open = await startRegistry({ storage: registry.storage });
    const authority = await openAuthority(folder, "authority");
    const tls = async (name: string): Promise<string> => {
      const { certificate, key } = await authority.issue(name);
      return `ssl_certificate ${certificate}; ssl_certificate_key ${key};`;
    };
    const [front, blobs, plain, downgrade] = [await freePort(), await freePort(), await freePort(), await freePort()];
    ports = { front, blobs, plain, downgrade };
    const frontTls = await tls(FRONT);
    const redirecting = (to: string): string => `
      location ~ "^/v2/team/(.+)/blobs/(sha256:.+)$" { auth_request /allowed; return 307 ${to}/v2/team/$1/blobs/$2?${SIGNATURE}; }
      location = /allowed { internal; proxy_pass http://${registry.host}/v2/; proxy_set_header Authorization $http_authorization; }
      location / { proxy_pass http://${registry.host}; }`;
    nginx = await startNginx(
      `server { listen 127.0.0.1:${front} ssl; ${frontTls} ${redirecting(`https://${BLOBS}:${blobs}`)}
         location /back/ { proxy_pass http://${open.host}/; } }
       server { listen 127.0.0.1:${downgrade} ssl; ${frontTls} ${redirecting(`http://${BLOBS}:${plain}`)} }
       server { listen 127.0.0.1:${blobs} ssl; ${await tls(BLOBS)} location /v2/team/ { proxy_pass http://${open.host}; }
         location ~ "^(/v2/team/back/blobs/.+)$" { return 302 https://${FRONT}:${front}/back$1; } }
       server { listen 127.0.0.1:${plain}; location / { proxy_pass http://${open.host}; } }`,
      front,
    );
    builder = await openBuilder();
    versions = await makeVersions(builder);
    const file = join(folder, "auth.json");
    const auth = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");
    const auths = { [`${FRONT}:${front}`]: { auth }, [`${FRONT}:${downgrade}`]: { auth } };
    await writeFile(file, JSON.stringify({ auths }));
    site = await openSite({
      under: await withNames(folder, [FRONT, BLOBS]),
      env: { DOCKERLOADER_AUTH_FILE: file, NODE_EXTRA_CA_CERTS: authority.certificate },
    });
  });
  after(async () => {
    await site?.close();
    await builder?.close();
    await nginx?.stop();
    await open?.stop();
    await registry?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const push = (repository: string, image = versions.first): Promise<void> =>
    builder.push(image, `${registry.host}/${repository}`, "--creds", `${USER}:${PASSWORD}`);

  test("pulls, boots and updates; the credentials stay at the registry, the signed address stays out of the log", async () => {
    const loader = await pullBootUpdate(site, `${FRONT}:${ports.front}/team/app:stable`, versions, (image) =>
      push("team/app:stable", image),
    );
    const { out, err } = await loader.stop();
    assert.doesNotMatch(out + err, /planted-signature|correct horse|Basic /);
    const seen = await nginx.seen(20);
    const atFront = seen.filter(({ server }) => server === String(ports.front));
    const atBlobs = seen.filter(({ server }) => server === String(ports.blobs));
    assert.ok(atFront.some(({ authorization }) => authorization.startsWith("Basic ")));
    assert.ok(atBlobs.length >= 6, JSON.stringify(atBlobs));
    assert.ok(
      atBlobs.every(({ status, uri }) => status === 200 && uri.endsWith(SIGNATURE)),
      JSON.stringify(atBlobs),
    );
    assert.deepEqual(
      atBlobs.filter(({ authorization, cookie }) => authorization !== "" || cookie !== ""),
      [],
    );
  });

  test("credentials that were dropped at another origin do not come back when it redirects home", async () => {
    await push("team/back:1");
    const pulled = await site.pull(`${FRONT}:${ports.front}/team/back:1`);
    assert.equal(pulled.code, 0, pulled.err);
    assert.deepEqual(pulled.tree, versions.first.tree);
    const home = (await nginx.seen(1)).filter(({ uri }) => uri.startsWith("/back/"));
    assert.ok(home.length >= 3, JSON.stringify(home));
    assert.deepEqual(
      home.filter(({ authorization }) => authorization !== ""),
      [],
    );
  });

  test("refuses to be sent from https to http, and asks nothing there", async () => {
    await push("team/down:1");
    const { code, err } = await site.pull(`${FRONT}:${ports.downgrade}/team/down:1`);
    assert.notEqual(code, 0);
    assert.match(err, /which is not encrypted.*REGISTRY_PROTOCOL/);
    assert.deepEqual(
      (await nginx.seen(1)).filter(({ server }) => server === String(ports.plain)),
      [],
    );
  });
});
