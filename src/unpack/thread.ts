import type { Worker } from "node:worker_threads";
import { listen } from "./feed.ts";
import type { LayerGate } from "./gate.ts";
import type { WorkerAnswer, WorkerNeeds } from "./messages.ts";
import type { UnpackRequest } from "./request.ts";
import { ownWorkerFile } from "./worker-file.ts";

/** What came of a request: an answer, or why there is none. */
export interface Outcome {
  readonly answer: WorkerAnswer | undefined;
  readonly failure: unknown;
}

/**
 * A worker thread that waits for one request. While it waits it keeps no process alive; one that could not be started fails the request.
 * Knows no errors of ours: it may be started before the code that reports them is loaded.
 */
export class UnpackThread {
  readonly #worker: Worker | undefined;
  readonly #settled = Promise.withResolvers<Outcome>();
  #failure: unknown;
  #needs: LayerGate["needs"] = () => undefined;

  constructor(file: URL) {
    try {
      this.#worker = this.#start(file);
    } catch (error) {
      this.#settled.resolve({ answer: undefined, failure: error });
    }
  }

  /** With an answer the thread has nothing under way any more; without one it has ended. */
  async unpack(request: UnpackRequest, signal: AbortSignal | undefined, gate: LayerGate): Promise<Outcome> {
    this.#worker?.ref();
    this.#needs = gate.needs;
    this.#worker?.postMessage(request, []);
    listen(
      gate,
      request.layers.length,
      (news) => this.#worker?.postMessage(news, []),
      (error) => this.#fail(error),
    );
    const stop = (): void => this.end();
    signal?.addEventListener("abort", stop, { once: true });
    const outcome = await this.#settled.promise;
    signal?.removeEventListener("abort", stop);
    return outcome;
  }

  /** Ends the thread, whatever it does. */
  end(): void {
    void this.#worker?.terminate();
  }

  #start(file: URL): Worker {
    // An import would load it for everybody who only might start a thread.
    const threads = process.getBuiltinModule("node:worker_threads");
    const worker = new threads.Worker(file, { execArgv: [], name: "unpack" });
    worker.unref();
    worker.on("message", (message: WorkerAnswer | WorkerNeeds) => {
      if ("needs" in message) this.#needs(message.needs);
      else this.#settled.resolve({ answer: message, failure: undefined });
    });
    worker.once("error", (error) => this.#fail(error));
    worker.once("exit", (code) => {
      const failure = this.#failure ?? new Error(`the worker ended with code ${code}`);
      this.#settled.resolve({ answer: undefined, failure });
    });
    return worker;
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.end();
  }
}

/** Starts the worker beside this very module. Undefined: there is no such file, as in an app that was bundled without it. */
export function startUnpackThread(): UnpackThread | undefined {
  const file = ownWorkerFile();
  return file === undefined ? undefined : new UnpackThread(file);
}
