import type { ErrorCode } from "../errors.ts";
import { DockerloaderError, toDockerloaderError } from "../errors.ts";
import type { UnpackReport } from "./image.ts";

/** What the worker says before its answer, at most once: layers that it needs although they are reused. */
export interface WorkerNeeds {
  readonly needs: readonly number[];
}

/** What the worker says, once, before it ends. A cause does not cross the thread: the message tells it. */
export type WorkerAnswer =
  | { readonly ok: true; readonly report: UnpackReport }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
      readonly retryable: boolean;
      readonly details: DockerloaderError["details"];
    };

export function toAnswer(error: unknown): WorkerAnswer {
  const { code, message, hint, retryable, details } = toDockerloaderError(error);
  return { ok: false, code, message, hint, retryable, details };
}

/** The report, or the worker's error thrown again. */
export function fromAnswer(answer: WorkerAnswer): UnpackReport {
  if (answer.ok) return answer.report;
  const { code, message, hint, retryable, details } = answer;
  throw new DockerloaderError(code, message, {
    retryable,
    details,
    ...(hint === undefined ? {} : { hint }),
  });
}
