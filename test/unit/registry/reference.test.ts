import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { DockerloaderError } from "../../../src/errors.ts";
import { formatReference, oddity, parseReference } from "../../../src/registry/reference.ts";

const HEX = "a".repeat(64);
const DIGEST = `sha256:${HEX}`;

const valid: readonly (readonly [text: string, canonical: string])[] = [
  ["busybox", "docker.io/library/busybox:latest"],
  ["docker.io/busybox", "docker.io/library/busybox:latest"],
  ["index.docker.io/library/busybox:latest", "docker.io/library/busybox:latest"],
  ["registry-1.docker.io/team/app", "docker.io/team/app:latest"],
  ["foo/bar", "docker.io/foo/bar:latest"],
  ["docker://quay.example/team/app:1", "quay.example/team/app:1"],
  ["  registry.example/app:1\n", "registry.example/app:1"],
  ["localhost/x", "localhost/x:latest"],
  ["localhost:5000/x:1", "localhost:5000/x:1"],
  ["localhost:5000", "docker.io/library/localhost:5000"],
  ["[::1]:5000/x", "[::1]:5000/x:latest"],
  ["[fd00::1]/a/b:c", "[fd00::1]/a/b:c"],
  ["10.0.0.1:443/x", "10.0.0.1:443/x:latest"],
  ["Foo/bar", "Foo/bar:latest"],
  ["foo.bar/x", "foo.bar/x:latest"],
  ["r.example/a.b/c_d/e__f/g---h:_T.a-g", "r.example/a.b/c_d/e__f/g---h:_T.a-g"],
  [`r.example/x@${DIGEST}`, `r.example/x@${DIGEST}`],
  [`r.example:5000/x:1@${DIGEST}`, `r.example:5000/x:1@${DIGEST}`],
  [`r.example/x:${"t".repeat(128)}`, `r.example/x:${"t".repeat(128)}`],
  [`r.example/${"p".repeat(245)}`, `r.example/${"p".repeat(245)}:latest`],
  [`r.example/${HEX.slice(1)}`, `r.example/${HEX.slice(1)}:latest`],
];

for (const [text, canonical] of valid) {
  test(`${JSON.stringify(text.slice(0, 60))} is ${canonical.slice(0, 60)}`, () => {
    assert.equal(formatReference(parseReference(text)), canonical);
  });
}

const invalid: readonly (readonly [text: string, part: RegExp])[] = [
  ["", /is empty/],
  ["   ", /is empty/],
  ["https://r.example/x", /is a URL/],
  ["HTTP://r.example/x", /is a URL/],
  ["r.example/App", /upper case in "App"/],
  ["busyBox", /upper case in "busyBox"/],
  ["r.example/a//b", /empty path component/],
  ["r.example/a/", /empty path component/],
  ["r.example/", /empty path component/],
  ["/x", /empty path component/],
  ["r.example/a/../b", /bad path component "\.\."/],
  ["r.example/a b", /bad path component "a b"/],
  ["r.example/a..b", /bad path component "a\.\.b"/],
  ["r.example/-a", /bad path component "-a"/],
  ["r.example/a?x=1", /bad path component/],
  ["r.example/a#b", /bad path component/],
  ["r.example/x:", /bad tag ""/],
  ["r.example/x:.1", /bad tag "\.1"/],
  [`r.example/x:${"t".repeat(129)}`, /bad tag/],
  ["r.example/x@sha256:short", /bad digest "sha256:short"/],
  ["r.example/x@", /bad digest ""/],
  [`r.example/x@md5:${"a".repeat(32)}`, /bad digest "md5:/],
  [`r.example/x@sha256:${HEX.toUpperCase()}`, /bad digest/],
  ["r.example/x@sha256:../../../../etc/x", /bad digest/],
  [HEX, /image id/],
  [`r.example/${HEX}`, /image id/],
  [`r.example/${"p".repeat(246)}`, /more than 255 characters/],
  ["-r.example/x", /bad host "-r\.example"/],
  ["r..example/x", /bad host "r\.\.example"/],
  ["r.example:port/x", /bad host "r\.example:port"/],
  ["r.example:99999/x", /bad host "r\.example:99999"/],
  ["256.1.1.1/x", /bad host "256\.1\.1\.1"/],
  ["[::1/x", /bad host "\[::1"/],
  ["[1:2:3]/x", /bad host "\[1:2:3\]"/],
];

for (const [text, part] of invalid) {
  test(`${JSON.stringify(text.slice(0, 60))} is refused, naming the part: ${part.source}`, () => {
    assert.throws(
      () => parseReference(text),
      (error: unknown) => {
        assert.ok(error instanceof DockerloaderError);
        assert.equal(error.code, "REFERENCE_INVALID");
        assert.match(error.message, part);
        assert.ok(error.message.includes(JSON.stringify(text)));
        assert.ok((error.hint ?? "").length > 0);
        return true;
      },
    );
  });
}

const positions: readonly (readonly [text: string, character: number])[] = [
  ["https://r.example/x", 1],
  ["r.example/App", 11],
  ["  r.example/aPP", 14],
  ["docker://r.example/App", 20],
  ["r.example/a//b", 13],
  ["r.example/a/../b", 13],
  ["r.example/a b", 12],
  ["r.example/x:.1", 13],
  ["r.example/x@sha256:short", 13],
  ["-r.example/x", 1],
];

for (const [text, character] of positions) {
  test(`${JSON.stringify(text)} is refused at character ${character}`, () => {
    assert.throws(
      () => parseReference(text),
      (error: unknown) => {
        assert.ok(error instanceof DockerloaderError);
        assert.match(error.message, new RegExp(`, at character ${character}$`));
        assert.deepEqual(error.details, { text, at: character - 1 });
        return true;
      },
    );
  });
}

test("a host alone is a name on Docker Hub, which is odd enough to be said", () => {
  for (const [text, written] of [
    ["localhost:5000", "localhost:5000"],
    ["registry.example", "registry.example:latest"],
  ] as const)
    assert.match(oddity(parseReference(text)) ?? "", new RegExp(`^${written} names the repository library/`));
  for (const text of ["busybox", "localhost:5000/app", "registry.example/app", "team/app.web"])
    assert.equal(oddity(parseReference(text)), undefined, text);
});

test("with a tag and a digest both are kept", () => {
  assert.deepEqual(parseReference(`r.example/x:1@${DIGEST}`), {
    registry: "r.example",
    repository: "x",
    tag: "1",
    digest: DIGEST,
  });
});

test("the canonical form of a reference is its own canonical form", () => {
  for (const [text] of valid) {
    const reference = parseReference(text);
    assert.deepEqual(parseReference(formatReference(reference)), reference);
  }
});

test("a password in a URL does not reach the message", () => {
  const sha = `sha256:${"a".repeat(64)}`;
  for (const text of [
    "https://user:hunter2@r.example/x",
    "user:hunter2@r.example/x",
    "user:hunter2/more@r.example/x",
    "user:more@hunter2@r.example/x",
    `user:hunter2@r.example/x@${sha}`,
    `user:more@hunter2@r.example/x:1@${sha}`,
    " docker://user:Hunter2:hunter2@r.example/x",
  ])
    assert.throws(
      () => parseReference(text),
      (error: unknown) => {
        assert.ok(error instanceof DockerloaderError);
        assert.doesNotMatch(JSON.stringify([error.message, error.hint, error.details]), /hunter2/i, text);
        assert.match(error.message, /\*\*\*@r\.example/);
        return true;
      },
    );
});

test("any text is a reference or REFERENCE_INVALID, and a reference can always be made a URL", () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from("aB0.:/@[]-_ ")), maxLength: 24 });
  fc.assert(
    fc.property(text, (input) => {
      try {
        const { registry, repository } = parseReference(input);
        assert.ok(URL.canParse(`https://${registry}/v2/${repository}/`));
      } catch (error) {
        assert.ok(error instanceof DockerloaderError);
        assert.equal(error.code, "REFERENCE_INVALID");
      }
    }),
    { numRuns: 2000 },
  );
});
