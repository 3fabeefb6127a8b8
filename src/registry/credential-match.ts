import { isRecord } from "./manifest.ts";
import type { Reference } from "./reference.ts";

/** How to introduce ourselves to a registry. `source` names the place for messages; no secret is ever in it. */
export interface Credentials {
  readonly source: string;
  readonly username?: string;
  readonly password?: string;
  /** An identity (refresh) token for the token service. */
  readonly identityToken?: string;
  /** A token that is sent as it is. */
  readonly registryToken?: string;
}

const HUB_HOSTS = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** The host of a legacy key such as `https://index.docker.io/v1/`. */
function hostOfKey(key: string): string {
  const host = key.replace(/^https?:\/\//, "").split("/")[0] ?? "";
  return HUB_HOSTS.has(host) ? "docker.io" : host;
}

/** True for a key that stands for a whole host: bare, as a URL, or with the API version behind it. */
const isHostKey = (key: string): boolean => !/\/(?!v[12]\/?$).+/.test(key.replace(/^https?:\/\//, ""));

/** The keys that may hold a repository's credentials, the most specific namespace first: `host/a/b`, `host/a`, `host`. */
export function keysFor({ registry, repository }: Reference): string[] {
  const parts = repository.split("/");
  return [...parts.map((_, index) => [registry, ...parts.slice(0, parts.length - index)].join("/")), registry];
}

/** The entry for a repository: the most specific namespace, then the host, then legacy URL keys; whole keys, never parts. */
export function matchAuth<T>(entries: Readonly<Record<string, T>>, reference: Reference): T | undefined {
  const key =
    keysFor(reference).find((candidate) => Object.hasOwn(entries, candidate)) ??
    Object.keys(entries).find((candidate) => isHostKey(candidate) && hostOfKey(candidate) === reference.registry);
  return key === undefined ? undefined : entries[key];
}

/** `auth` is base64 of `user:password`; an entry without any secret means "ask the helper": undefined. */
export function decodeAuth(entry: unknown, source: string): Credentials | undefined {
  if (!isRecord(entry)) return undefined;
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
  const pair = username !== undefined && password !== undefined;
  if (identityToken === undefined && registryToken === undefined && !pair) return undefined;
  return {
    source,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(registryToken === undefined ? {} : { registryToken }),
  };
}
