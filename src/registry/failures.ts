import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { isRecord } from "./manifest.ts";

/** TLS failures that a retry cannot mend (Node's `err.code`, from OpenSSL's X509_V_ERR names). */
const TLS_CODES =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|INVALID_CA|ERR_TLS_|HOSTNAME_MISMATCH|ERR_SSL_|EPROTO$)/;
/** A record of TLS that is not what was sent: an accident of the network, unlike anything else that TLS refuses. */
const DAMAGED_RECORD = /BAD_RECORD_MAC|DECRYPTION_FAILED/;
const SET_CA =
  "set DOCKERLOADER_CA_FILE (or SSL_CERT_FILE, NODE_EXTRA_CA_CERTS) to the CA's certificate, or put it into /etc/docker/certs.d/HOST:PORT/ca.crt";

/** What a TLS failure means, and its mend. */
const TLS_MEANINGS: readonly (readonly [RegExp, string, string])[] = [
  [/UNABLE_TO_|SELF_SIGNED|INVALID_CA/, "unknown issuer", SET_CA],
  [/EXPIRED|NOT_YET_VALID/, "outside its time of validity", "renew the certificate, or set this machine's clock"],
  [/ALTNAME|HOSTNAME/, "made for another name", "ask by the name the certificate is made for"],
  [
    /WRONG_VERSION|PACKET_LENGTH|HTTP_REQUEST/,
    "no TLS is spoken there",
    "if it may be spoken to over http, list it in DOCKERLOADER_INSECURE_REGISTRIES",
  ],
  [
    /ALERT|HANDSHAKE/,
    "the server refused the handshake",
    "it may ask for a client certificate: put client.cert and client.key into /etc/docker/certs.d/HOST:PORT",
  ],
];

/** Turns an error of the transport into one of ours, without the request it happened to: that holds credentials. */
export function transportFailure(error: unknown, host: string, signal: AbortSignal | undefined): DockerloaderError {
  if (error instanceof DockerloaderError) return error;
  const details = { host };
  if (signal?.aborted === true) {
    if (isTimeout(signal.reason)) return timeout(host);
    return new DockerloaderError("ABORTED", `the request to ${host} was given up`);
  }
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const text = typeof code === "string" ? code : "no answer";
  if (name === "TimeoutError" || text === "ETIMEDOUT") return timeout(host);
  if (DAMAGED_RECORD.test(text)) {
    return new DockerloaderError("REGISTRY_UNREACHABLE", `what ${host} sent was damaged on its way (${text})`, {
      hint: "check the network and what lies between here and the registry",
      details,
    });
  }
  if (TLS_CODES.test(text)) {
    const [, meaning, hint] = TLS_MEANINGS.find(([pattern]) => pattern.test(text)) ?? [
      undefined,
      "not trusted",
      SET_CA,
    ];
    return new DockerloaderError("REGISTRY_TLS", `TLS to ${host} failed: ${meaning} (${text})`, { hint, details });
  }
  return new DockerloaderError("REGISTRY_UNREACHABLE", `cannot reach ${host}: ${text}`, {
    hint: "check the name, the network and the proxy settings",
    details: { ...details, errno: text },
  });
}

const isTimeout = (reason: unknown): boolean => reason instanceof Error && reason.name === "TimeoutError";

function timeout(host: string): DockerloaderError {
  return new DockerloaderError("REGISTRY_TIMEOUT", `${host} stopped answering`, {
    hint: "check the network and the proxy settings",
    details: { host },
  });
}

/** The registry's own words (distribution-spec, "Error Codes"), without control characters and cut. */
function ownMessage(body: string): { code: string; text: string } {
  let code = "";
  let text = "";
  try {
    const value: unknown = JSON.parse(body);
    const [first] = isRecord(value) && Array.isArray(value["errors"]) ? (value["errors"] as unknown[]) : [];
    const source = isRecord(first) ? first : isRecord(value) ? value : {};
    if (typeof source["code"] === "string") code = source["code"];
    // Token services say `details`, some registries `message` alone.
    const words = [code, source["message"] ?? source["details"]].filter(
      (part) => typeof part === "string" && part !== "",
    );
    text = words.join(": ");
  } catch {
    // An HTML page of some proxy says nothing that helps.
  }
  return { code, text: text.replace(/[\p{Cc}\p{Bidi_Control}]+/gu, " ").slice(0, LIMITS.errorMessageChars) };
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
  const message = `${host} answered ${status} for ${what}${own.text === "" ? "" : ` (${own.text})`}`;
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
  // Some registries keep to 200 or 400 and say it in words only.
  if (status === 429 || own.code === "TOOMANYREQUESTS") {
    const wait = retryAfterMs(retryAfter, Date.now());
    const until = wait === undefined ? "" : `, rate limited until ${dateOf(Date.now() + wait)}`;
    return new DockerloaderError("REGISTRY_RATE_LIMITED", `${message}${until}`, {
      hint: "log in, ask less often, or use a mirror",
      details,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    });
  }
  const wait = status === 503 ? retryAfterMs(retryAfter, Date.now()) : undefined;
  const passing = status === 408 || status === 499 || (status >= 500 && status !== 501 && status !== 505);
  return new DockerloaderError(passing ? "REGISTRY_UNAVAILABLE" : "REGISTRY_PROTOCOL", message, {
    hint: passing ? "it is tried again later" : "check that the target is a registry",
    details,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}

/** The latest date that can be written: an absurd Retry-After is no reason to fail on top. */
function dateOf(ms: number): string {
  return new Date(Math.min(ms, 8.64e15)).toISOString();
}
