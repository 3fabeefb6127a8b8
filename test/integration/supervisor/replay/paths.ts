import type { SupervisorOptions } from "../../../../machines/index.ts";
import { isActable } from "./actable.ts";
import { type Facts, factsOf } from "./compare.ts";
import type { Download } from "./download.ts";
import { isIn } from "./story.ts";
import { digestOf } from "../../../../src/digest.ts";
import { pathsToStates } from "../../../model/explore.ts";
import { exploreSupervisor, OPTIONS, type SupervisorEdge } from "../../../model/supervisor-model.ts";
import { ALPHABET, nameOf, OLD, type SupervisorStep, toEvent } from "../../../model/supervisor-steps.ts";

/** One step of a path and the snapshot the model has after it. */
export interface Expected {
  readonly step: SupervisorStep;
  readonly after: Facts;
}

export interface Path {
  readonly options: SupervisorOptions;
  readonly steps: readonly Expected[];
  /** The steps in words. */
  readonly name: string;
}

const STEPS = new Map(ALPHABET.map((step) => [JSON.stringify(toEvent(step)), step]));

function expectedOf({ event, after }: SupervisorEdge): Expected {
  const step = STEPS.get(JSON.stringify(event));
  if (step === undefined) throw new Error(`no step sends ${event.type}`);
  return { step, after: factsOf(after) };
}

/** A fingerprint of what happens on a path up to each step, whatever the options: equal for two that need one replay. */
function storiesOf(steps: readonly Expected[]): string[] {
  let story = "";
  return steps.map(({ step, after: { value, context } }) => {
    story = digestOf(Buffer.from(JSON.stringify([story, step, value, { ...context, options: null }])));
    return story;
  });
}

export interface Paths {
  /** States of the model under all options, and those of them that no world can be brought into. */
  readonly states: number;
  readonly unreachable: number;
  /** To be replayed: no one is the beginning of another, and none has the same story under other options. */
  readonly paths: readonly Path[];
}

/** The shortest path to every state that model and world can be in, under every combination of options. */
export function allPaths(): Paths {
  const told = new Set<string>();
  const paths: Path[] = [];
  let states = 0;
  let unreachable = 0;
  for (const options of OPTIONS) {
    const model = exploreSupervisor(options);
    const found = [...pathsToStates({ ...model, edges: model.edges.filter(isActable) }).values()];
    states += model.states.size;
    unreachable += model.states.size - found.length;
    for (const edges of found.toSorted((one, other) => other.length - one.length)) {
      const steps = edges.map(expectedOf);
      const stories = storiesOf(steps);
      const last = stories.at(-1);
      if (last === undefined || told.has(last)) continue;
      for (const story of stories) told.add(story);
      paths.push({ options, steps, name: steps.map(({ step }) => nameOf(step)).join(", ") });
    }
  }
  return { states, unreachable, paths };
}

/** The same steps with the digest and the fault that this world's download has in place of the model's. */
export function inWorld(steps: readonly Expected[], { digest, faultCode }: Download): readonly Expected[] {
  let failed = false;
  const foreign = (key: string, value: unknown): unknown => {
    if (value === OLD) return digest;
    return key === "exitCode" && failed ? faultCode : value;
  };
  return steps.map((expected) => {
    failed ||= expected.step.step === "failed" && expected.step.port === "bootstrap";
    return JSON.parse(JSON.stringify(expected, foreign)) as Expected;
  });
}

const EARLY = 4;

/** True for a path whose first steps hold a download: those are done by our own `fetch`, which costs half a second. */
export function downloadsEarly({ steps }: Path): boolean {
  return steps.slice(0, EARLY).some(({ after }) => isIn(after, { launching: "bootstrapping" }));
}
