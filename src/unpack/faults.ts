import { type ContentDigest, shortDigest } from "../digest.ts";
import { errnoOf as nameOf } from "../errno.ts";
import { DockerloaderError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { shown } from "./shown.ts";

type FaultCode = Extract<ErrorCode, `LAYER_${string}` | "DIFF_ID_MISMATCH">;

/** What is wrong with a layer, before anybody knows which layer and entry it is about. `rule` names the rule that was broken. */
export class LayerFault extends Error {
  readonly code: FaultCode;
  readonly rule: string;
  readonly hint: string | undefined;

  constructor(code: FaultCode, rule: string, message: string, hint?: string) {
    super(message);
    this.name = "LayerFault";
    this.code = code;
    this.rule = rule;
    this.hint = hint;
  }
}

/** The `code` of a system or zlib error, or the empty string. */
export function errnoOf(error: unknown): string {
  return nameOf(error) ?? "";
}

const isDecoderError = (errno: string): boolean => /^(Z_|ZSTD_|ERR_ZLIB|ERR_ZSTD)/.test(errno);

function faultOf(error: unknown): LayerFault | undefined {
  if (error instanceof LayerFault) return error;
  const errno = errnoOf(error);
  if (isDecoderError(errno)) {
    const text = `the compressed stream is damaged: ${error instanceof Error ? error.message : errno}`;
    return errno.includes("windowTooLarge")
      ? new LayerFault("LAYER_UNSUPPORTED", "A45", text, "compress it with a window of at most 128 MiB")
      : new LayerFault("LAYER_CORRUPT", "A44", text);
  }
  if (errno === "ENAMETOOLONG") {
    return new LayerFault("LAYER_LIMIT", "A2", "the name is longer than the file system allows");
  }
  return undefined;
}

/** Names layer, entry and rule. What is no fault of the layer is one of the volume (or of ours) and says so. */
export function toLayerError(error: unknown, layer: ContentDigest, entry: string | undefined): DockerloaderError {
  if (error instanceof DockerloaderError) return error;
  const where = `layer ${shortDigest(layer)}${entry === undefined ? "" : `, entry "${shown(entry)}"`}`;
  const details = { layer, ...(entry === undefined ? {} : { entry: shown(entry) }) };
  const fault = faultOf(error);
  if (fault !== undefined) {
    return new DockerloaderError(fault.code, `${where}: ${fault.message} (rule ${fault.rule})`, {
      details: { ...details, rule: fault.rule },
      cause: error,
      ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    });
  }
  return toVolumeError(error, where, details);
}

/** A failed system call: the volume is full, or it cannot be used. */
export function toVolumeError(
  error: unknown,
  where: string,
  details: Readonly<Record<string, string>> = {},
): DockerloaderError {
  const errno = errnoOf(error);
  const text = error instanceof Error ? error.message : String(error);
  if (errno === "ENOSPC" || errno === "EDQUOT") {
    return new DockerloaderError("STORE_FULL", `${where}: no space left while unpacking (${errno})`, {
      details: { ...details, errno },
      hint: "make the volume larger or free some space",
      cause: error,
    });
  }
  const code = /^E[A-Z0-9]+$/.test(errno) ? "STORE_IO" : "INTERNAL";
  return new DockerloaderError(code, `${where}: ${text}`, {
    details: errno === "" ? details : { ...details, errno },
    cause: error,
  });
}
