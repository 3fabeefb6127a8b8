/** What `dockerloader pull` shows: bars in a real terminal (tmux), and nothing of the kind where nobody looks. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildImage, type BuiltImage, type Digest } from "../../../src/testing/index.ts";
import { run } from "../../container/support/command.ts";
import { openShellLab, type ShellLab } from "../../e2e/support/shell-lab.ts";
import { needs } from "../../support/preconditions.ts";
import { openTerminal } from "../../support/terminal.ts";

const SIZE = 4_000_000;
const ESCAPE = "\x1b";

describe("pull in a terminal", needs("the tests in a terminal", ["tmux", "script"]), () => {
  let lab: ShellLab;
  let image: BuiltImage;
  let large: Digest;
  let small: Digest;
  let pulls = 0;
  before(async () => {
    lab = await openShellLab();
    const layers = [
      { files: { entrypoint: "#!/bin/sh\n" } },
      { files: { large: { content: randomBytes(SIZE), mode: 0o644 } } },
    ];
    image = await buildImage({ layers, compression: "none" });
    await lab.registry.push("app", "stable", image);
    const manifest = JSON.parse(image.manifest.toString()) as { layers: { digest: Digest }[] };
    [small, large] = manifest.layers.map(({ digest }) => digest) as [Digest, Digest];
  });
  after(() => lab.close());

  /** A shell line that pulls into a directory that is new each time, and the directory. */
  const pull = (...options: string[]): { line: string; directory: string } => {
    pulls += 1;
    const directory = join(lab.folder, `pulled${pulls}`);
    const env = `env PATH=${lab.folder}/bin:$PATH DOCKER_CONFIG=${lab.folder} DOCKERLOADER_LOG_FORMAT=pretty`;
    return { line: `${env} ${options.join(" ")} dockerloader pull ${lab.target} -o ${directory}`, directory };
  };
  const name = (digest: string): string => digest.slice(0, "sha256:".length + 12);

  test("shows how far each layer is while it comes, and a Ctrl-C leaves nothing behind", async () => {
    const mend = lab.registry.fault(({ path }) =>
      path.endsWith(large) ? { kind: "stall", afterBytes: SIZE / 2 } : undefined,
    );
    const { line, directory } = pull("CI=");
    await using terminal = openTerminal("half", 100, 24, `trap : INT; ${line}; echo ended with $?; exec sleep 600`);
    const lines = await terminal.until(/1 of 2 layers complete/);
    assert.ok(
      lines.some((text) => text.startsWith(`${name(small)} done, `)),
      lines.join("\n"),
    );
    const bars = await terminal.until(new RegExp(`${name(large)} \\[=*> +\\] .* of 3\\.8 MiB$`, "m"));
    assert.equal(bars.filter((text) => text.includes(name(large))).length, 1, bars.join("\n"));
    terminal.keys("C-c");
    await terminal.until(/ended with 1$/m);
    assert.match(terminal.screen().join("\n"), /Error: .*\[ABORTED\]/);
    mend();
    assert.ok(!existsSync(directory));
    assert.deepEqual(
      readdirSync(lab.folder).filter((file) => file.includes("-blobs-")),
      [],
    );
  });

  test("ends with every layer complete and the digest below, with the log's lines above the bars", async () => {
    const { line } = pull("CI=");
    await using terminal = openTerminal("whole", 80, 24, `${line}; echo ended with $?; exec sleep 600`);
    const lines = await terminal.until(/ended with 0$/m);
    const text = lines.join("\n");
    const order = [/extracted sha256/, new RegExp(`${name(small)} done`), new RegExp(`${name(large)} done, 3.8 MiB`)];
    const places = [
      ...order,
      /\(100 %\), 2 of 2 layers complete/,
      new RegExp(`^${image.digest.slice(0, 60)}`, "m"),
    ].map((phrase) => text.search(phrase));
    assert.ok(
      places.every((place, index) => place >= 0 && place >= (places[index - 1] ?? 0)),
      text,
    );
  });

  /** Everything that a pull writes to a terminal, byte for byte. */
  const typescript = async (line: string, size = "cols 80 rows 24"): Promise<string> => {
    const { code, out, err } = await run("script", ["-qec", `stty ${size}; ${line}`, "/dev/null"], {
      env: { TERM: "xterm" },
    });
    assert.equal(code, 0, out + err);
    return out;
  };

  test("writes no bar into a pipe", async () => {
    const { code, out, err } = await lab.command(["pull", lab.target, "-o", join(lab.folder, "piped")]);
    assert.deepEqual([code, out], [0, `${image.digest}\n`]);
    assert.ok(!err.includes(ESCAPE) && !err.includes("layers complete"), err);
    for (const text of err.trim().split("\n")) assert.equal(typeof JSON.parse(text), "object");
  });

  for (const options of [["CI=true"], ["TERM=dumb"]]) {
    test(`draws no bar in a terminal with ${options.join(" ")}`, async () => {
      const out = await typescript(pull(...options).line);
      assert.ok(!out.includes("layers complete") && !out.includes(`${ESCAPE}[?25l`), out);
      assert.match(out, new RegExp(image.digest));
    });
  }

  test("with --quiet says nothing but the digest", async () => {
    const { line } = pull("CI=");
    assert.equal((await typescript(`${line} --quiet`)).trim(), image.digest);
    assert.match(await typescript(pull("CI=").line), /layers complete/);
    assert.doesNotMatch(await typescript(pull("CI=").line, "cols 0 rows 0"), /layers complete|\?25l/);
  });
});
