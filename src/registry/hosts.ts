import { BlockList, isIP } from "node:net";
import { DockerloaderError } from "../errors.ts";

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, "").toLowerCase();

/** True for names and addresses of this machine: the only hosts that may be spoken to over http without being listed. */
export function isLoopback(hostname: string): boolean {
  const name = bare(hostname);
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}

const PRIVATE_4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
];

/** True for an address literal of a private, loopback or link-local network: no public server may send us there. */
export function isPrivateLiteral(hostname: string): boolean {
  const name = bare(hostname);
  if (isIP(name) === 6) return /^(::1?$|f[cd]|fe[89ab]|::ffff:)/.test(name);
  if (isIP(name) !== 4) return false;
  const list = new BlockList();
  for (const [network, bits] of PRIVATE_4) list.addSubnet(network, bits);
  return list.check(name);
}

/** Which hosts an operator has listed as insecure: http is allowed there and certificates are not checked. */
export type Listed = (url: URL) => boolean;

/** Reads the list: hosts, hosts with a port, or networks such as 10.1.0.0/16. Throws CONFIG_INVALID for a bad network. */
export function parseInsecure(entries: readonly string[]): Listed {
  const hosts = new Set(entries.filter((entry) => !entry.includes("/")).map((entry) => entry.toLowerCase()));
  const networks = new BlockList();
  for (const entry of entries.filter((entry) => entry.includes("/"))) {
    const [network = "", bits = ""] = entry.split("/");
    const family = isIP(network);
    if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
      throw new DockerloaderError(
        "CONFIG_INVALID",
        `insecure registry ${JSON.stringify(entry)} is no host or network`,
        {
          hint: "write registry.internal:5000 or 10.1.0.0/16 into DOCKERLOADER_INSECURE_REGISTRIES",
        },
      );
    }
    networks.addSubnet(network, Number(bits), family === 4 ? "ipv4" : "ipv6");
  }
  return ({ host, hostname }) => {
    const name = bare(hostname);
    const family = isIP(name);
    return hosts.has(host) || hosts.has(name) || (family !== 0 && networks.check(name, family === 4 ? "ipv4" : "ipv6"));
  };
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
export function checkForeignUrl(text: string, from: URL, listed: Listed): URL {
  const url = URL.parse(text, from.href);
  if (url === null)
    throw new DockerloaderError("REGISTRY_PROTOCOL", `${from.host} sends us to something that is no URL`, {
      hint: "the registry or a proxy in front of it is broken",
    });
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refuse(url, from, "which is no web address");
  if (url.username !== "" || url.password !== "") throw refuse(url, from, "with a user name in the address");
  if (url.protocol === "http:" && from.protocol === "https:" && !listed(url))
    throw refuse(url, from, "which is not encrypted");
  const inside = isPrivateLiteral(from.hostname) || isLoopback(from.hostname) || url.host === from.host || listed(url);
  if ((isPrivateLiteral(url.hostname) || isLoopback(url.hostname)) && !inside)
    throw refuse(url, from, "a private address");
  return url;
}
