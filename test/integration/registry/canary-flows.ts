import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ErrorCode } from "../../../src/errors.ts";
import type { AuthOptions, FaultPlan, ServerIdentity } from "../../../src/testing/index.ts";
import type { Secrets } from "../../support/canary.ts";
import {
  authFile,
  identity,
  plantClientKey,
  plantHelper,
  plantPassword,
  type Scene,
  USERNAME,
} from "./canary-plants.ts";
import type { Env } from "./support.ts";

export interface Flow {
  readonly title: string;
  readonly auth?: Partial<AuthOptions>;
  readonly tls?: ServerIdentity;
  /** Plants secrets: files, and what the environment then says of them. The password is planted already if this does not. */
  readonly plant?: (scene: Scene) => { readonly env: Env; readonly secrets?: Secrets };
  readonly faults?: (scene: Scene) => FaultPlan;
  readonly target?: (scene: Scene) => string;
  /** How the pull ends. Undefined: with the image. */
  readonly ends?: ErrorCode;
  /** Names of secrets that the registry has to have heard. Default: the password. Over https nobody can listen. */
  readonly used?: readonly string[];
}

const onBlobs =
  (location: (scene: Scene) => string) =>
  (scene: Scene): FaultPlan =>
  ({ path }) =>
    path.includes("/blobs/") ? { kind: "status", status: 307, headers: { location: location(scene) } } : undefined;
/** A server that repeats what it was told, in an error and in a warning. */
const echoing =
  (status: number, where: RegExp) =>
  ({ password, registry }: Scene): FaultPlan =>
  ({ path }) => {
    const told = `${password} ${Buffer.from(`${USERNAME}:${password}`).toString("base64")} ${registry.tokens.join(" ")}`;
    return where.test(path) && registry.requests.some(({ authorized }) => authorized)
      ? {
          kind: "status",
          status,
          headers: { warning: `299 - "you said ${told}"` },
          body: JSON.stringify({ errors: [{ code: "X", message: told }] }),
        }
      : undefined;
  };

/** Every way in which a pull meets a secret. */
export const FLOWS: readonly Flow[] = [
  { title: "a pull with Basic", auth: { kind: "basic" } },
  { title: "a pull with a token", used: ["password", "token"] },
  {
    title: "a pull with a refresh token from the service",
    auth: { refreshToken: "canary-refresh-from-the-service" },
    faults: ({ registry }) => {
      let revoked = false;
      return ({ path }) => {
        if (!revoked && path.includes("/blobs/")) registry.revokeTokens();
        revoked ||= path.includes("/blobs/");
        return undefined;
      };
    },
    used: ["password", "token", "refresh token"],
  },
  {
    title: "a pull with an identity token of a file",
    auth: { refreshToken: "canary-identity-of-a-file" },
    plant: (scene) => authFile({ identitytoken: "canary-identity-of-a-file" }, scene),
    used: ["token", "refresh token"],
  },
  {
    title: "a registry token that is refused",
    plant: (scene) => ({
      ...authFile({ registrytoken: "canary-registry-token" }, scene),
      secrets: { "registry token": "canary-registry-token" },
    }),
    ends: "REGISTRY_UNAUTHORIZED",
    used: ["registry token"],
  },
  {
    title: "a pull with a password file",
    plant: ({ place, password }) => {
      const path = join(place.folder, "password");
      writeFileSync(path, `${password}\n`);
      return { env: { DOCKERLOADER_USERNAME: USERNAME, DOCKERLOADER_PASSWORD_FILE: path } };
    },
  },
  {
    title: "a pull with a credential helper",
    plant: (scene) => {
      const answer = JSON.stringify({ ServerURL: scene.host, Username: USERNAME, Secret: scene.password });
      return plantHelper(`echo '${answer}'`, scene);
    },
  },
  {
    title: "a credential helper that prints something else",
    plant: (scene) => plantHelper(`echo 'password ${scene.password}'; echo '${scene.password}' >&2`, scene),
    ends: "CREDENTIALS_INVALID",
    used: [],
  },
  {
    title: "a credential file that is no JSON",
    plant: ({ place, password }) => {
      const path = join(place.folder, "auth.json");
      writeFileSync(path, `{"auths": {"x": {"password": "${password}", }}}`);
      return { env: { DOCKERLOADER_AUTH_FILE: path } };
    },
    ends: "CREDENTIALS_INVALID",
    used: [],
  },
  {
    title: "a wrong password",
    plant: (scene) => {
      const wrong = `${scene.password}-wrong`;
      return authFile({ username: USERNAME, password: wrong }, scene);
    },
    ends: "REGISTRY_UNAUTHORIZED",
  },
  {
    title: "a wrong password with Basic",
    auth: { kind: "basic" },
    plant: (scene) => authFile({ username: USERNAME, password: `${scene.password}-wrong` }, scene),
    ends: "REGISTRY_UNAUTHORIZED",
  },
  {
    title: "a token service that repeats what it was told",
    faults: (scene) => echoing(403, /^\/token$/)(scene),
    ends: "REGISTRY_DENIED",
  },
  {
    title: "a token service that fails and repeats what it was told",
    faults: (scene) => echoing(500, /^\/token$/)(scene),
    ends: "REGISTRY_UNAVAILABLE",
  },
  {
    title: "a registry that repeats what it was told when it refuses",
    faults: (scene) => echoing(401, /blobs/)(scene),
    ends: "REGISTRY_UNAUTHORIZED",
    used: ["password", "token"],
  },
  {
    title: "a registry that repeats what it was told when it fails",
    faults: (scene) => echoing(400, /manifests/)(scene),
    ends: "REGISTRY_PROTOCOL",
    used: ["password", "token"],
  },
  {
    title: "a blob that is redirected to a stranger",
    faults: onBlobs(({ stranger }) => `http://${stranger}/elsewhere`),
    ends: "MANIFEST_UNKNOWN",
    used: ["password", "token"],
  },
  {
    // What comes back from there is a stranger's wish: without credentials.
    title: "a blob that is redirected to a stranger and back",
    faults: onBlobs(({ stranger }) => `http://${stranger}/back`),
    ends: "REGISTRY_UNAUTHORIZED",
    used: ["password", "token"],
  },
  {
    title: "a redirect with user info",
    faults: onBlobs(({ stranger, password }) => `http://${USERNAME}:${password}@${stranger}/x`),
    ends: "REGISTRY_PROTOCOL",
    used: ["password", "token"],
  },
  {
    title: "a stranger's realm with user info",
    faults:
      ({ stranger, password }) =>
      ({ path }) =>
        path.includes("/manifests/")
          ? {
              kind: "status",
              status: 401,
              headers: { "www-authenticate": `Bearer realm="http://u:${password}@${stranger}/token"` },
            }
          : undefined,
    ends: "REGISTRY_PROTOCOL",
    used: [],
  },
  {
    title: "a target with user info",
    target: ({ host, password }) => `${USERNAME}:${password}@${host}/app:stable`,
    ends: "REFERENCE_INVALID",
    used: [],
  },
  {
    title: "a proxy with user info that is not there",
    plant: (scene) => {
      const secret = `canary-of-the-proxy/${"x".repeat(8)}`;
      const proxy = `http://${USERNAME}:${encodeURIComponent(secret)}@127.0.0.1:1`;
      return { env: { ...plantPassword(scene).env, http_proxy: proxy }, secrets: { proxy: secret } };
    },
    ends: "REGISTRY_UNREACHABLE",
    used: [],
  },
  { title: "a certificate that nobody trusts", tls: identity, ends: "REGISTRY_TLS", used: [] },
  {
    title: "a pull over https with a client's key",
    tls: identity,
    plant: (scene) => plantClientKey((key) => key, scene),
    used: [],
  },
  {
    title: "a client's key that is none",
    tls: identity,
    plant: (scene) => plantClientKey((key) => key.replace(/^(M.{20})/m, "$1!!!"), scene),
    ends: "CONFIG_INVALID",
    used: [],
  },
];
