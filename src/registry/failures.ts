import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { isRecord } from "./manifest.ts";

/** TLS failures that a retry cannot mend (Node's `err.code`, from OpenSSL's X509_V_ERR names). */
const TLS_CODES =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|ERR_TLS_|HOSTNAME_MISMATCH|ERR_SSL_|EPROTO$)/;

/** Turns an error of the transport into one of ours, without the request it happened to: that holds credentials. */
export function transportFailure(error: unknown, host: string, signal: AbortSignal | undefined): DockerloaderError {
  if (error instanceof DockerloaderError) return error;
  if (signal?.aborted === true) return new DockerloaderError("ABORTED", `the request to ${host} was given up`);
  const { code, name } = error as { code?: unknown; name?: unknown };
  const text = typeof code === "string" ? code : "no answer";
  if (name === "TimeoutError" || text === "ETIMEDOUT") {
    return new DockerloaderError("REGISTRY_TIMEOUT", `${host} stopped answering`, { details: { host } });
  }
  if (TLS_CODES.test(text)) {
    return new DockerloaderError("REGISTRY_TLS", `the certificate of ${host} is not trusted: ${text}`, {
      hint: "set SSL_CERT_FILE or NODE_EXTRA_CA_CERTS to the CA's certificate",
      details: { host },
    });
  }
  return new DockerloaderError("REGISTRY_UNREACHABLE", `cannot reach ${host}: ${text}`, {
    hint: "check the name, the network and the proxy settings",
    details: { host },
  });
}

/** The registry's own words (distribution-spec, "Error Codes"), without control characters and cut. */
function ownMessage(body: string): string {
  let text = "";
  try {
    const value: unknown = JSON.parse(body);
    const [first] = isRecord(value) && Array.isArray(value["errors"]) ? (value["errors"] as unknown[]) : [];
    if (isRecord(first)) text = [first["code"], first["message"]].filter((part) => typeof part === "string").join(": ");
  } catch {
    // An HTML page of some proxy says nothing that helps.
  }
  return text.replace(/[\p{Cc}\p{Bidi_Control}]+/gu, " ").slice(0, LIMITS.errorMessageChars);
}

/** Milliseconds of a Retry-After header: seconds or a date (RFC 9110, 10.2.3). Undefined: absent or unreadable. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

export interface Refusal {
  readonly status: number;
  readonly host: string;
  /** What was asked for, e.g. the reference. */
  readonly what: string;
  readonly body: string;
  readonly retryAfter: string | undefined;
  /** Which credentials were used: a file's name or "no credentials". */
  readonly credentials: string;
}

/** Turns an answer that is no success into one error per cause. */
export function refusal({ status, host, what, body, retryAfter, credentials }: Refusal): DockerloaderError {
  const own = ownMessage(body);
  const message = `${host} answered ${status} for ${what}${own === "" ? "" : ` (${own})`}`;
  const details = { host, status };
  if (status === 401) {
    const hint = "log in (docker login) where the loader can read it, or set DOCKERLOADER_AUTH_FILE";
    return new DockerloaderError("REGISTRY_UNAUTHORIZED", `${message}, asked with ${credentials}`, { hint, details });
  }
  if (status === 403) {
    return new DockerloaderError("REGISTRY_DENIED", `${message}, asked with ${credentials}`, {
      hint: "allow this account to pull the repository",
      details,
    });
  }
  if (status === 404)
    return new DockerloaderError("MANIFEST_UNKNOWN", message, { hint: "check the repository and the tag", details });
  if (status === 429) {
    const wait = retryAfterMs(retryAfter, Date.now());
    return new DockerloaderError("REGISTRY_RATE_LIMITED", message, {
      hint: "log in, ask less often, or use a mirror",
      details,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    });
  }
  const passing = status === 408 || status === 499 || (status >= 500 && status !== 501 && status !== 505);
  return new DockerloaderError(passing ? "REGISTRY_UNAVAILABLE" : "REGISTRY_PROTOCOL", message, { details });
}
