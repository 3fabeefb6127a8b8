import assert from "node:assert/strict";
import { test } from "node:test";
import { DockerloaderError } from "../../../src/errors.ts";
import { LIMITS } from "../../../src/limits.ts";
import { parseDocument } from "../../../src/registry/document.ts";

const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";

const json = (text: string): Buffer => Buffer.from(text);

/** A well-formed document of exactly this many bytes. */
function documentOf(bytes: number): string {
  const [head, tail] = ['{"schemaVersion":2,"x":"', '"}'];
  return head + "x".repeat(bytes - head.length - tail.length) + tail;
}

const refused: readonly (readonly [title: string, bytes: Buffer, fault: RegExp])[] = [
  ["text that is no JSON", json("<html>"), /is no JSON$/],
  ["nothing", json(""), /is no JSON$/],
  ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /is no JSON$/],
  ["an array", json("[]"), /is no JSON object/],
  ["null", json("null"), /is no JSON object/],
  ["a string", json('"{}"'), /is no JSON object/],
  ["no schema version", json("{}"), /has schemaVersion undefined, expected 2/],
  ["schema version 3", json('{"schemaVersion":3}'), /has schemaVersion 3, expected 2/],
  ["a schema version in quotes", json('{"schemaVersion":"2"}'), /has schemaVersion "2", expected 2/],
  ["schema 1", json('{"schemaVersion":1,"fsLayers":[]}'), /retired Docker schema 1/],
  ["schema 1 under another number", json('{"schemaVersion":2,"fsLayers":[]}'), /retired Docker schema 1/],
  ["layers and manifests", json('{"schemaVersion":2,"layers":[],"manifests":[]}'), /an image and an index at once/],
  ["a config and manifests", json('{"schemaVersion":2,"manifests":[],"config":{}}'), /an image and an index at once/],
  ["the layers twice", json('{"schemaVersion":2,"layers":[],"layers":[{}]}'), /has the key "layers" twice/],
  [
    "the layers twice, once escaped",
    json(String.raw`{"schemaVersion":2,"layers":[],"l\u0061yers":[{}]}`),
    /has the key "layers" twice/,
  ],
  ["layers in another case", json('{"schemaVersion":2,"Layers":[]}'), /has the key "Layers", which readers/],
  ["manifests in another case", json('{"schemaVersion":2,"layers":[],"MANIFESTS":[]}'), /has the key "MANIFESTS"/],
  ["a media type in another case", json('{"schemaVersion":2,"mediatype":"x"}'), /has the key "mediatype"/],
  ["a schema version in another case", json('{"schemaversion":2}'), /has the key "schemaversion"/],
  [
    "an index that says it is an image",
    json(`{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}","manifests":[]}`),
    /has the media type "application\/vnd\.oci\.image\.manifest\.v1\+json", but is an index/,
  ],
  [
    "an image that says it is an index",
    json(`{"schemaVersion":2,"mediaType":"${OCI_INDEX}","config":{},"layers":[]}`),
    /has the media type "application\/vnd\.oci\.image\.index\.v1\+json", but is no index/,
  ],
  [
    "one byte more than allowed",
    json(documentOf(LIMITS.manifestBytes + 1)),
    new RegExp(`has ${LIMITS.manifestBytes + 1} bytes, at most ${LIMITS.manifestBytes} are allowed`),
  ],
];

for (const [title, bytes, fault] of refused) {
  test(`a document with ${title} is refused`, () => {
    assert.throws(
      () => parseDocument(bytes, "r.example/x:1"),
      (error: unknown) => {
        assert.ok(error instanceof DockerloaderError);
        assert.equal(error.code, "MANIFEST_INVALID");
        assert.match(error.message, fault);
        assert.match(error.message, /^manifest r\.example\/x:1 /);
        assert.ok(error.hint !== undefined);
        return true;
      },
    );
  });
}

const accepted: readonly (readonly [title: string, text: string])[] = [
  ["an image", '{"schemaVersion":2,"config":{},"layers":[]}'],
  ["an index", `{"schemaVersion":2,"mediaType":"${OCI_INDEX}","manifests":[]}`],
  ["a docker manifest list", `{"schemaVersion":2,"mediaType":"${DOCKER_LIST}","manifests":[]}`],
  ["the same key at different depths", '{"schemaVersion":2,"layers":[{"layers":[]},{"layers":1}],"x":{"Layers":1}}'],
  ["keys inside of strings", String.raw`{"schemaVersion":2,"x":"\"layers\":1,{[\"layers\":"}`],
  ["unknown keys", '{"schemaVersion":2,"Foo":1,"foo":2,"__proto__":{"manifests":[]}}'],
  ["exactly as many bytes as allowed", documentOf(LIMITS.manifestBytes)],
];

for (const [title, text] of accepted) {
  test(`a document with ${title} is accepted as it is`, () => {
    assert.deepEqual(parseDocument(json(text), "x"), JSON.parse(text));
  });
}

test("a document of as many keys as fit is read in one pass", { timeout: 10_000 }, () => {
  const keys = Array.from({ length: 350_000 }, (_, index) => `"${index.toString(36)}":0`);
  const document = parseDocument(json(`{"schemaVersion":2,${keys.join(",")}}`), "x");
  assert.equal(Object.keys(document).length, keys.length + 1);
});
