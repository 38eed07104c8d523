// Runs tests beside this process, so that a mutant which never ends can be ended.
import { fork } from "node:child_process";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A vitest in a process of its own, which can be ended when a mutant never comes to an end. */
export class Runner {
  #child;
  #root;
  #seconds;

  constructor(root, seconds) {
    this.#root = root;
    this.#seconds = seconds;
  }

  stop() {
    if (!this.#child) return;
    // a group of its own: its forks end with it
    process.kill(-this.#child.pid, "SIGKILL");
    this.#child = undefined;
  }

  /** Without `code` the module is as it stands. Ends after so many seconds without a sign of life. */
  async run(file, code, tests, fresh = false) {
    const root = this.#root;
    this.#child ??= await startRunner(this.#root, this.#seconds);
    const child = this.#child;
    return new Promise((resolve) => {
      let timer;
      let current = tests[0];
      const finish = (answer) => {
        clearTimeout(timer);
        child.off("message", hear).off("exit", giveUp);
        resolve(answer);
      };
      const giveUp = () => {
        finish({ failed: current, timedOut: true, files: tests.length });
        this.stop();
      };
      const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(giveUp, this.#seconds * 1000);
      };
      const hear = (message) => {
        if (!message.at) return finish({ ...message, failed: message.failed && relative(root, message.failed) });
        current = relative(root, message.at);
        wait();
      };
      child.on("message", hear).on("exit", giveUp);
      wait();
      child.send({ file: join(root, file), code, tests: tests.map((test) => join(root, test)), fresh });
    });
  }
}

async function startRunner(root, seconds) {
  const path = fileURLToPath(new URL("runner.mjs", import.meta.url));
  const child = fork(path, [root, String(seconds)], { detached: true, cwd: root, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  await new Promise((resolve) => child.once("message", resolve));
  return child;
}
