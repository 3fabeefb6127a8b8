import assert from "node:assert/strict";
import { test } from "node:test";
import { fitness, formatPlatform, hostPlatform, normalise, parsePlatform } from "../../../src/registry/platform.ts";

const spellings: readonly (readonly [given: readonly [string, string?], expected: string])[] = [
  [["amd64"], "amd64"],
  [["x86_64"], "amd64"],
  [["x86-64", "v1"], "amd64"],
  [["AMD64", "V3"], "amd64/v3"],
  [["aarch64"], "arm64"],
  [["arm64", "v8"], "arm64"],
  [["arm64", "8"], "arm64"],
  [["arm64", "v9"], "arm64/v9"],
  [["arm"], "arm/v7"],
  [["arm", "6"], "arm/v6"],
  [["armhf"], "arm/v7"],
  [["armel"], "arm/v6"],
  [["i386"], "386"],
  [["riscv64"], "riscv64"],
  [["constructor"], "constructor"],
  [["__proto__"], "__proto__"],
];

for (const [[architecture, variant], expected] of spellings) {
  test(`${architecture}${variant === undefined ? "" : ` ${variant}`} is ${expected}`, () => {
    const normal = normalise(architecture, variant);
    assert.equal([normal.architecture, normal.variant].filter((part) => part !== "").join("/"), expected);
  });
}

/** The offers in the order in which they fit; what cannot run is left out. */
function ranked(wanted: string, offers: readonly string[]): string[] {
  return offers
    .map((text) => ({ text, rank: fitness(parsePlatform(wanted), parsePlatform(text)) }))
    .filter((offer): offer is { text: string; rank: number } => offer.rank !== undefined)
    .sort((a, b) => a.rank - b.rank)
    .map(({ text }) => text);
}

const AMD64 = ["linux/amd64", "linux/amd64/v2", "linux/amd64/v3", "linux/amd64/v4"];
const ARM = ["linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm64", "linux/arm64/v8"];
const orders: readonly (readonly [wanted: string, offers: readonly string[], expected: readonly string[]])[] = [
  ["linux/amd64", AMD64, ["linux/amd64"]],
  ["linux/amd64/v3", AMD64, ["linux/amd64/v3", "linux/amd64/v2", "linux/amd64"]],
  ["linux/x86_64/v2", AMD64, ["linux/amd64/v2", "linux/amd64"]],
  ["linux/arm", ARM, ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]],
  ["linux/arm/v6", ARM, ["linux/arm/v6", "linux/arm/v5"]],
  ["linux/arm64", ARM, ["linux/arm64", "linux/arm64/v8"]],
  ["linux/riscv64", [...AMD64, ...ARM], []],
];

for (const [wanted, offers, expected] of orders) {
  test(`${wanted} runs ${expected.join(", ") || "nothing of another machine"}, in this order`, () => {
    assert.deepEqual(ranked(wanted, offers), expected);
  });
}

test("another operating system never fits", () => {
  const wanted = parsePlatform("linux/amd64");
  assert.equal(fitness(wanted, { os: "windows", architecture: "amd64" }), undefined);
  assert.equal(fitness(wanted, { os: "", architecture: "amd64" }), undefined);
});

test("a platform is read from text and written back", () => {
  for (const text of ["linux/amd64", "linux/arm/v7", "linux/arm64/v8"]) {
    assert.equal(formatPlatform(parsePlatform(text)), text);
  }
});

for (const text of ["", "linux", "linux/", "amd64", "windows/amd64", "linux/arm/v7/x", "Linux/amd64", "linux/arm/"]) {
  test(`${JSON.stringify(text)} is no platform`, () => {
    assert.throws(() => parsePlatform(text), {
      code: "CONFIG_INVALID",
      message: `platform ${JSON.stringify(text)} is not linux/ARCHITECTURE[/VARIANT]`,
    });
  });
}

test("an image that names no variant runs on this machine", () => {
  const host = hostPlatform();
  assert.equal(host.os, "linux");
  assert.notEqual(fitness(host, { os: "linux", architecture: host.architecture }), undefined);
  assert.equal(fitness(host, host), 0);
});
