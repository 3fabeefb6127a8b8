import { isIP } from "node:net";
import { DockerloaderError } from "../errors.ts";

/** True for names and addresses of this machine: the only hosts that are spoken to over http without being listed. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}

/** True for an address literal of a private, loopback or link-local network: no public server may send us there. */
export function isPrivateLiteral(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (isIP(name) === 6) return /^(::1?$|f[cd]|fe[89ab]|::ffff:)/.test(name);
  if (isIP(name) !== 4) return false;
  const [a = 0, b = 0] = name.split(".").map(Number);
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168)
  );
}

/** The base URL of a registry: https, but http for this machine and for listed hosts. */
export function baseUrl(registry: string, insecure: readonly string[]): URL {
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  const plain = isLoopback(new URL(`http://${host}`).hostname) || insecure.includes(host);
  return new URL(`${plain ? "http" : "https"}://${host}/v2/`);
}

function refuse(url: URL, from: URL, why: string): DockerloaderError {
  return new DockerloaderError("REGISTRY_PROTOCOL", `${from.host} sends us to ${url.protocol}//${url.host}, ${why}`, {
    hint: "if you trust it, list the host in DOCKERLOADER_INSECURE_REGISTRIES",
  });
}

/**
 * Holds a URL that a server named (a redirect, a token realm) against the rules: http(s) only, no user info, never
 * from https to http, never from a public host to a private address literal. Throws REGISTRY_PROTOCOL.
 */
export function checkForeignUrl(text: string, from: URL, insecure: readonly string[]): URL {
  let url: URL;
  try {
    url = new URL(text, from);
  } catch (cause) {
    throw new DockerloaderError("REGISTRY_PROTOCOL", `${from.host} sends us to something that is no URL`, { cause });
  }
  const listed = insecure.includes(url.host) || url.host === from.host;
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refuse(url, from, "which is no web address");
  if (url.username !== "" || url.password !== "") throw refuse(url, from, "with a user name in the address");
  if (url.protocol === "http:" && from.protocol === "https:" && !insecure.includes(url.host))
    throw refuse(url, from, "which is not encrypted");
  if (isPrivateLiteral(url.hostname) && !isPrivateLiteral(from.hostname) && !isLoopback(from.hostname) && !listed) {
    throw refuse(url, from, "a private address");
  }
  return url;
}
