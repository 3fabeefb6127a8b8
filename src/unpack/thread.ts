import { Worker } from "node:worker_threads";
import { DockerloaderError, toDockerloaderError } from "../errors.ts";
import { listen } from "./feed.ts";
import type { LayerGate } from "./gate.ts";
import type { UnpackReport } from "./image.ts";
import { fromAnswer, type WorkerAnswer, type WorkerNeeds } from "./messages.ts";
import type { UnpackRequest } from "./request.ts";

export const aborted = (): DockerloaderError => new DockerloaderError("ABORTED", "unpacking the image was aborted");

/** A worker thread that waits for one request. While it waits it keeps no process alive. */
export class UnpackThread {
  readonly #worker: Worker;
  readonly #ended = Promise.withResolvers<number>();
  #answer: WorkerAnswer | undefined;
  #failure: unknown;
  #needs: LayerGate["needs"] = () => undefined;

  constructor(file: URL) {
    this.#worker = new Worker(file, { execArgv: [], name: "unpack" });
    this.#worker.unref();
    this.#worker.on("message", (message: WorkerAnswer | WorkerNeeds) => {
      if ("needs" in message) this.#needs(message.needs);
      else this.#answer = message;
    });
    this.#worker.once("error", (error) => this.#fail(error));
    this.#worker.once("exit", this.#ended.resolve);
  }

  /** Resolves once the thread has ended. */
  async unpack(request: UnpackRequest, signal: AbortSignal | undefined, gate: LayerGate): Promise<UnpackReport> {
    const worker = this.#worker;
    worker.ref();
    this.#needs = gate.needs;
    worker.postMessage(request, []);
    listen(
      gate,
      request.layers.length,
      (news) => worker.postMessage(news, []),
      (error) => this.#fail(error),
    );
    const stop = (): void => this.end();
    signal?.addEventListener("abort", stop, { once: true });
    const code = await this.#ended.promise;
    signal?.removeEventListener("abort", stop);
    if (this.#answer !== undefined) return fromAnswer(this.#answer);
    if (signal?.aborted === true) throw aborted();
    throw toDockerloaderError(this.#failure ?? new Error(`the worker ended with code ${code}`));
  }

  /** Ends the thread, whatever it does. */
  end(): void {
    void this.#worker.terminate();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.end();
  }
}
