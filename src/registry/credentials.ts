import { readFileSync } from "node:fs";
import type { Environment } from "../config/load.ts";
import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { type AuthFile, credentialFiles, parseAuthFile, readAuthFile } from "./credential-files.ts";
import { type AskHelper, createHelper } from "./credential-helper.ts";
import { type Credentials, decodeAuth, matchAuth } from "./credential-match.ts";
import type { Reference } from "./reference.ts";

export type { Credentials } from "./credential-match.ts";

export interface CredentialOptions {
  readonly env: Environment;
  readonly limits: Limits;
  readonly authFile: string | undefined;
  /** The repository that a user name and a password of the environment are meant for, and no other. */
  readonly target: Reference;
  readonly onWarning: (message: string) => void;
}

/** The credentials for a repository, or undefined: anonymous. Looks again at every call. Throws CREDENTIALS_INVALID. */
export type FindCredentials = (reference: Reference) => Promise<Credentials | undefined>;

/**
 * The first place that has an answer: DOCKERLOADER_USERNAME with DOCKERLOADER_PASSWORD_FILE (for the target's own
 * registry), DOCKER_AUTH_CONFIG, then the files. In a file a helper for the registry beats the store of all, and
 * that beats the entries, as with docker.
 */
export function createCredentials(options: CredentialOptions): FindCredentials {
  const helper = createHelper(options.env, options.limits);
  return async (reference) => {
    const own = reference.registry === options.target.registry ? fromVariables(options.env) : undefined;
    if (own !== undefined) return own;
    for (const file of authFiles(options)) {
      const found = await fromFile(file, reference, helper, options.onWarning);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** A user name, and a file with its password, as containers get secrets. */
function fromVariables(env: Environment): Credentials | undefined {
  const username = env["DOCKERLOADER_USERNAME"];
  const path = env["DOCKERLOADER_PASSWORD_FILE"];
  if (!username || !path) return undefined;
  const source = `DOCKERLOADER_USERNAME and ${path}`;
  try {
    return { source, username, password: readFileSync(path, "utf8").replace(/\r?\n$/, "") };
  } catch (cause) {
    throw new DockerloaderError("CREDENTIALS_INVALID", `DOCKERLOADER_PASSWORD_FILE ${path} cannot be read`, {
      cause,
      hint: "check its name and its permissions",
    });
  }
}

function* authFiles({ env, authFile }: CredentialOptions): Generator<AuthFile> {
  const inline = env["DOCKER_AUTH_CONFIG"];
  if (inline) yield parseAuthFile(inline, "DOCKER_AUTH_CONFIG");
  for (const path of credentialFiles(env, authFile)) {
    const file = readAuthFile(path, path === authFile);
    if (file !== undefined) yield file;
  }
}

async function fromFile(
  file: AuthFile,
  reference: Reference,
  helper: AskHelper,
  onWarning: (message: string) => void,
): Promise<Credentials | undefined> {
  const name = matchAuth(file.credHelpers, reference) ?? file.credsStore;
  if (name !== undefined) {
    const answer = await helper(name, reference.registry);
    if (answer === "unusable") onWarning(`${file.source} names the credential helper ${name}, which is not installed`);
    else if (answer !== "none") return answer;
  }
  return decodeAuth(matchAuth(file.auths, reference), file.source);
}
