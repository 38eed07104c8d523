import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/catalog/database.js";
import { openCatalog } from "../../src/catalog/migrate.js";
import { COMMANDS } from "../../src/cli/registry.js";
import { manualClock, systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import { filesBelow, readText } from "../foundations/sources.js";
import { emporium as runCommand, shellWords } from "./cli-host.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), "emporium-examples-")));
const home = process.cwd();

/** Within this process, in the folder of the examples: a process of its own for each costs more than most of them do. */
async function emporium(line: string) {
  const [name, ...words] = shellWords(line);
  expect(name).toBe("emporium");
  // the portals that the demo of harvest plays are asked as politely as real ones, which takes a while by the system's clock
  const clock = words[0] === "harvest" ? manualClock(Date.now()) : systemClock;
  const { status, out, err } = await runCommand(words, { env: { ...process.env, EMPORIUM_WORKSPACE: "" }, clock });
  // on a slow machine a command that runs for ten seconds says how far it is
  return { status, stdout: out, stderr: err.replace(/^.*\d+ of \d+ done.*\n/gm, "") };
}

// Examples find the embedded server running, as they do beside `emporium serve`; otherwise each would start and stop its own.
let server: Database;
beforeAll(async () => {
  process.chdir(folder);
  server = await openCatalog({ workspace: join(folder, ".emporium"), role: "writer", purpose: "examples", log: silentLog });
  process.env.EMPORIUM_PYTHON = "false"; // a program that has no PyTorch: a network would take a minute
  const { status, stdout, stderr } = await emporium("emporium demo --once");
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("skipped: needs Python with NumPy and PyTorch");
}, 180_000);
afterAll(async () => {
  await server?.close();
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

describe("the demo", () => {
  it("leaves a tree in the portal's layout", () => {
    const run = join(folder, "demo-out/portal/10401/TS_0001");
    const tomogram = join(run, "Reconstructions/VoxelSpacing13.480/Tomograms/100");
    for (const path of [
      join(run, "run_metadata.json"),
      join(tomogram, "tomogram_metadata.json"),
      join(tomogram, "TS_0001.mrc"),
      join(tomogram, "TS_0001.zarr/.zattrs"),
    ]) {
      expect(existsSync(path), path).toBe(true);
    }
  });

  it("run again has nothing to do and says the same with --json", async () => {
    const { status, stdout } = await emporium("emporium demo --once --json");
    const { steps, errors } = JSON.parse(stdout) as { steps: { command: string; exitStatus: number }[]; errors: unknown[] };
    expect([status, errors, steps.map(({ exitStatus }) => exitStatus)]).toEqual([0, [], steps.map(() => 0)]);
    for (const { command } of steps)
      expect(command).toMatch(/^emporium (ingest run|ingest convert|blocks run) | false .*segment\.py /);
  });

  it("says that the network was not trained, after everything else is done", async () => {
    const python = join(folder, "broken-python");
    writeFileSync(python, '#!/bin/sh\n[ "$1" = -c ] || exit 7\n', { mode: 0o755 });
    process.env.EMPORIUM_PYTHON = python;
    try {
      const { status, stdout } = await emporium("emporium demo --once --json");
      const { steps, errors } = JSON.parse(stdout) as { steps: unknown[]; errors: unknown[] };
      expect([status, steps.length > 8]).toEqual([1, true]);
      expect(errors).toMatchObject([{ code: "TASK_FAILED", message: expect.stringContaining("ended with 7") }]);
    } finally {
      process.env.EMPORIUM_PYTHON = "false";
    }
  });

  it("ends by itself where the output is no terminal", async () => {
    const { status, stdout } = await emporium("emporium demo");
    expect([status, stdout.includes("Ctrl-C")]).toEqual([0, false]);
  });

  it("seam 20: stays with a page that opens every view, beside a portal that serves the same tree, until it is told to stop", async () => {
    const beside = spawn(process.execPath, [program, "serve", "demo-out/portal", "--no-import", "--port", "0"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, EMPORIUM_WORKSPACE: "" },
    });
    const [said] = (await once(beside.stdout.setEncoding("utf8"), "data")) as [string];
    const portal = /^(http:\S+) serves/m.exec(said)![1]!;
    const demo = spawn(process.execPath, [program, "demo", "--port", "0"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, EMPORIUM_WORKSPACE: "" },
    });
    try {
      let out = "";
      const links = await new Promise<string[]>((resolve, reject) => {
        demo.on("exit", () => reject(new Error(`ended: ${out}`)));
        demo.stdout.setEncoding("utf8").on("data", (text: string) => {
          out += text;
          const [, listed] = out.split("Its views in Neuroglancer, until Ctrl-C:\n");
          if (listed?.endsWith("\n")) resolve(listed.trim().split("\n"));
        });
      });
      expect(links.length).toBeGreaterThan(15);
      const pages = out.split("Its tomograms:\n")[1]!.split("\n\n")[0]!.split("\n");
      expect(pages.length).toBe(links.length);
      for (const page of pages) {
        const [, place, key] = /\/view\/at\/([^/]+)\/(.+)$/.exec(page)!;
        const ref = Buffer.from(`${place}:${key}`).toString("base64url");
        expect((await fetch(`${new URL(page).origin}/api/v1/volumes/${ref}`)).status, page).toBe(200);
      }
      for (const link of links) {
        const [page, state] = link.split("#!") as [string, string];
        expect(await (await fetch(page)).text()).toContain("main.bundle.js");
        const { layers } = (await (await fetch(state)).json()) as { layers: { source: string | { url: string } }[] };
        for (const { source } of layers) {
          const [, url] = /^(?:zarr|precomputed):\/\/(http:.*)$/.exec(typeof source === "string" ? source : source.url)!;
          expect(url!.startsWith(new URL(page).origin), url).toBe(true);
          const found = await Promise.all([".zattrs", "info"].map(async (name) => (await fetch(`${url}/${name}`)).status));
          expect(found, url).toContain(200);
        }
        // the same view, as the other server has it
        const path = state.slice(new URL(page).origin.length);
        const other = await (await fetch(`${portal}${path}`)).text();
        expect([other.includes(`${portal}/files/`), other.includes(new URL(page).origin)]).toEqual([true, false]);
      }
      const ended = once(demo, "exit");
      demo.kill("SIGINT");
      expect((await ended)[0]).toBe(0);
    } finally {
      demo.kill("SIGKILL");
      beside.kill("SIGINT");
      await once(beside, "exit");
    }
  });

  it("cannot both end and stay", async () => {
    const { status, stderr } = await emporium("emporium demo --once --port 8080");
    expect([status, stderr.split("\n")[0]]).toEqual([2, "error[USAGE]: --once ends, --port is where a page stays"]);
  });
});

const commands = await Promise.all(COMMANDS.map(async ({ load }) => (await load()).default));

const examples = commands.flatMap((command) => command.examples);

describe("examples of the help texts", () => {
  it.each(examples.filter(({ stays }) => stays).map(({ run }) => run))(
    "%s answers, and ends when it is told to",
    async (line) => {
      const [, ...words] = line.split(" ");
      const env = { ...process.env, EMPORIUM_WORKSPACE: "" };
      const server = spawn(process.execPath, [program, ...words], { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env });
      try {
        const out = await new Promise<string>((resolve, reject) => {
          let text = "";
          let said = "";
          server.stderr.setEncoding("utf8").on("data", (piece: string) => (said += piece));
          server.on("close", () => reject(new Error(`ended: ${text}${said}`)));
          server.stdout.setEncoding("utf8").on("data", (piece: string) => {
            text += piece;
            if (line.includes("--json") ? isJson(text) : SERVES.test(text)) resolve(text);
          });
        });
        const page = line.includes("--json") ? (JSON.parse(out) as { page: string }).page : SERVES.exec(out)![1]!;
        const answer = await fetch(page, { headers: { accept: "text/html" } });
        expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("<base")]);
        const ended = once(server, "exit");
        server.kill("SIGINT");
        expect((await ended)[0]).toBe(0);
      } finally {
        server.kill("SIGKILL");
      }
    },
  );

  it.each(examples.filter(({ stays }) => !stays).map(({ run }) => run))("%s", async (line) => {
    const { status, stdout, stderr } = await emporium(line);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).not.toBe("");
    if (line.includes("--json")) JSON.parse(stdout);
  });
});

/** The page that opens first. */
const SERVES = / serves, until Ctrl-C:\n {2}(http:\S+)\n/;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("commands of the guides", () => {
  const guides = filesBelow("docs/guides", (path) => path.endsWith(".md"));
  const lines = guides.flatMap((path) =>
    [...readText(path).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap((block) => block[1]!.trim().split("\n")),
  );

  it("are found", () => {
    expect(lines.length).toBeGreaterThan(4);
  });

  const shown = new Set(examples.map(({ run }) => run));
  it.each([...new Set(lines)].filter((line) => !shown.has(line)))("%s", async (line) => {
    const { status, stderr } = await emporium(line);
    // importing everything is done in part while sections of a configuration cannot be imported yet
    expect([line.includes("--import-everything") ? [0, 3] : [0]].flat()).toContain(status);
    expect(stderr).not.toMatch(/INTERNAL/);
  });
});
