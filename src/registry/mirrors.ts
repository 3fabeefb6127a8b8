import { DockerloaderError } from "../errors.ts";
import { parseReference, type Reference } from "./reference.ts";

/** One place to get a repository from. `reference` is what the repository is called there: credentials belong to that. */
export interface Endpoint {
  readonly reference: Reference;
  /** Query of every request, with its question mark, or nothing. */
  readonly query: string;
  readonly mirror: boolean;
}

interface Mirror {
  readonly source: string;
  readonly host: string;
  readonly prefix: string;
  /** May also say what a tag stands for. */
  readonly resolves: boolean;
}

const ENTRY = /^([^=\s]+)=(?:https:\/\/)?([^/?=\s]+)(?:\/v2)?((?:\/[a-z0-9._-]+)*)\/?(\?resolve)?$/;

/**
 * Reads mirrors: `SOURCE=HOST[:PORT][/PREFIX][?resolve]`. A mirror is asked for content by digest only, unless `?resolve`
 * lets it say what a tag stands for. Throws CONFIG_INVALID.
 */
export function parseMirrors(entries: readonly string[]): (reference: Reference) => Endpoint[] {
  const mirrors = entries.map(parseMirror);
  return (reference) => {
    const byDigest = reference.digest !== undefined;
    const usable = mirrors.filter(({ source, resolves }) => source === reference.registry && (byDigest || resolves));
    return [
      ...usable.map(({ source, host, prefix }) => ({
        reference: { ...reference, registry: host, repository: `${prefix}${reference.repository}` },
        query: `?ns=${encodeURIComponent(source)}`,
        mirror: true,
      })),
      { reference, query: "", mirror: false },
    ];
  };
}

function parseMirror(text: string): Mirror {
  const [, source, host, path = "", resolve] = ENTRY.exec(text) ?? [];
  const prefix = path === "" ? "" : `${path.slice(1)}/`;
  try {
    if (source === undefined || host === undefined) throw new Error("no such form");
    // The grammar of references decides what a host is; the name behind it only completes one.
    const registry = parseReference(`${source}/library/x`).registry;
    if (parseReference(`${host}/${prefix}x`).registry !== host) throw new Error("no host");
    return { source: registry, host, prefix, resolves: resolve !== undefined };
  } catch {
    throw new DockerloaderError("CONFIG_INVALID", `mirror ${JSON.stringify(text)} is not SOURCE=HOST[:PORT][/PREFIX]`, {
      hint: "for example docker.io=mirror.internal:5000/hub; it is spoken to over https unless it is listed as insecure",
    });
  }
}
