import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Challenge, chooseChallenge, parseChallenges } from "../../../src/registry/challenge.ts";

const bearer = (parameters: Record<string, string>): Challenge => ({ scheme: "bearer", parameters });
const basic = (parameters: Record<string, string>): Challenge => ({ scheme: "basic", parameters });
const bare = (scheme: string): Challenge => ({ scheme, parameters: {} });

const cases: readonly (readonly [title: string, lines: readonly string[], expected: readonly Challenge[]])[] = [
  ["no header at all", [], []],
  ["an empty line", [""], []],
  [
    "the usual form",
    ['Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push"'],
    [bearer({ realm: "https://auth.example/token", service: "r.example", scope: "repository:a/b:pull,push" })],
  ],
  ["spaces around everything", ['  Bearer  realm = "r" , service\t=\t"s" '], [bearer({ realm: "r", service: "s" })]],
  ["an upper-case scheme and keys", ['BEARER REALM="r",Service="s"'], [bearer({ realm: "r", service: "s" })]],
  [
    "missing quotes",
    ["Bearer realm=https://a.example/t,service=s"],
    [bearer({ realm: "https://a.example/t", service: "s" })],
  ],
  [
    "quoted pairs",
    [String.raw`Bearer realm="a\"b\\c",service="d"`],
    [bearer({ realm: String.raw`a"b\c`, service: "d" })],
  ],
  ["a comma inside quotes", ['Bearer realm="a,Basic realm=b"'], [bearer({ realm: "a,Basic realm=b" })]],
  [
    "several challenges in one line",
    ['Bearer realm="t",service="s", Basic realm="b"'],
    [bearer({ realm: "t", service: "s" }), basic({ realm: "b" })],
  ],
  ["several lines", ['Basic realm="b"', 'Bearer realm="t"'], [basic({ realm: "b" }), bearer({ realm: "t" })]],
  ["a scheme without parameters first", ['Negotiate, Bearer realm="t"'], [bare("negotiate"), bearer({ realm: "t" })]],
  ["a parameter given twice: the first counts", ['Bearer realm="a",realm="b"'], [bearer({ realm: "a" })]],
  ["an empty value", ['Bearer realm="",service='], [bearer({ realm: "", service: "" })]],
  ["a key that objects have anyway", ['Bearer constructor="x",realm="t"'], [bearer({ constructor: "x", realm: "t" })]],
];

for (const [title, lines, expected] of cases) {
  test(`challenges are read from ${title}`, () => {
    assert.deepEqual(
      parseChallenges(lines).map(({ scheme, parameters }) => ({ scheme, parameters: { ...parameters } })),
      expected,
    );
  });
}

for (const token of ["YIIB4wYG", "YIIB4wYGKwYBBQUCoIIB1zCCAdOg==", "TlRMTVNTUAA=", "a/b+c=", "abc._~-=="]) {
  test(`a token68 (${token}) in front does not hide the challenge behind it`, () => {
    const chosen = chooseChallenge(parseChallenges([`Negotiate ${token}, Bearer realm="t",service="s"`]));
    assert.deepEqual({ ...chosen?.parameters }, { realm: "t", service: "s" });
  });
}

test("Bearer is preferred to Basic wherever it stands, but only when it names a realm", () => {
  assert.equal(chooseChallenge(parseChallenges(['Basic realm="b", Bearer realm="t"']))?.scheme, "bearer");
  assert.equal(chooseChallenge(parseChallenges(['Bearer service="s", Basic realm="b"']))?.scheme, "basic");
  assert.equal(chooseChallenge(parseChallenges(["Negotiate", "NTLM", 'Digest realm="d"'])), undefined);
  assert.equal(chooseChallenge(parseChallenges(["Bearer"])), undefined);
});

test("no header makes the parser throw or hang", () => {
  const line = fc.string({ unit: fc.constantFrom(...Array.from('ab="\\, \t/+~\u00e9')), maxLength: 40 });
  fc.assert(
    fc.property(line, (text) => {
      for (const { scheme } of parseChallenges([text])) assert.ok(scheme.length > 0);
    }),
    { numRuns: 2000 },
  );
});
