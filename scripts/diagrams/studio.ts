import { join } from "node:path";
import { build } from "esbuild";

const MACHINES = join(import.meta.dirname, "../../machines");

const head = (id: string): string => `/**
 * The ${id} machine in one file, made from machines/*.ts by \`npm run diagrams\`: for Stately Studio, which imports no
 * second file ("New machine", "Import from code"). It needs nothing but xstate. Not what runs: change machines/${id}.ts.
 */
`;

/** A machine with everything it is made of in one file of plain JavaScript, \`setup().createMachine()\` at its end. */
export async function studioOf(id: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(MACHINES, `${id}.ts`)],
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["xstate"],
    charset: "utf8",
    legalComments: "none",
    treeShaking: true,
    write: false,
    absWorkingDir: join(MACHINES, ".."),
  });
  return head(id) + (outputFiles[0]?.text ?? "");
}
