import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type BuiltImage, buildImage, type RegistryOptions, startRegistry } from "../../../src/testing/index.ts";
import type { TestRegistry } from "../../../src/testing/index.ts";

/** A registry that ends with the test. */
export async function registryFor(t: TestContext, options: RegistryOptions = {}): Promise<TestRegistry> {
  const registry = await startRegistry(options);
  t.after(registry.stop);
  return registry;
}

export const smallImage = (): Promise<BuiltImage> =>
  buildImage({ layers: [{ files: { entrypoint: "#!/bin/sh\n", data: "0123456789".repeat(100) } }] });

/** The first layer of an image: its digest and its bytes. */
export function layerOf(image: BuiltImage): { digest: string; bytes: Buffer } {
  const digest: string = JSON.parse(image.manifest.toString()).layers[0].digest;
  const bytes = [...image.blobs].find(([name]) => name === digest)?.[1];
  assert.ok(bytes !== undefined);
  return { digest, bytes };
}

export const basicHeader = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** The code of the first error in an answer of the distribution specification. */
export async function errorCode(answer: Response): Promise<string> {
  const body = (await answer.json()) as { errors: { code: string; message: string }[] };
  assert.equal(typeof body.errors[0]?.message, "string");
  return body.errors[0]?.code ?? "";
}
