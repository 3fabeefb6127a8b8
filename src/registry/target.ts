import { resolve } from "node:path";
import type { ContentDigest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { formatReference, parseReference, type Reference } from "./reference.ts";
import { quote } from "./quote.ts";

/** Where a target lives. `path` is absolute. */
export type Place =
  | { readonly kind: "registry"; readonly reference: Reference }
  | {
      readonly kind: "oci" | "oci-archive" | "docker-archive";
      readonly path: string;
      readonly tag: string | undefined;
    };

/** What DOCKERLOADER_TARGET or an argument names. */
export interface Target {
  readonly place: Place;
  /** The canonical form. */
  readonly name: string;
  /** The target names one content for good: it never has an update. */
  readonly pinned: ContentDigest | undefined;
}

const OFFLINE = /^(oci|oci-archive|docker-archive):(.*)$/s;
/** A tag behind a path: what follows the last colon, when no directory separator does. */
const PATH_AND_TAG = /^(.*?)(?::([\w][\w.-]{0,127}))?$/s;

/**
 * Parses a target: an image reference, `oci:DIRECTORY[:tag]` (an OCI image layout), `oci-archive:FILE[:tag]` (the same in a
 * tar file) or `docker-archive:FILE[:tag]` (what `docker save` writes). Throws REFERENCE_INVALID. Touches nothing.
 */
export function parseTarget(text: string): Target {
  const [, kind, rest] = OFFLINE.exec(text.trim()) ?? [];
  if (kind === undefined || rest === undefined) {
    const reference = parseReference(text);
    return { place: { kind: "registry", reference }, name: formatReference(reference), pinned: reference.digest };
  }
  const [, path = "", tag] = PATH_AND_TAG.exec(rest) ?? [];
  if (path === "" || path.includes("\0")) {
    throw new DockerloaderError("REFERENCE_INVALID", `target ${quote(text)} names no path`, {
      hint: `write ${kind}:/path/to/it, with :tag behind it when there are several images`,
    });
  }
  const absolute = resolve(path);
  return {
    place: { kind: kind as "oci" | "oci-archive" | "docker-archive", path: absolute, tag },
    name: `${kind}:${absolute}${tag === undefined ? "" : `:${tag}`}`,
    pinned: undefined,
  };
}
