// One vitest that stays: it gets a module's text with a mutant in it, and runs test files until the first fails.
import { fork } from "node:child_process";
import { EventEmitter } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BaseSequencer, createVitest } from "vitest/node";

const [root, seconds] = process.argv.slice(2);
let mutant;
let order = [];
let ended = [];

class InOrder extends BaseSequencer {
  async sort(files) {
    return files.sort((a, b) => order.indexOf(a.moduleId) - order.indexOf(b.moduleId));
  }
}

/** The tree on the disk stays as it is: one module is another when it is loaded. */
const plugin = {
  name: "mutant",
  enforce: "pre",
  transform: (_code, id) => (mutant && id === mutant.file ? { code: mutant.code, map: null } : undefined),
};

/** Runs of one process: what mutants left behind does not add up. */
const RUNS_MAX = 40;
let worker;
let runs = 0;

/**
 * vitest's worker process, kept from run to run: to start one costs more than most tests. All modules of ours are loaded anew each time, the
 * packages are not.
 */
class KeptWorker {
  name = "kept";
  #listeners = new EventEmitter();
  #options;

  constructor(options) {
    this.#options = options;
  }
  on(event, listen) {
    this.#listeners.on(event, listen);
  }
  off(event, listen) {
    this.#listeners.off(event, listen);
  }
  async start() {
    if (runs++ >= RUNS_MAX) endWorker();
    if (worker?.exitCode === null && worker.signalCode === null) {
      worker.isKnown = true;
      return;
    }
    runs = 0;
    const { distPath, env, execArgv } = this.#options;
    const child = fork(join(distPath, "workers/forks.js"), [], { env, execArgv, stdio: "ignore", serialization: "advanced" });
    child.on("message", (message) => child.owner?.emit("message", message));
    child.on("exit", () => child.owner?.emit("exit"));
    worker = child;
  }
  send(message) {
    worker.owner = this.#listeners;
    const answer = message.type === "stop" ? "stopped" : message.type === "start" && worker.isKnown ? "started" : undefined;
    if (answer)
      return void setImmediate(() => this.#listeners.emit("message", { type: answer, __vitest_worker_response__: true }));
    if (message.type === "run") message.context.invalidates = ours;
    worker.send(message);
  }
  async stop() {}
  deserialize(data) {
    return data;
  }
}

function endWorker() {
  if (worker) worker.owner = undefined;
  worker?.kill("SIGKILL");
  worker = undefined;
}

const beat = (at) => process.send({ at });

const vitest = await createVitest(
  "test",
  {
    root,
    config: false,
    watch: false,
    include: ["{src,web}/**/*.test.ts", "test/{golden,fuzz,conformance,e2e,faults}/**/*.test.ts"],
    pool: { name: "kept", createPoolWorker: (options) => new KeptWorker(options) },
    isolate: false,
    maxWorkers: 1,
    bail: 1,
    testTimeout: Number(seconds) * 1000,
    hookTimeout: Number(seconds) * 1000,
    execArgv: ["--max-old-space-size=3072"],
    sequence: { sequencer: InOrder },
    reporters: [
      {
        onTestModuleQueued: ({ moduleId }) => beat(moduleId),
        onTestModuleCollected: ({ moduleId }) => beat(moduleId),
        onTestCaseReady: ({ module }) => beat(module.moduleId),
        onTestCaseResult: ({ module }) => beat(module.moduleId),
        onTestModuleEnd: (module) => ended.push(module),
      },
    ],
  },
  { plugins: [plugin], logLevel: "silent" },
);

const ours = ["src", "web", "test", "examples"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(root, folder, name)),
);
const known = new Map((await vitest.globTestSpecifications()).map((each) => [each.moduleId, each]));

/** Of all modules that vitest remembers, only those of this run tell of it. */
async function runOnce(specifications) {
  ended = [];
  const { unhandledErrors } = await vitest.runTestSpecifications(specifications);
  return unhandledErrors;
}

process.on("message", async ({ file, code, tests, fresh }) => {
  if (fresh) endWorker();
  // the module that held the mutant before is loaded anew as well
  if (mutant) vitest.invalidateFile(mutant.file);
  mutant = code === undefined ? undefined : { file, code };
  order = tests;
  vitest.invalidateFile(file);
  const specifications = tests.map((test) => known.get(test)).filter(Boolean);
  let errors = await runOnce(specifications);
  // a run that was cut short, by the end of the one before, has said nothing
  if (ended.length === 0 && errors.length === 0) errors = await runOnce(specifications);
  const failed = ended.find((module) => module.state() === "failed");
  const isStray = failed === undefined && (errors.length > 0 || ended.length < specifications.length);
  const test = failed && [...failed.children.allTests("failed")][0]?.fullName;
  process.send({
    files: specifications.length,
    took: ended.filter((module) => module.state() === "passed").map((module) => [module.moduleId, module.diagnostic().duration]),
    failed: isStray ? (ended.at(-1)?.moduleId ?? tests[0]) : failed?.moduleId,
    test: isStray ? String(errors[0]?.message ?? "no end").slice(0, 200) : test,
    isStray,
  });
});
process.on("disconnect", () => process.exit(0));
process.send({ ready: true });
