/** Does what a page tells its reader to do, in a shell, and keeps what was printed. Of a page's steps the tests run all that no other test has run, and
 * the recordings all (`terminal-pictures.mjs`). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** @type {import("./run-steps.d.mts").readersPlace} */
export function readersPlace(folder, python) {
  const bin = join(folder, ".bin");
  mkdirSync(bin);
  const program = (name, line) => {
    writeFileSync(join(bin, name), `#!/bin/sh\nexec ${line} "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  };
  program("emporium", `"${process.execPath}" "${join(root, "dist/cli/main.js")}"`);
  if (python) program("python3", `"${python}"`);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/em-porium"), "junction");
  const { EMPORIUM, ...env } = process.env;
  return { ...env, PATH: `${bin}${delimiter}${process.env.PATH}`, PYTHONPATH: join(root, "python"), EMPORIUM_WORKSPACE: "" };
}

/** @type {import("./run-steps.d.mts").runSteps} */
export async function runSteps(steps, { folder, env, skip = () => false }) {
  const done = [];
  let server;
  try {
    for (const step of steps) {
      if ("file" in step) writeFileSync(join(folder, step.file), step.text);
      else if (step.command.startsWith("emporium serve ")) {
        server = await startServer(step.command, folder, env);
        done.push({ ...step, ended: 0, output: server.output });
      } else if (!skip(step.command)) {
        const command = server ? step.command.replaceAll(ADDRESS, server.address) : step.command;
        const { ended, output } = await shell(command, folder, env);
        done.push({ ...step, ended, output: server ? output.replaceAll(server.address, ADDRESS) : output });
      }
    }
  } finally {
    await server?.stop();
  }
  return done;
}

/** Where a server is on a reader's machine; here it is at any port that is free. */
const ADDRESS = "http://127.0.0.1:8080";

async function startServer(command, folder, env) {
  const child = spawn("sh", ["-c", `exec ${command} --port 0 2>&1`], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  const stop = async () => {
    child.kill("SIGINT");
    await closed;
  };
  let output = "";
  try {
    await new Promise((resolve, reject) => {
      child.on("close", () => reject(new Error(`${command} has ended: ${output}`)));
      child.stdout.setEncoding("utf8").on("data", (text) => {
        output += text;
        // the last line that it prints before it waits
        if (/^Serving at .* \(Ctrl-C stops\)\n[\s\S]*\/viewer\/\n/m.test(output)) resolve();
      });
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const [, address] = /^Serving at (http:\S+) /m.exec(output);
  return { address, stop, output: output.replaceAll(address, ADDRESS) };
}

async function shell(command, cwd, env) {
  const child = spawn("sh", ["-c", `{ ${command}\n} 2>&1`], { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  const [ended] = await once(child, "close");
  return { ended, output };
}
