import { readdirSync, readFileSync } from "node:fs";
import type { AgentOptions } from "node:https";
import { join } from "node:path";
import { createSecureContext, getCACertificates } from "node:tls";
import type { Environment } from "../config/load.ts";
import { DockerloaderError } from "../errors.ts";
import type { Listed } from "./hosts.ts";

export interface TrustOptions {
  readonly env: Environment;
  /** A file of authorities that is trusted for every registry besides the usual ones. */
  readonly caFile: string | undefined;
  /** A directory of directories, one for each host (with port). Default: docker's and podman's. */
  readonly certsDir: string | undefined;
  readonly listed: Listed;
  readonly onWarning: (message: string) => void;
}

/** Whom to believe and how to identify ourselves, host by host. */
export type Trust = (url: URL) => AgentOptions;

const invalid = (message: string, hint: string, cause?: unknown): DockerloaderError =>
  new DockerloaderError("CONFIG_INVALID", message, { hint, cause });

/** Where docker and podman look for `HOST[:PORT]/*.crt`, `*.cert` and `*.key`, nearest first (containers-certs.d(5)). */
export function certificateFolders({ env, certsDir }: Pick<TrustOptions, "env" | "certsDir">): string[] {
  if (certsDir !== undefined) return [certsDir];
  const home = env["HOME"];
  const own = home === undefined ? [] : [join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "containers/certs.d")];
  return [...own, "/etc/containers/certs.d", "/etc/docker/certs.d"];
}

/**
 * The TLS options of a host: Node's authorities, the system's (SSL_CERT_FILE and SSL_CERT_DIR count), NODE_EXTRA_CA_CERTS,
 * the operator's file and the host's own directory; a client certificate from there. A certificate of one host never
 * reaches another. Throws CONFIG_INVALID naming the file that cannot be used.
 */
export function createTrust(options: TrustOptions): Trust {
  return (url) => {
    const folder = certificateFolders(options)
      .map((parent) => join(parent, url.host))
      .find((path) => namesIn(path).length > 0);
    const names = folder === undefined ? [] : namesIn(folder).map((name) => join(folder, name));
    const skipped = options.listed(url);
    if (skipped) options.onWarning(`${url.host} is listed as insecure: its certificate is not checked`);
    const ca = [
      ...usualAuthorities(),
      ...[options.caFile, ...names.filter((name) => name.endsWith(".crt"))]
        .filter((path) => path !== undefined)
        .map((path) => readPem(path)),
    ];
    const pair = clientPair(names);
    try {
      // A context of its own: an agent that is given authorities would spell them all out in the name of every socket.
      return { secureContext: createSecureContext({ ca, ...pair }), rejectUnauthorized: !skipped };
    } catch (cause) {
      throw invalid(`the certificates for ${url.host} cannot be used`, "they have to be PEM files", cause);
    }
  };
}

/** Each once: Node lists many of the system's two or more times, and reading one in costs a tenth of a millisecond. */
function usualAuthorities(): Set<string> {
  return new Set([...getCACertificates("default"), ...getCACertificates("system")]);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw invalid(`certificate file ${path} cannot be read`, "check its name and its permissions", cause);
  }
}

/** The first `X.cert` with its `X.key`; one without the other is a mistake that is named. */
function clientPair(names: readonly string[]): { cert?: string; key?: string } {
  const cert = names.find((name) => name.endsWith(".cert"));
  const key = names.find((name) => name.endsWith(".key"));
  if (cert === undefined && key === undefined) return {};
  const wantedKey = cert?.replace(/\.cert$/, ".key");
  if (cert === undefined || wantedKey === undefined || !names.includes(wantedKey)) {
    const [there = "", missing = ""] = cert === undefined ? [key, key?.replace(/\.key$/, ".cert")] : [cert, wantedKey];
    throw invalid(`client certificate ${there} has no ${missing}`, "put both halves into the directory");
  }
  return { cert: readPem(cert), key: readPem(wantedKey) };
}
