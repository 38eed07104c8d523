import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/catalog/database.js";
import { openCatalog } from "../../src/catalog/migrate.js";
import { COMMANDS } from "../../src/cli/registry.js";
import { manualClock, systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import { seededRandom } from "../../src/core/random.js";
import { THOROUGH } from "../thorough.js";
import { emporium as runCommand, shellWords } from "./cli-host.js";
import { commandsIn, contentsOf, GROWING, runDemo } from "./demo-kit.js";

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
/** The example that makes what the others read. */
const DEMO = "emporium demo --once";
/** What it said. `whole-line.test.ts` looks at that and at what it leaves. */
let printed: string;
/** At moments of its time that a seed gives. */
const KILLS = THOROUGH ? 10 : 2;
/** Some commands of each part. */
const PARTS = [
  "emporium harvest download",
  "emporium harvest inspect",
  "emporium curate package",
  "emporium ingest new",
  "emporium ingest run",
  "emporium ingest validate",
  "emporium verify demo-out/portal",
  "emporium catalog import",
  "emporium publish tree",
  "emporium blocks run",
];
beforeAll(async () => {
  process.chdir(folder);
  server = await openCatalog({ workspace: join(folder, ".emporium"), role: "writer", purpose: "examples", log: silentLog });
  process.env.EMPORIUM_PYTHON = "false"; // a program that has no PyTorch: a network would take a minute
  const { status, stdout, stderr } = await emporium(DEMO);
  expect([status, stderr]).toEqual([0, ""]);
  printed = stdout;
}, 600_000);
afterAll(async () => {
  await server?.close();
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

describe("the demo", () => {
  it(`killed ${KILLS} times with all its processes and given again, ends with the same tree and bucket, and at no moment shows half of a file`, {
    timeout: 1_200_000,
  }, async () => {
    const whole = contentsOf(folder);
    const killed = join(folder, "killed");
    mkdirSync(killed);
    const random = seededRandom(40);
    const ended: (number | null)[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      // of a command that takes seconds the middle, of most others the one behind it; the last ones end before they are killed
      const moment = { commands: 1 + Math.floor(random() * (commandsIn(printed) - 8)), delayMs: Math.floor(random() * 500) };
      const { status } = await runDemo(killed, moment);
      ended.push(status);
      const seen = [...contentsOf(killed)].filter(([key]) => !GROWING.test(key));
      expect(seen.filter(([key, content]) => content !== whole.get(key)).map(([key]) => key)).toEqual([]);
    }
    expect(ended).toEqual(ended.map(() => null));
    const { status, err } = await runDemo(killed);
    expect(status, err).toBe(0);
    const after = contentsOf(killed);
    expect([...after.keys()].sort()).toEqual([...whole.keys()].sort());
    expect([...after].filter(([key, content]) => content !== whole.get(key)).map(([key]) => key)).toEqual([]);
  });

  it("run again without a terminal has nothing to do, says the same with --json, and ends; a network that was not trained is told at the end", async () => {
    const python = join(folder, "broken-python");
    writeFileSync(python, '#!/bin/sh\n[ "$1" = -c ] || exit 7\n', { mode: 0o755 });
    process.env.EMPORIUM_PYTHON = python;
    try {
      const { status, stdout } = await emporium("emporium demo --json");
      const { steps, errors } = JSON.parse(stdout) as {
        steps: { command: string; exitStatus: number; result: unknown }[];
        errors: unknown[];
      };
      const done = steps.filter(({ command }) => !command.includes("broken-python"));
      expect([status, done.map(({ exitStatus }) => exitStatus)]).toEqual([1, done.map(() => 0)]);
      expect(errors).toMatchObject([{ code: "TASK_FAILED", message: expect.stringContaining("ended with 7") }]);
      expect(done.map(({ command }) => command.split(" ").slice(0, 3).join(" "))).toEqual(expect.arrayContaining(PARTS));
      for (const { command } of done) expect(command).toMatch(/^emporium [a-z]+ /);
      expect(steps.length - done.length).toBe(1);
      expect(steps.at(-2)!.command).toMatch(/broken-python .*segment\.py /);
      expect(steps.at(-1)).toMatchObject({
        command: "emporium serve demo-out/portal --port 0",
        result: { asked: [{ status: 200 }, {}, {}, {}] },
      });
    } finally {
      process.env.EMPORIUM_PYTHON = "false";
    }
  });

  it("ends with the step that failed, says which one, and goes on once its cause is gone", async () => {
    const drive = join(folder, "failing/drive/portal-runs.json");
    mkdirSync(dirname(drive), { recursive: true });
    writeFileSync(drive, "[]\n");
    const failed = await emporium("emporium demo --once --dest failing");
    expect([failed.status === 0, failed.stdout.includes("curate labels")]).toEqual([false, false]);
    expect(failed.stderr).toMatch(
      /the step failed with exit status \d+: emporium curate (?:scan|match) [\s\S]*emporium demo --once --dest failing again/,
    );
  });

  it("seam 20: stays with a page that opens every view, beside a portal that serves the same tree, until it is told to stop", async () => {
    const beside = spawn(process.execPath, [program, "serve", "demo-out/portal", "--no-import", "--port", "0"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, EMPORIUM_WORKSPACE: "" },
    });
    const [said] = (await once(beside.stdout.setEncoding("utf8"), "data")) as [string];
    const portal = /^Serving at (http:\S+) /m.exec(said)![1]!;
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
          const [, listed] = out.split("Its views in Neuroglancer:\n");
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
    expect([status, stderr.split("\n")[0]]).toEqual([
      2,
      "error[USAGE]: --once and --port cannot be combined: --once serves no page",
    ]);
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

  it("have the one that makes what the others read", () => {
    expect(examples.map(({ run }) => run)).toContain(DEMO);
  });

  it.each(examples.filter(({ stays, run }) => !stays && run !== DEMO).map(({ run }) => run))("%s", async (line) => {
    const { status, stdout, stderr } = await emporium(line);
    // metadata and chunks lie beside the images of a run
    const told = stderr.replace(/^demo-out\/portal\/10401\/TS_0001: \d+ files are not looked at, since .*\n/m, "");
    expect([status, told]).toEqual([0, ""]);
    expect(stdout).not.toBe("");
    if (line.includes("--json")) JSON.parse(stdout);
  });
});

/** The page that opens first. */
const SERVES = /Serving at http\S+ \(Ctrl-C stops\)\n {2}(http:\S+)\n/;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
