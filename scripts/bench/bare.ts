/** What the loader is measured against: the least a Node program has to do to run a child, pass a signal on and restart it on 42. */
import { type ChildProcess, spawn } from "node:child_process";

const [, , program = ""] = process.argv;

function start(): ChildProcess {
  const child = spawn(program, [], { stdio: "inherit", detached: true });
  child.once("exit", (code) => {
    if (code === 42) current = start();
    else process.exit(code ?? 1);
  });
  return child;
}

let current = start();
for (const signal of ["SIGUSR1", "SIGTERM"] as const) {
  process.on(signal, () => process.kill(-(current.pid ?? 0), signal));
}
