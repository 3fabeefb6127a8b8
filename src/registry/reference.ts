import { type ContentDigest, isContentDigest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { quote } from "./quote.ts";

/** An image reference, normalised (distribution/reference grammar). */
export interface Reference {
  /** Host and port; `docker.io` for Docker Hub. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: ContentDigest;
}

const HOST =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const IMAGE_ID = /^[a-f0-9]{64}$/;
const NAME_LIMIT = 255;
/** More than the longest reference with a tag and a digest has. */
const LONGEST_TEXT = 600;
const HUB = "docker.io";
const HUB_ALIASES = new Set(["index.docker.io", "registry-1.docker.io"]);

/** What may follow the `@` in front of a digest. */
const DIGEST_LIKE = /^\w+:[a-f0-9]*$/i;
/** `user:` in front of a password, and not a host with its port. */
const USER = /^[^/@\s:[]+:(?!\d+\/)/;

/** The text without `user:password@` before a host, which some people write: no part of a reference, and no part of a message. */
function withoutUserInfo(text: string): string {
  const last = text.lastIndexOf("@");
  const at = DIGEST_LIKE.test(text.slice(last + 1).trim()) ? text.lastIndexOf("@", last - 1) : last;
  const scheme = /^\s*(?:\w+:\/\/)?/.exec(text)?.[0] ?? "";
  return at >= 0 && USER.test(text.slice(scheme.length, at)) ? `${scheme}***@${text.slice(at + 1)}` : text;
}

/** Says what is wrong, and at which character; nothing more than that it is malformed where a password was cut out of it. */
function invalid(text: string, fault: string, hint: string, at?: number): DockerloaderError {
  const shown = withoutUserInfo(text);
  const name = `image reference ${quote(shown, LONGEST_TEXT)}`;
  // The fault may quote a piece of the password.
  if (shown !== text)
    return new DockerloaderError("REFERENCE_INVALID", `${name} is malformed`, {
      hint: "leave out user name and password, log in instead (docker login); a digest behind the @ begins with sha256:",
    });
  const message = `${name} ${fault}`;
  if (at === undefined || text.length > LONGEST_TEXT)
    return new DockerloaderError("REFERENCE_INVALID", message, { hint });
  return new DockerloaderError("REFERENCE_INVALID", `${message}, at character ${at + 1}`, {
    hint,
    details: { text, at },
  });
}

/** The first component is a host when it is `localhost`, has a dot, a colon or an upper-case letter, and more follows. */
function splitHost(name: string): { host: string | undefined; path: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, slash);
  const isHost = slash > 0 && (first === "localhost" || /[.:A-Z[]/.test(first));
  return isHost ? { host: first, path: name.slice(slash + 1) } : { host: undefined, path: name };
}

/** Splits `name[:tag][@digest]`; a colon before the last slash belongs to a port. */
function splitTag(rest: string): { name: string; tag: string | undefined } {
  const colon = rest.lastIndexOf(":");
  if (colon < 0 || colon < rest.lastIndexOf("/")) return { name: rest, tag: undefined };
  return { name: rest.slice(0, colon), tag: rest.slice(colon + 1) };
}

/** `from`: where the path begins in the text. */
function checkPath(text: string, path: string, from: number): void {
  if (IMAGE_ID.test(path))
    throw invalid(
      text,
      "is an image id, not a name",
      "name the repository, e.g. registry.example.com/team/app:1",
      from,
    );
  let at = from;
  for (const component of path.split("/")) {
    if (component === "") throw invalid(text, "has an empty path component", "remove the extra slash", at);
    const upper = component.search(/[A-Z]/);
    if (upper >= 0) {
      const fault = `has upper case in ${quote(component)}`;
      throw invalid(text, fault, "repository names are lower case", at + upper);
    }
    if (!COMPONENT.test(component)) {
      const fault = `has a bad path component ${quote(component)}`;
      const strange = Math.max(0, component.search(/[^a-z0-9._-]/));
      throw invalid(text, fault, "use a-z, 0-9 and single . _ - between them", at + strange);
    }
    at += component.length + 1;
  }
}

/**
 * Parses and normalises a reference. Without tag and digest the tag is `latest`; with both, the digest decides.
 * Throws REFERENCE_INVALID naming the part that is wrong and where it stands.
 */
export function parseReference(text: string): Reference {
  const trimmed = text.trim().replace(/^docker:\/\//, "");
  const from = text.trimEnd().length - trimmed.length;
  if (trimmed === "") throw invalid(text, "is empty", "name an image, e.g. registry.example.com/team/app:stable");
  if (/^https?:\/\//i.test(trimmed)) throw invalid(text, "is a URL", "leave out https://", from);
  const at = trimmed.indexOf("@");
  const digest = at < 0 ? undefined : trimmed.slice(at + 1);
  if (digest !== undefined && !isContentDigest(digest)) {
    const hint = "a digest is sha256: and 64 lower-case hex digits (sha384: and 96, sha512: and 128)";
    throw invalid(text, `has a bad digest ${quote(digest)}`, hint, from + at + 1);
  }
  const { name, tag } = splitTag(at < 0 ? trimmed : trimmed.slice(0, at));
  if (tag !== undefined && !TAG.test(tag)) {
    const hint = "a tag has at most 128 letters, digits, _ . - and starts with none of . -";
    throw invalid(text, `has a bad tag ${quote(tag)}`, hint, from + name.length + 1);
  }
  const { host, path } = splitHost(name);
  // The grammar knows neither the largest port nor what an address is; the URL parser does.
  if (host !== undefined && !(HOST.test(host) && URL.canParse(`https://${host}`))) {
    const hint = "a host is a name or address, with an optional :port";
    throw invalid(text, `has a bad host ${quote(host)}`, hint, from);
  }
  checkPath(text, path, from + name.length - path.length);
  const registry = host === undefined || HUB_ALIASES.has(host) ? HUB : host;
  const repository = registry === HUB && !path.includes("/") ? `library/${path}` : path;
  if (`${registry}/${repository}`.length > NAME_LIMIT)
    throw invalid(text, `has a name of more than ${NAME_LIMIT} characters`, "shorten it");
  return {
    registry,
    repository,
    ...(tag === undefined ? (digest === undefined ? { tag: "latest" } : {}) : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Why a reference is probably not what was meant: a host alone is a name on Docker Hub. Undefined: nothing is odd. */
export function oddity({ registry, repository, tag }: Reference): string | undefined {
  const name = registry === HUB ? /^library\/([^/]+)$/.exec(repository)?.[1] : undefined;
  if (name === undefined || !(name === "localhost" || name.includes("."))) return undefined;
  const written = `${name}${tag === undefined ? "" : `:${tag}`}`;
  return `${written} names the repository ${repository} on Docker Hub; for a registry write ${written}/REPOSITORY`;
}

/** The canonical form: `registry/repository[:tag][@digest]`. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}
