import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadConfig, readConfig } from "../../../src/config/load.ts";
import { type Config, SETTINGS } from "../../../src/config/table.ts";

const keys = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];

describe("the configuration", () => {
  test("of an empty environment is the defaults; an empty variable counts as not set", () => {
    const defaults = Object.fromEntries(keys.map((key) => [key, SETTINGS[key].fallback]));
    assert.deepEqual({ ...loadConfig({}) }, defaults);
    assert.deepEqual({ ...loadConfig(Object.fromEntries(keys.map((key) => [SETTINGS[key].env, ""]))) }, defaults);
  });

  test("cannot be changed", () => {
    assert.ok(Object.isFrozen(loadConfig({})));
  });

  const good: readonly (readonly [key: keyof Config, text: string, value: unknown])[] = [
    ["target", " r.example/app:1 ", "r.example/app:1"],
    ["dataDir", "/srv/data", "/srv/data"],
    ["trialTimeoutMs", "500", 500],
    ["trialTimeoutMs", " 500 ", 500],
    ["onTrialFailure", "exit", "exit"],
    ["probationMs", "0", 0],
    ["stopGraceMs", "0", 0],
    ["trialTries", "100", 100],
    ["updateIntervalSecs", "86400", 86_400],
    ["platform", "linux/arm/v7", "linux/arm/v7"],
    ["insecureRegistries", "a:1, b ,,c:3", ["a:1", "b", "c:3"]],
    ["logLevel", "debug", "debug"],
    ["logFormat", "pretty", "pretty"],
  ];
  for (const [key, text, value] of good) {
    test(`reads ${SETTINGS[key].env}=${JSON.stringify(text)}`, () => {
      const { config, faults } = readConfig({ [SETTINGS[key].env]: text });
      assert.deepEqual(faults, []);
      assert.deepEqual(config[key], value);
    });
  }

  const bad: readonly (readonly [key: keyof Config, text: string, fault: string])[] = [
    ["dataDir", "data", "is not an absolute path"],
    ["trialTimeoutMs", "0", "is too small: at least 1 milliseconds"],
    ["trialTimeoutMs", "1e3", "is not a whole number of milliseconds"],
    ["trialTimeoutMs", "-1", "is not a whole number of milliseconds"],
    ["trialTimeoutMs", "86400001", "is too large: at most 86400000 milliseconds"],
    ["updateIntervalSecs", "0", "is too small: at least 1 seconds"],
    ["trialTries", "101", "is too large: at most 100 starts"],
    ["onTrialFailure", "Exit", "is none of rollback, exit"],
    ["platform", "windows/amd64", "is not a platform such as linux/arm64/v8"],
    ["logLevel", "trace", "is none of error, warn, info, debug"],
  ];
  for (const [key, text, fault] of bad) {
    test(`refuses ${SETTINGS[key].env}=${text}, and then holds the default`, () => {
      const { config, faults } = readConfig({ [SETTINGS[key].env]: text });
      assert.deepEqual(faults, [`${SETTINGS[key].env}=${JSON.stringify(text)} ${fault}`]);
      assert.deepEqual(config[key], SETTINGS[key].fallback);
    });
  }

  test("that is faulty is one error with every fault and its count", () => {
    assert.throws(() => loadConfig({ DOCKERLOADER_TRIAL_TIMEOUT_MS: "x", DOCKERLOADER_LOG_LEVEL: "y" }), {
      code: "CONFIG_INVALID",
      exitCode: 78,
      message:
        'configuration has 2 faults: DOCKERLOADER_TRIAL_TIMEOUT_MS="x" is not a whole number of milliseconds; DOCKERLOADER_LOG_LEVEL="y" is none of error, warn, info, debug',
    });
    assert.throws(() => loadConfig({ DOCKERLOADER_LOG_LEVEL: "y" }), { message: /^configuration has 1 fault: / });
  });
});
