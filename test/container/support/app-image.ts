import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "./command.ts";
import type { Engine } from "./engine.ts";
import { findProgram } from "../../support/preconditions.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");
export type Example = "typescript" | "shell" | "rust";

/** What becomes `.env` of an image. */
export type Settings = Readonly<Record<string, string>>;

/** Why an example cannot be built here; undefined when it can. */
export function whyNot(example: Example): string | undefined {
  return example === "rust" && findProgram("rustc") === undefined ? "rustc is not installed" : undefined;
}

/** Compiles what the example's Dockerfile copies into the image, into a build context of its own. */
export async function compile(example: Example): Promise<string> {
  const source = join(EXAMPLES, example);
  const context = await mkdtemp(join(tmpdir(), `dockerloader-${example}-`));
  await cp(join(source, "Dockerfile"), join(context, "Dockerfile"));
  if (example === "typescript") await must(process.execPath, [join(source, "build.ts"), join(context, "root")]);
  if (example === "shell") await cp(join(source, "entrypoint"), join(context, "entrypoint"));
  if (example === "rust") {
    const [program, output] = [join(source, "app.rs"), join(context, "entrypoint")];
    await must("rustc", ["--edition", "2021", "-O", "-D", "warnings", "-o", output, program]);
  }
  return context;
}

/** A context for an app of one shell script, for behaviour no example has. */
export async function scriptContext(script: string): Promise<string> {
  const context = await mkdtemp(join(tmpdir(), "dockerloader-script-"));
  await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY entrypoint .env /\n");
  await writeFile(join(context, "entrypoint"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return context;
}

/** Builds the context with these settings in its `.env` and pushes it; the digest the registry has it under. */
export async function push(engine: Engine, context: string, reference: string, settings: Settings): Promise<string> {
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(join(context, ".env"), lines.join(""));
  const id = await engine.buildah(["build", "--quiet", "--format", "oci", "--tag", reference, context]);
  const results = await mkdtemp(join(tmpdir(), "dockerloader-push-"));
  try {
    const file = join(results, "digest");
    await engine.buildah(["push", "--quiet", "--tls-verify=false", "--digestfile", file, id, `docker://${reference}`]);
    return await readFile(file, "utf8");
  } finally {
    await rm(results, { recursive: true, force: true });
    await engine.buildah(["rmi", "--force", id]);
  }
}
