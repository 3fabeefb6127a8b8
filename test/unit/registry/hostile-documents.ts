/** What strangers may write where we expect credential files and manifests. */
import * as fc from "fast-check";

const HEX = "0123456789abcdef";
export const digest = fc
  .tuple(fc.constantFrom(["sha256", 64] as const, ["sha384", 96] as const, ["sha512", 128] as const), fc.nat())
  .map(([[algorithm, length], seed]) => `${algorithm}:${(HEX[seed % 16] ?? "a").repeat(length)}`);

const JUNK: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  2 ** 53,
  1e300,
  "",
  "\0",
  "../..",
  "\u202e",
  "x".repeat(6_000),
  [],
  [null],
  [[]],
  {},
  { a: [] },
  { toString: 1 },
  Array.from({ length: 600 }, () => ({})),
];

/** Any value, with a liking for those that readers forget. */
const junk = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.constantFrom<unknown>(...JUNK),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
);

/** Mostly what belongs there. */
const mostly = <T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 40, arbitrary: good }, { weight: 1, arbitrary: junk });

/** Now and then a field that does not belong there. */
const withOdd = (document: fc.Arbitrary<object>, ...names: readonly string[]): fc.Arbitrary<unknown> =>
  fc
    .tuple(document, fc.nat(12), fc.constantFrom(...names), junk)
    .map(([fields, dice, name, value]) => (dice === 0 ? { ...fields, [name]: value } : fields));

const platform = fc.record(
  {
    os: mostly(fc.constantFrom("linux", "linux", "windows", "unknown")),
    architecture: mostly(fc.constantFrom("amd64", "amd64", "arm64", "arm", "x86_64", "unknown")),
    variant: mostly(fc.constantFrom("v2", "v7", "v8", "")),
  },
  { requiredKeys: ["os", "architecture"] },
);

const descriptorOf = (...mediaTypes: readonly string[]): fc.Arbitrary<unknown> =>
  withOdd(
    fc.record(
      {
        mediaType: mostly(fc.constantFrom(...mediaTypes)),
        digest: mostly(digest),
        size: mostly(fc.nat()),
        platform: mostly(platform),
      },
      { requiredKeys: ["mediaType", "digest", "size"] },
    ),
    "annotations",
    "urls",
    "data",
    "artifactType",
    "Digest",
    "__proto__",
  );

const few = (item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => mostly(fc.array(mostly(item), { maxLength: 3 }));

const image = withOdd(
  fc.record({
    schemaVersion: mostly(fc.constant(2)),
    mediaType: mostly(fc.constant("application/vnd.oci.image.manifest.v1+json")),
    config: mostly(
      descriptorOf(
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.oci.empty.v1+json",
      ),
    ),
    layers: few(descriptorOf("application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar")),
  }),
  "artifactType",
  "Layers",
  "history",
  "fsLayers",
  "manifests",
  "subject",
  "SCHEMAVERSION",
);

const index = withOdd(
  fc.record({
    schemaVersion: mostly(fc.constant(2)),
    mediaType: mostly(fc.constant("application/vnd.oci.image.index.v1+json")),
    manifests: few(
      descriptorOf(
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.index.v1+json",
      ),
    ),
  }),
  "subject",
  "layers",
  "config",
  "Manifests",
);

const config = withOdd(
  fc.record({
    os: mostly(fc.constant("linux")),
    architecture: mostly(fc.constant("amd64")),
    rootfs: mostly(
      fc.record({ type: mostly(fc.constant("layers")), diff_ids: mostly(fc.array(mostly(digest), { maxLength: 2 })) }),
    ),
    config: mostly(fc.record({ Labels: junk, Volumes: junk })),
  }),
  "variant",
  "history",
  "__proto__",
);

/** JSON text as bytes, now and then with some of them cut out or replaced. */
const damaged = (value: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      value,
      fc.nat(7),
      fc.nat(),
      fc.nat(6),
      fc.constantFrom("", '"', "{", "}", ",", "\0", "\xff", "\\u0000", "[".repeat(9_000)),
    )
    .map(([document, dice, at, length, other]) => {
      const bytes = Buffer.from(JSON.stringify(document));
      if (dice > 0) return bytes;
      const from = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, from), Buffer.from(other, "latin1"), bytes.subarray(from + length)]);
    });

export const imageText = damaged(image);
export const indexText = damaged(fc.oneof(index, image));
export const configText = damaged(config);

const KEYS = ["r.example", "r.example/team", "https://r.example/v1/", "docker.io", "__proto__", "constructor", ""];

/** A credential file in which `secret` stands wherever a secret may stand. */
export const authFileText = (secret: string): fc.Arbitrary<string> => {
  const pair = Buffer.from(`robot:${secret}`).toString("base64");
  const entry = fc.record(
    {
      auth: mostly(fc.constantFrom(pair, pair.slice(0, -3), `${pair}\0`)),
      username: mostly(fc.constant("robot")),
      password: mostly(fc.constant(secret)),
      identitytoken: mostly(fc.constant(secret)),
      registrytoken: mostly(fc.constant(secret)),
    },
    { requiredKeys: [] },
  );
  const keyed = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    mostly(fc.dictionary(fc.constantFrom(...KEYS), mostly(value)));
  return damaged(
    fc.record(
      { auths: keyed(entry), credHelpers: keyed(fc.constantFrom("pass", "x/../y", secret)), credsStore: junk },
      { requiredKeys: [] },
    ),
  ).map((bytes) => bytes.toString("utf8"));
};
