import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createIdentity, type TestRegistry } from "../../../src/testing/index.ts";
import type { Secrets } from "../../support/canary.ts";
import type { Env, Place } from "./support.ts";

export const USERNAME = "robot";
export const identity = createIdentity();

/** Where a flow takes place. */
export interface Scene {
  readonly place: Place;
  readonly registry: TestRegistry;
  /** What the client takes for the registry. */
  readonly host: string;
  /** Another server, which must hear no secret. */
  readonly stranger: string;
  readonly password: string;
}

/** A credential file with this entry for the registry. */
export const authFile = (entry: object, { host, place }: Scene): { env: Env } => {
  const path = join(place.folder, "auth.json");
  writeFileSync(path, JSON.stringify({ auths: { [host]: entry } }));
  return { env: { DOCKERLOADER_AUTH_FILE: path } };
};
const pair = ({ password }: Scene): { auth: string } => ({
  auth: Buffer.from(`${USERNAME}:${password}`).toString("base64"),
});
export const plantPassword = (scene: Scene): { env: Env } => authFile(pair(scene), scene);

/** A credential helper that runs this script. */
export function plantHelper(script: string, { place }: Scene): { env: Env } {
  const helper = join(place.folder, "docker-credential-canary");
  writeFileSync(helper, `#!/bin/sh\ncat >/dev/null\n${script}\n`);
  chmodSync(helper, 0o755);
  const path = join(place.folder, "auth.json");
  writeFileSync(path, JSON.stringify({ credsStore: "canary" }));
  return { env: { DOCKERLOADER_AUTH_FILE: path, PATH: `${place.folder}:/usr/bin:/bin` } };
}

/** A client certificate for the registry, with a key that may be changed. */
export function plantClientKey(change: (key: string) => string, scene: Scene): { env: Env; secrets: Secrets } {
  const certs = join(scene.place.folder, "certs.d");
  const folder = join(certs, scene.host);
  mkdirSync(folder, { recursive: true });
  const own = createIdentity(["client.test"]);
  const key = change(own.key);
  writeFileSync(join(folder, "ca.crt"), identity.certificate);
  writeFileSync(join(folder, "client.cert"), own.certificate);
  writeFileSync(join(folder, "client.key"), key);
  const env = { ...plantPassword(scene).env, DOCKERLOADER_CERTS_DIR: certs };
  return { env, secrets: { "client key": key.split("\n")[2] ?? "" } };
}
