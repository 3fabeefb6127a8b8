import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../config/load.ts";
import { DockerloaderError } from "../errors.ts";
import { isRecord } from "./manifest.ts";
import type { Reference } from "./reference.ts";

/** How to introduce ourselves to a registry. `source` names the file for messages; no secret is ever in it. */
export interface Credentials {
  readonly source: string;
  readonly username?: string;
  readonly password?: string;
  /** An identity (refresh) token for the token service. */
  readonly identityToken?: string;
  /** A token that is sent as it is. */
  readonly registryToken?: string;
}

export interface CredentialOptions {
  readonly env: Environment;
  readonly authFile?: string;
}

/** Where credentials may be, in the order in which the first match wins (containers-auth.json(5), docker login). */
export function credentialFiles({ env, authFile }: CredentialOptions): string[] {
  const home = env["HOME"] ?? "/root";
  const uid = process.getuid?.() ?? 0;
  const named = authFile ?? env["REGISTRY_AUTH_FILE"];
  if (named) return [named];
  return [
    join(
      env["XDG_RUNTIME_DIR"] ?? `/run/containers/${uid}`,
      env["XDG_RUNTIME_DIR"] ? "containers/auth.json" : "auth.json",
    ),
    join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "containers/auth.json"),
    join(env["DOCKER_CONFIG"] ?? join(home, ".docker"), "config.json"),
  ];
}

/**
 * The credentials for a repository, or undefined: anonymous. Files are read at every call, because secrets rotate.
 * A file that exists and cannot be understood is an error that names it, never "anonymous".
 */
export function findCredentials(reference: Reference, options: CredentialOptions): Credentials | undefined {
  for (const path of credentialFiles(options)) {
    const auths = readAuths(path, path === options.authFile);
    const found = auths === undefined ? undefined : matchAuth(auths, reference);
    const credentials = found === undefined ? undefined : decodeAuth(found, path);
    if (credentials !== undefined) return credentials;
  }
  return undefined;
}

function readAuths(path: string, required: boolean): Readonly<Record<string, unknown>> | undefined {
  const invalid = (fault: string, cause?: unknown): DockerloaderError =>
    new DockerloaderError("CREDENTIALS_INVALID", `credential file ${path} ${fault}`, {
      cause,
      hint: "it has to be a docker config.json",
    });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
    if (missing && !required) return undefined;
    throw invalid(missing ? "does not exist" : "cannot be read", error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The cause would quote the text, and the text holds secrets.
    throw invalid("is no JSON");
  }
  if (!isRecord(value)) throw invalid("is no JSON object");
  return isRecord(value["auths"]) ? value["auths"] : undefined;
}

const HUB_HOSTS = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** The host of a legacy key such as `https://index.docker.io/v1/`. */
function hostOfKey(key: string): string {
  const host = key.replace(/^https?:\/\//, "").split("/")[0] ?? "";
  return HUB_HOSTS.has(host) ? "docker.io" : host;
}

/** The most specific namespace first, then the host, then legacy URL keys; always whole keys, never parts of them. */
function matchAuth(
  auths: Readonly<Record<string, unknown>>,
  { registry, repository }: Reference,
): Readonly<Record<string, unknown>> | undefined {
  const parts = repository.split("/");
  const keys = parts.map((_, index) => [registry, ...parts.slice(0, parts.length - index)].join("/"));
  const exact = [...keys, registry].find((key) => Object.hasOwn(auths, key));
  const key =
    exact ??
    Object.keys(auths).find(
      (candidate) =>
        hostOfKey(candidate) === registry && !candidate.replace(/^https?:\/\//, "").match(/\/(?!v[12]\/?$).+/),
    );
  const entry = key === undefined ? undefined : auths[key];
  return isRecord(entry) ? entry : undefined;
}

/** `auth` is base64 of `user:password`; an entry without any secret means "ask a helper", which is none here. */
function decodeAuth(entry: Readonly<Record<string, unknown>>, source: string): Credentials | undefined {
  const text = (name: string): string | undefined => {
    const value = entry[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const identityToken = text("identitytoken");
  const registryToken = text("registrytoken");
  const decoded = Buffer.from(text("auth") ?? "", "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  const username = colon > 0 ? decoded.slice(0, colon) : text("username");
  const password = colon > 0 ? decoded.slice(colon + 1).replace(/\0+$/, "") : text("password");
  if (identityToken === undefined && registryToken === undefined && (username === undefined || password === undefined))
    return undefined;
  return {
    source,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(registryToken === undefined ? {} : { registryToken }),
  };
}
