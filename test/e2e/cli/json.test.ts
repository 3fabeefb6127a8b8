/**
 * What scripts rely on: under `--json` stdout is one JSON value of a pinned shape and nothing else, whatever the log says
 * meanwhile. Every command against a real loader; `why` has its kinds in files of its own, each held against the shape.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import * as v from "valibot";
import { COMMANDS, nameOf } from "../../../src/cli/commands.ts";
import { SHAPES } from "../../../src/cli/shapes.ts";
import { freePort } from "../inspect/support/free-port.ts";
import { openShellLab, type ShellLab } from "../support/shell-lab.ts";
import { CHECKING, WAIT } from "./support/apps.ts";

type Answer<K extends keyof typeof SHAPES> = v.InferOutput<(typeof SHAPES)[K]>;

/** A log that is as loud as it can be must not reach stdout. */
const LOUD = { DOCKERLOADER_LOG_LEVEL: "debug" };

describe("--json", () => {
  let lab: ShellLab;
  let mark = "";
  beforeEach(async () => {
    lab = await openShellLab();
    mark = join(lab.folder, "mark");
  });
  afterEach(() => lab.close());

  function parse<K extends keyof typeof SHAPES>(command: K, out: string): Answer<K> {
    const shape: v.GenericSchema<unknown, Answer<K>> = SHAPES[command];
    return v.parse(shape, JSON.parse(out));
  }

  /** Calls a command and holds all of its stdout against its shape. */
  async function ask<K extends keyof typeof SHAPES>(
    command: K,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ answer: Answer<K>; code: number | null }> {
    const { out, code } = await lab.command([command, "--json", ...args], { ...LOUD, ...env });
    return { answer: parse(command, out), code };
  }

  /** A loader whose app has looked once, and has met a version that fails. */
  async function settle(): Promise<{ good: string; bad: string }> {
    const good = await lab.push(CHECKING);
    const loader = lab.start({ env: { MARK: mark } });
    await loader.until("looked");
    const bad = await lab.push("exit 3");
    const from = loader.text().length;
    writeFileSync(mark, "");
    await loader.until("skipping update", from);
    await loader.until("looked", from);
    return { good, bad };
  }

  test("status: without a loader, healthy, with a failed version", async () => {
    const none = await ask("status");
    assert.deepEqual([none.code, none.answer.health, none.answer.loader], [3, "not running", null]);
    const { good, bad } = await settle();
    const { code, answer } = await ask("status");
    assert.deepEqual([code, answer.health, answer.stable], [0, "healthy", good]);
    assert.deepEqual(
      answer.failed.map(({ digest, kind }) => [digest, kind]),
      [[bad, "exited"]],
    );
    assert.deepEqual([answer.lastCheck?.result, answer.lastCheck?.digest], ["refused", bad]);
  });

  test("status --watch: one line for each change, each of the shape of status", async () => {
    const program = lab.start({ args: ["status", "--watch", "--json"] });
    await program.until("not running");
    const { bad } = await settle();
    const reports = (): Answer<"status">[] =>
      program
        .text()
        .split("\n")
        .slice(0, -1)
        .map((line) => parse("status", line));
    const isSettled = ({ loader, failed }: Answer<"status">): boolean =>
      loader?.state === "committed" && failed.some(({ digest }) => digest === bad);
    // What comes last may still be on its way.
    while (!reports().some(isSettled)) await program.until("\n", program.text().length);
    assert.equal((await program.kill("SIGINT")).code, 0);
    assert.equal(reports()[0]?.health, "not running");
  });

  test("why, history, gc, verify, forget", async () => {
    const { good, bad } = await settle();
    const { answer: why } = await ask("why");
    assert.ok(why.kind === "failed" && why.digest === bad);

    const { answer: history } = await ask("history", ["--last", "0"]);
    const told = history.entries.map(({ event }) => event);
    for (const event of ["loader.started", "bootstrap.finished", "child.spawned", "update.staged", "trial.failed"])
      assert.ok(told.includes(event), event);
    assert.deepEqual((await ask("history", ["--last", "2"])).answer.entries, history.entries.slice(-2));
    assert.equal(history.entries.find(({ event }) => event === "child.spawned")?.["digest"], good);

    await ask("gc");
    assert.equal((await ask("gc")).answer.removed, 0, "the first one has removed what there was");
    const { answer: verified } = await ask("verify");
    assert.ok(verified.versions >= 1 && verified.findings.every(({ kind }) => kind === "unchecked"));
    assert.deepEqual((await ask("forget", ["--all"])).answer.forgotten, [bad]);
    assert.deepEqual((await ask("status")).answer.failed, []);
  });

  test("rollback: from where to where; status: the attempt that it ended", async () => {
    const before = await lab.push(CHECKING);
    const loader = lab.start({ env: { MARK: mark } });
    await loader.until("looked");
    const after = await lab.push(`dockerloader ready; echo committed; ${WAIT}`);
    writeFileSync(mark, "");
    await loader.until("committed");
    const { answer, code } = await ask("rollback");
    assert.deepEqual([code, answer.from, answer.to, answer.running], [0, after, before, true]);
    const [attempt] = (await ask("status")).answer.attempts;
    assert.deepEqual([attempt?.digest, attempt?.state, attempt?.reason], [after, "failed", { kind: "rolled-back" }]);
  });

  test("doctor: findings and settings; exit 1 with a fault", async () => {
    await settle();
    const { answer, code } = await ask("doctor");
    assert.deepEqual([code, answer.healthy], [0, true]);
    assert.deepEqual(
      answer.settings.find(({ env }) => env === "DOCKERLOADER_TARGET"),
      { env: "DOCKERLOADER_TARGET", value: lab.target, source: "environment" },
    );
    const faulty = await ask("doctor", [], { DOCKERLOADER_TRIAL_TRIES: "none" });
    assert.deepEqual([faulty.code, faulty.answer.healthy], [1, false]);
  });

  test("check: current, staged, refused, failed, and without a loader", async () => {
    const elsewhere = { DOCKERLOADER_DATA_DIR: join(lab.folder, "elsewhere") };
    const none = await ask("check", [], elsewhere);
    assert.deepEqual([none.code, none.answer.kind], [3, "not-supervised"]);

    const out = join(lab.folder, "out");
    const look = `dockerloader check --json >"$OUT.new"; code=$?; mv "$OUT.new" "$OUT"; echo "looked $code"`;
    await lab.push(
      `trap 'exit 0' TERM; ${look}; while :; do [ -e "$MARK" ] && { rm -f "$MARK"; ${look}; }; [ -e "$MARK.go" ] && { rm -f "$MARK.go"; exit 42; }; sleep 0.05; done`,
    );
    const loader = lab.start({ env: { MARK: mark, OUT: out } });
    const next = async (code: number, go: () => void = () => writeFileSync(mark, "")): Promise<Answer<"check">> => {
      const from = loader.text().length;
      go();
      await loader.until(`looked ${code}`, from);
      return parse("check", readFileSync(out, "utf8"));
    };
    await loader.until("looked 0");
    assert.equal(parse("check", readFileSync(out, "utf8")).kind, "current");
    const heal = lab.registry.fault(() => ({ kind: "status", status: 403 }));
    const failed = await next(77);
    assert.ok(failed.kind === "failed" && failed.error.code === "REGISTRY_DENIED");
    heal();
    const digest = await lab.push("exit 3");
    const staged = await next(42);
    assert.ok(staged.kind === "staged" && staged.digest === digest);
    const refused = await next(0, () => writeFileSync(`${mark}.go`, ""));
    assert.ok(refused.kind === "refused" && refused.digest === digest);
  });

  test("pull: the digest and where it is", async () => {
    const digest = await lab.push("exit 0");
    const output = join(lab.folder, "tree");
    const { out, code } = await lab.command(["pull", lab.target, "-o", output, "--json"], LOUD);
    assert.equal(code, 0);
    assert.deepEqual(parse("pull", out), { schema: 1, digest, output });
  });

  test("inspect: the address, from the loader's own view and from one beside it", async () => {
    const port = await freePort();
    await lab.push(CHECKING);
    const loader = lab.start({ env: { MARK: mark, DOCKERLOADER_INSPECT: `127.0.0.1:${port}` } });
    await loader.until("live view on");
    assert.equal(new URL((await ask("inspect")).answer.url).port, String(port));
    await loader.kill("SIGTERM");
    const beside = lab.start({ args: ["inspect", "--json"] });
    await beside.until("}\n");
    const { out, code } = await beside.kill("SIGINT");
    assert.equal(code, 0);
    assert.equal(new URL(parse("inspect", out).url).hostname, "127.0.0.1");
  });

  test("is offered by every command that answers with data, and each of these has a shape", () => {
    const offering = COMMANDS.filter(({ options }) => options !== undefined && "json" in options).map(nameOf);
    assert.deepEqual(offering.toSorted(), Object.keys(SHAPES).toSorted());
  });

  test("a fault leaves stdout empty: what is wrong goes to stderr with its code", async () => {
    for (const args of [
      ["forget", "--json"],
      ["history", "--json", "--last", "many"],
      ["status", "--jsn"],
      ["pull", "nowhere/:", "-o", join(lab.folder, "x"), "--json"],
    ]) {
      const { out, err, code } = await lab.command(args);
      assert.equal(out, "", args.join(" "));
      assert.equal(code, 64, args.join(" "));
      assert.match(err, /^Error: .*\[(?:USAGE|REFERENCE_INVALID)\]\n/, args.join(" "));
    }
  });
});
