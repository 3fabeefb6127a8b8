import { spawn } from "node:child_process";
import type { Environment } from "../config/load.ts";
import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { Credentials } from "./credential-match.ts";
import { isRecord } from "./manifest.ts";

/** What a helper answered. `unusable`: it is not installed. */
export type HelperAnswer = Credentials | "none" | "unusable";

export type AskHelper = (name: string, registry: string) => Promise<HelperAnswer>;

const NAME = /^[a-zA-Z0-9_.-]+$/;
/** What docker's helpers call a registry without an entry. */
const NOT_FOUND = /credentials not found in native keychain|no credentials server URL|credentials not found/i;
/** The user name by which a helper says that the secret is an identity token. */
const TOKEN_USER = "<token>";

/**
 * Asks `docker-credential-NAME get`: the registry on stdin, JSON on stdout, no shell, bounded in time and size. Answers
 * are used for some minutes, because a helper may ask a cloud. What it prints is never logged.
 */
export function createHelper(env: Environment, limits: Limits): AskHelper {
  const cache = new Map<string, { readonly until: number; readonly answer: Promise<HelperAnswer> }>();
  return (name, registry) => {
    const key = `${name} ${registry}`;
    const known = cache.get(key);
    if (known !== undefined && known.until > performance.now()) return known.answer;
    const answer = ask(name, registry, env, limits);
    cache.set(key, { until: performance.now() + limits.helperMs + limits.helperCacheMs, answer });
    answer.catch(() => cache.delete(key));
    return answer;
  };
}

async function ask(name: string, registry: string, env: Environment, limits: Limits): Promise<HelperAnswer> {
  const program = `docker-credential-${name}`;
  if (!NAME.test(name)) throw failure(program, "has a name that no program has");
  const server = registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
  const ran = await run(program, server, env, limits);
  if (ran === undefined) return "unusable";
  const { code, output, problem } = ran;
  if (problem !== undefined) throw failure(program, problem);
  if (code !== 0) {
    if (NOT_FOUND.test(output)) return "none";
    throw failure(program, `ended with ${code ?? "a signal"} when it was asked for ${registry}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    // No cause: it would quote the secret.
  }
  const { Username: username, Secret: secret } = isRecord(value) ? value : {};
  if (typeof username !== "string" || typeof secret !== "string" || secret === "")
    throw failure(program, `gave no user name and secret for ${registry}`);
  const source = `credential helper ${program}`;
  return username === TOKEN_USER ? { source, identityToken: secret } : { source, username, password: secret };
}

interface Ran {
  readonly code: number | null;
  readonly output: string;
  readonly problem?: string;
}

/** Undefined: there is no such program. */
function run(program: string, input: string, env: Environment, limits: Limits): Promise<Ran | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, ["get"], { env: { ...env }, stdio: ["pipe", "pipe", "ignore"] });
    let output = "";
    let problem: string | undefined;
    const stop = (why: string): void => {
      problem = why;
      child.kill("SIGKILL");
      child.stdout.destroy();
    };
    const timer = setTimeout(() => stop(`did not answer within ${limits.helperMs / 1000} s`), limits.helperMs);
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
      if (output.length > limits.helperBytes) stop(`answered more than ${limits.helperBytes} bytes`);
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.once("error", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, output, ...(problem === undefined ? {} : { problem }) });
    });
  });
}

function failure(program: string, fault: string): DockerloaderError {
  return new DockerloaderError("CREDENTIALS_INVALID", `credential helper ${program} ${fault}`, {
    hint: `try \`echo REGISTRY | ${program} get\` as the user of the loader`,
  });
}
