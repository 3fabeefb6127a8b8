import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Digest, digestOf } from "../../../src/digest.ts";
import type { Limits } from "../../../src/limits.ts";
import type { LoaderEvent } from "../../../src/log/events.ts";
import type { Store } from "../../../src/store/index.ts";
import { type BuiltImage, buildImage } from "../../../src/testing/index.ts";
import type { Subject } from "./bundle.ts";
import * as sources from "./subject.ts";

/** The real limits with short pauses between tries; how often something is tried stays as it is. */
export const QUICK: Partial<Limits> = { retryBaseMs: 2, retryCapMs: 10, retryAfterMs: 50 };

/** For faults in which somebody has to wait for what does not come: a stall is seen soon. A slow machine only sees stalls where there are none. */
export const IMPATIENT: Partial<Limits> = {
  ...QUICK,
  idleMs: 400,
  responseMs: 1_000,
  requestMs: 2_000,
  slowestWindowMs: 400,
  slowestBytes: 20_000,
};

export type Env = Readonly<Record<string, string | undefined>>;

export interface PullSettings {
  readonly env?: Env;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<Limits>;
}

/** A data directory, and what was logged while pulling into it. */
export interface Place extends Disposable {
  readonly folder: string;
  readonly store: Store;
  readonly events: LoaderEvent[];
  /** Brings an image the way the first download does. */
  readonly pull: (target: string, settings?: PullSettings) => Promise<Digest>;
}

export function openPlace({ openStore, pullImage, readConfig }: Subject = sources): Place {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-place-"));
  const store = openStore(join(folder, "data"));
  const events: LoaderEvent[] = [];
  return {
    folder,
    store,
    events,
    pull: (target, { env = {}, signal = new AbortController().signal, limits = QUICK } = {}) => {
      // Nobody's credentials but those that the test gives.
      const whole = { HOME: folder, XDG_RUNTIME_DIR: folder, ...env };
      const { config } = readConfig(whole);
      const log = { emit: (event: LoaderEvent): void => void events.push(event) };
      return pullImage(store, target, { config, env: whole, log, signal, limits });
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** An image with a layer that no compression makes smaller. */
export function imageOf(text: string, bytes = 200_000): Promise<BuiltImage> {
  const content = Buffer.concat([Buffer.from(digestOf(text)), randomBytes(bytes)]);
  return buildImage({ layers: [{ files: { entrypoint: `#!/bin/sh\necho ${text}\n`, content } }] });
}

/** The path of the largest blob of an image in a repository: its layer. */
export function layerPath(repository: string, { blobs }: BuiltImage): string {
  const [largest] = [...blobs].toSorted(([, a], [, b]) => b.length - a.length);
  return `/v2/${repository}/blobs/${largest?.[0] ?? ""}`;
}
