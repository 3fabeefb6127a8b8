/** What strangers may write where we expect references, targets and headers. */
import * as fc from "fast-check";
import { digest } from "./hostile-documents.ts";

/** Text of parts that mean something to a grammar, and of anything else. */
const pieces = (...known: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...known) },
        { weight: 2, arbitrary: fc.string({ maxLength: 6 }) },
        { weight: 1, arbitrary: fc.constantFrom("\0", "\u{1f600}", "\u202e", "\ud800", "%2f") },
        { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...known), fc.nat(3_000)).map(([text, n]) => text.repeat(n)) },
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join(""));

export const referenceText = fc.oneof(
  pieces(
    "a",
    "b1",
    "/",
    ":",
    "@",
    ".",
    "-",
    "__",
    "localhost",
    "[::1]",
    ":5000",
    "A",
    "docker://",
    "https://",
    "..",
    " ",
  ),
  fc.tuple(pieces("a", "/", ".", ":1", "_"), digest).map(([name, hash]) => `${name}@${hash}`),
  fc
    .tuple(
      fc.constantFrom(
        "",
        "r.example/",
        "localhost:5000/",
        "[::1]:1/",
        "docker.io/",
        "R/",
        "index.docker.io/",
        "r.example:99999/",
      ),
      fc.array(fc.constantFrom("a", "b-c", "d__e", "f.g", "0", "library", "A", ""), { minLength: 1, maxLength: 4 }),
      fc.constantFrom("", ":1", ":latest", ":", ":-", ":a.b_c", `:${"t".repeat(129)}`),
      fc.option(digest),
    )
    .map(([host, path, tag, hash]) => `${host}${path.join("/")}${tag}${hash === null ? "" : `@${hash}`}`),
);
export const targetText = fc.oneof(
  referenceText,
  fc
    .tuple(fc.constantFrom("oci:", "oci-archive:", "docker-archive:"), pieces("/", "a", ":", ".", "..", "\0", "tag"))
    .map(([kind, rest]) => kind + rest),
);
export const challengeLine = pieces(
  "Bearer ",
  "Basic ",
  "Negotiate",
  "realm=",
  '"',
  "\\",
  ",",
  "=",
  " ",
  "scope=",
  "https://r.example/token",
  "__proto__=",
  "\t",
);
export const realmText = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  pieces(
    "https://",
    "http://",
    "127.0.0.1",
    "10.0.0.1",
    "[::1]",
    "r.example",
    ":80",
    "/",
    "user:pw@",
    "#",
    "?",
    "file:",
    "%",
  ),
);
