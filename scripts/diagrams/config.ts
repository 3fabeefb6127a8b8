import type { AnyStateMachine } from "xstate";

/** A built-in action such as stopChild is a function that carries its type. */
function actionName(value: unknown): unknown {
  return typeof value === "function" && "type" in value ? value.type : undefined;
}

/**
 * The machine's config as JSON, with guards, actions, actors and delays by their names: what Stately Studio and
 * \`createMachine\` read without any file beside it.
 */
export function configOf(machine: AnyStateMachine): string {
  const text = JSON.stringify(
    machine.config,
    (key, value: unknown) => {
      if (key === "context") return {};
      if (key === "params" || key === "input" || key === "output") return undefined;
      return typeof value === "function" ? actionName(value) : value;
    },
    2,
  );
  return `${text}\n`;
}
