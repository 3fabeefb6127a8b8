/** Registries of a few lines, for what a well-behaved one never says; and sources that ask them. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { readConfig } from "../../../src/config/load.ts";
import { DockerloaderError } from "../../../src/errors.ts";
import type { Limits } from "../../../src/limits.ts";
import type { LoaderEvent } from "../../../src/log/events.ts";
import { openSource, type SourceOptions } from "../../../src/registry/open-source.ts";
import type { ImageSource } from "../../../src/registry/source.ts";
import { recordEvents } from "../app/support.ts";

/** One question as it came. */
export interface Question {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Service extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly questions: Question[];
}

/** A server on loopback that answers what `answer` writes. */
export async function startService(answer: (question: Question, response: ServerResponse) => void): Promise<Service> {
  const questions: Question[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = "", url = "/", headers } = request;
      const question = { method, url: new URL(url, `http://${headers.host ?? ""}`), headers, body };
      questions.push(question);
      answer(question, response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    questions,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

export type Sightings = NonNullable<SourceOptions["records"]>;
export type Env = Readonly<Record<string, string | undefined>>;

export interface Opened extends Disposable {
  readonly source: ImageSource;
  readonly events: readonly LoaderEvent[];
}

/** A target, opened with these variables and nobody's credentials but theirs. One try a request, unless said otherwise. */
export function open(target: string, env: Env = {}, limits: Partial<Limits> = {}, records?: Sightings): Opened {
  const all = { HOME: "/nowhere", XDG_RUNTIME_DIR: "/nowhere", ...env };
  const { config, faults } = readConfig(all);
  if (faults.length > 0) throw new Error(faults.join("; "));
  const log = recordEvents();
  const source = openSource(target, {
    config,
    env: all,
    log,
    limits: { requestTries: 1, ...limits },
    ...(records && { records }),
  });
  return { source, events: log.events, [Symbol.dispose]: source.close };
}

/** The DockerloaderError that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<DockerloaderError> {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof DockerloaderError) return error;
  throw error;
}

/** Everything of an error that can be printed. */
export function printed(error: DockerloaderError): string {
  return JSON.stringify([error, error.message, error.hint, error.details, String(error.stack)]);
}
