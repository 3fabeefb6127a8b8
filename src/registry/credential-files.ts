import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../config/load.ts";
import { DockerloaderError } from "../errors.ts";
import { isRecord, stringsOf } from "./manifest.ts";

/** What a docker `config.json` or podman `auth.json` says. */
export interface AuthFile {
  /** For messages: a path or a variable. */
  readonly source: string;
  readonly auths: Readonly<Record<string, unknown>>;
  readonly credHelpers: Readonly<Record<string, string>>;
  readonly credsStore: string | undefined;
}

/** Where credentials may be, in the order in which the first match wins (containers-auth.json(5), docker login). */
export function credentialFiles(env: Environment, authFile: string | undefined): string[] {
  const home = env["HOME"] ?? "/root";
  const uid = process.getuid?.() ?? 0;
  const named = authFile ?? env["REGISTRY_AUTH_FILE"];
  if (named) return [named];
  const runtime = env["XDG_RUNTIME_DIR"];
  return [
    runtime ? join(runtime, "containers/auth.json") : `/run/containers/${uid}/auth.json`,
    join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "containers/auth.json"),
    join(env["DOCKER_CONFIG"] ?? join(home, ".docker"), "config.json"),
    join(home, ".dockercfg"),
  ];
}

/** Reads a file at every call, because secrets rotate. Undefined: it is not there and need not be. Throws CREDENTIALS_INVALID. */
export function readAuthFile(path: string, required: boolean): AuthFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const missing = code === "ENOENT" || code === "ENOTDIR";
    // Somebody else's home is nobody's configuration.
    if ((missing || code === "EACCES") && !required) return undefined;
    throw invalid(path, missing ? "does not exist" : "cannot be read", error);
  }
  return parseAuthFile(text, `credential file ${path}`);
}

/** Reads the text of such a file. One that cannot be understood is an error that names it, never "anonymous". */
export function parseAuthFile(text: string, source: string): AuthFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The cause would quote the text, and the text holds secrets.
    throw invalid(source, "is no JSON");
  }
  if (!isRecord(value)) throw invalid(source, "is no JSON object");
  const { auths, credHelpers, credsStore } = value;
  for (const [name, part] of Object.entries({ auths, credHelpers }))
    if (part !== undefined && part !== null && !isRecord(part)) throw invalid(source, `has ${name} that is no object`);
  // The old `.dockercfg` has the entries at the top.
  const old = source.endsWith(".dockercfg");
  return {
    source: source.replace(/^credential file /, ""),
    auths: old ? value : isRecord(auths) ? auths : {},
    credHelpers: stringsOf(credHelpers),
    credsStore: typeof credsStore === "string" && credsStore !== "" ? credsStore : undefined,
  };
}

function invalid(source: string, fault: string, cause?: unknown): DockerloaderError {
  const named = source.startsWith("credential") || source.startsWith("DOCKER") ? source : `credential file ${source}`;
  return new DockerloaderError("CREDENTIALS_INVALID", `${named} ${fault}`, {
    cause,
    hint: "it has to be a docker config.json",
  });
}
