import { createHash } from "node:crypto";
import { DockerloaderError } from "../errors.ts";
import { type FetchContext, requireSuccess } from "./fetch-document.ts";
import type { Descriptor } from "./manifest.ts";
import type { Reference } from "./reference.ts";
import { transportFailure } from "./failures.ts";
import { pauseOrThrow, type RetryOptions } from "./retry.ts";

/** Where the bytes of a blob go: written in order; `reset` when the transfer starts again from the first byte. */
export interface BlobSink {
  readonly write: (chunk: Uint8Array) => Promise<void> | void;
  readonly reset: () => Promise<void> | void;
}

/** A try that brought this much counts as progress: the number of tries starts again. */
const PROGRESS_BYTES = 1024 * 1024;

/**
 * Streams a blob into a sink, hashing what passes: never more than the descriptor's size, continued by Range after a
 * break, from the registry's own address each time (a signed address of a redirect expires). Content that has the
 * wrong digest is fetched once more from the first byte, then it is DIGEST_MISMATCH.
 */
export async function fetchBlob(
  reference: Reference,
  descriptor: Descriptor,
  sink: BlobSink,
  context: FetchContext,
  retry: RetryOptions,
): Promise<void> {
  let hash = createHash("sha256");
  let received = 0;
  let mismatched = false;
  const restart = async (): Promise<void> => {
    hash = createHash("sha256");
    received = 0;
    await sink.reset();
  };

  const transfer = async (): Promise<void> => {
    const headers = { accept: "*/*", ...(received > 0 ? { range: `bytes=${received}-` } : {}) };
    const path = `${reference.repository}/blobs/${descriptor.digest}`;
    const answer = await context.authorizer.ask(reference, path, { method: "GET", headers, signal: retry.signal });
    if (
      answer.status === 416 ||
      (answer.status === 206 && !continues(answer.header("content-range"), received, descriptor.size))
    ) {
      answer.body.on("error", () => {}).destroy();
      await restart();
      throw new DockerloaderError(
        "REGISTRY_UNAVAILABLE",
        `${answer.url.host} cannot continue blob ${descriptor.digest}`,
      );
    }
    await requireSuccess(answer, received > 0 ? [200, 206] : [200], reference, context);
    if (answer.status === 200 && received > 0) await restart();
    const length = answer.header("content-length");
    if (length !== undefined && Number(length) !== descriptor.size - received) {
      answer.body.on("error", () => {}).destroy();
      throw sizeMismatch(descriptor, `announces ${Number(length) + received}`, answer.url.host);
    }
    try {
      for await (const chunk of answer.body) {
        const bytes = chunk as Buffer;
        if (received + bytes.length > descriptor.size) throw sizeMismatch(descriptor, "sends more", answer.url.host);
        hash.update(bytes);
        await sink.write(bytes);
        received += bytes.length;
      }
    } catch (error) {
      throw transportFailure(error, answer.url.host, retry.signal);
    } finally {
      answer.body.on("error", () => {}).destroy();
    }
    if (received < descriptor.size) {
      throw new DockerloaderError(
        "REGISTRY_UNREACHABLE",
        `${answer.url.host} broke off blob ${descriptor.digest} after ${received} of ${descriptor.size} bytes`,
      );
    }
  };

  for (let attempt = 0; ; attempt += 1) {
    const before = received;
    try {
      await transfer();
      const digest = `sha256:${hash.digest("hex")}`;
      if (digest === descriptor.digest) return;
      const failure = new DockerloaderError(
        "DIGEST_MISMATCH",
        `${reference.registry} sent ${digest} when it was asked for blob ${descriptor.digest}`,
        {
          hint: "the registry or a proxy in front of it is broken",
          retryable: false,
        },
      );
      if (mismatched) throw failure;
      mismatched = true;
      await restart();
    } catch (error) {
      if (received - before >= PROGRESS_BYTES) attempt = 0;
      await pauseOrThrow(error, attempt, retry);
    }
  }
}

/** True when a partial answer starts where we stopped and is a part of the same whole (RFC 9110, 14.4). */
function continues(contentRange: string | undefined, from: number, size: number): boolean {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? "");
  return match !== null && Number(match[1]) === from && Number(match[3]) === size;
}

function sizeMismatch({ digest, size }: Descriptor, fault: string, host: string): DockerloaderError {
  return new DockerloaderError(
    "SIZE_MISMATCH",
    `${host} ${fault} for blob ${digest}, its descriptor states ${size} bytes`,
    {
      hint: "push the image again",
      retryable: false,
    },
  );
}
