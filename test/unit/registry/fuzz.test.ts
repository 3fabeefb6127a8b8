/** Nothing that a registry, a file or a person writes makes a reader throw anything but an error with a code, or hang. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { isAbsolute } from "node:path";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { isContentDigest } from "../../../src/digest.ts";
import { DockerloaderError, type ErrorCode } from "../../../src/errors.ts";
import { chooseChallenge, parseChallenges } from "../../../src/registry/challenge.ts";
import { parseAuthFile } from "../../../src/registry/credential-files.ts";
import { decodeAuth, matchAuth } from "../../../src/registry/credential-match.ts";
import { parseDocument } from "../../../src/registry/document.ts";
import { chooseManifest } from "../../../src/registry/index-document.ts";
import { embedded, type ImageManifest, parseImageConfig, parseImageManifest } from "../../../src/registry/manifest.ts";
import { parsePlatform } from "../../../src/registry/platform.ts";
import { checkRealm } from "../../../src/registry/realm.ts";
import { formatReference, parseReference } from "../../../src/registry/reference.ts";
import { parseTarget } from "../../../src/registry/target.ts";
import * as documents from "./hostile-documents.ts";
import * as texts from "./hostile-texts.ts";

/** 100,000 inputs in all where everything has to hold; a tenth of them while developing. */
const RUNS = process.env["CI"] === "true" ? 100_000 : 10_000;
/** Seconds on any machine; a reader that backtracks for ever would take days. */
const LIMIT_MS = 300_000;
const SECRET = "hunter2-canary-of-the-auth-file";
/** An error is for a person: no registry writes pages into it. */
const LONGEST_MESSAGE = 1_000;

const REGISTRY = new URL("https://r.example/v2/");
const REFERENCE = parseReference("r.example/team/app:1");
const PLATFORM = parsePlatform("linux/amd64");

/** Runs a reader; how it refused, or undefined when it did not. Anything but an error of ours ends the test. */
function refusal(read: () => void, codes: readonly ErrorCode[]): DockerloaderError | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof DockerloaderError, inspect(error));
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    return error;
  }
}

/** What a share of all runs makes of inputs; some have to be taken and some refused, or the inputs show nothing. */
async function hold<T>(
  t: TestContext,
  share: number,
  inputs: fc.Arbitrary<T>,
  codes: readonly ErrorCode[],
  read: (input: T) => void,
): Promise<void> {
  const seen = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(inputs, (input) => {
      const error = refusal(() => read(input), codes);
      seen[error === undefined ? "taken" : "refused"] += 1;
      assert.ok(
        (error?.message.length ?? 0) <= LONGEST_MESSAGE + String(input).length * Number(typeof input === "string"),
      );
    }),
    { numRuns: RUNS * share },
  );
  t.diagnostic(JSON.stringify(seen));
  const least = RUNS * share * 0.02;
  assert.ok(seen.taken > least && (codes.length === 0 || seen.refused > least), JSON.stringify(seen));
}

describe("whatever is written, the only error is one with a code", { timeout: LIMIT_MS }, () => {
  test("in references: what is taken is normal, and stays what it is", async (t) => {
    await hold(t, 0.2, texts.referenceText, ["REFERENCE_INVALID"], (text) => {
      const reference = parseReference(text);
      assert.deepEqual(parseReference(formatReference(reference)), reference);
      assert.equal(
        new URL(`https://${reference.registry}/v2/${reference.repository}/`).pathname,
        `/v2/${reference.repository}/`,
      );
    });
  });

  test("in targets", async (t) => {
    await hold(t, 0.1, texts.targetText, ["REFERENCE_INVALID"], (text) => {
      const { name, pinned, place } = parseTarget(text);
      if (place.kind === "registry") assert.equal(parseTarget(name).name, name);
      else assert.ok(isAbsolute(place.path) && name.startsWith(`${place.kind}:${place.path}`));
      if (pinned !== undefined) assert.ok(isContentDigest(pinned));
    });
  });

  test("in challenges", async (t) => {
    await hold(t, 0.2, fc.array(texts.challengeLine, { maxLength: 3 }), [], (lines) => {
      const challenges = parseChallenges(lines);
      const chosen = chooseChallenge(challenges);
      if (chosen !== undefined) assert.ok(challenges.includes(chosen));
      for (const { scheme, parameters } of challenges) {
        assert.equal(scheme, scheme.toLowerCase());
        assert.ok(Object.values(parameters).every((value) => typeof value === "string"));
      }
    });
  });

  test("in realms: no credential goes to another scheme, a user, or a private address", async (t) => {
    const rules = { listed: () => false, trusted: undefined };
    await hold(t, 0.1, texts.realmText, ["REGISTRY_PROTOCOL"], (text) => {
      const { protocol, username, hostname, hash } = checkRealm(text, REGISTRY, rules);
      assert.deepEqual([protocol, username, hash], ["https:", "", ""]);
      assert.doesNotMatch(hostname, /^(127|10)(\.\d+){3}$|^\[::1\]$|^localhost$/);
    });
  });

  test("in credential files, and no secret is in it", async (t) => {
    await hold(t, 0.15, documents.authFileText(SECRET), ["CREDENTIALS_INVALID"], (text) => {
      try {
        const file = parseAuthFile(text, "DOCKER_AUTH_CONFIG");
        const helper = matchAuth(file.credHelpers, REFERENCE) ?? file.credsStore;
        assert.ok(helper === undefined || typeof helper === "string");
        const found = decodeAuth(matchAuth(file.auths, REFERENCE), file.source);
        assert.ok(found === undefined || found.source === "DOCKER_AUTH_CONFIG");
      } catch (error) {
        assert.ok(!inspect(error, { depth: null, showHidden: true }).includes(SECRET));
        throw error;
      }
    });
  });

  test("in manifests: what is taken has descriptors that can be fetched", async (t) => {
    await hold(t, 0.1, documents.imageText, ["MANIFEST_INVALID", "NOT_AN_IMAGE"], (bytes) => {
      const { config, layers } = parseImageManifest(bytes, "r.example/app:1");
      for (const descriptor of [config, ...layers]) {
        assert.ok(isContentDigest(descriptor.digest) && Number.isSafeInteger(descriptor.size));
        assert.equal(embedded(descriptor)?.length ?? descriptor.size, descriptor.size);
      }
    });
  });

  test("in indexes", async (t) => {
    await hold(t, 0.1, documents.indexText, ["MANIFEST_INVALID", "PLATFORM_MISSING"], (bytes) => {
      const { digest } = chooseManifest(parseDocument(bytes, "r.example/app:1"), PLATFORM, "r.example/app:1");
      assert.ok(isContentDigest(digest));
    });
  });

  test("in configs: what is taken fits to the manifest", async (t) => {
    const layer = {
      mediaType: "x",
      digest: `sha256:${"a".repeat(64)}`,
      size: 1,
      annotations: {},
      urls: 0,
      data: undefined,
    } as const;
    await hold(t, 0.05, fc.tuple(documents.configText, fc.nat(2)), ["MANIFEST_INVALID"], ([bytes, count]) => {
      const manifest: ImageManifest = {
        mediaType: "x",
        config: layer,
        layers: Array.from({ length: count }, () => layer),
      };
      const { diffIds, labels } = parseImageConfig(bytes, manifest, "r.example/app:1");
      assert.ok(diffIds.length === count && diffIds.every(isContentDigest));
      assert.ok(Object.values(labels).every((value) => typeof value === "string"));
    });
  });
});
