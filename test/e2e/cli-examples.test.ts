import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/catalog/database.js";
import { openCatalog } from "../../src/catalog/migrate.js";
import { COMMANDS } from "../../src/cli/registry.js";
import { manualClock, systemClock } from "../../src/core/clock.js";
import { silentLog } from "../../src/core/log.js";
import { seededRandom } from "../../src/core/random.js";
import { THOROUGH } from "../thorough.js";
import { withoutProgress } from "../without-progress.js";
import { emporium as runCommand, shellWords } from "./cli-host.js";
import { giveCluster } from "./cluster-template.js";
import { digestsOf, EARLIER_DEMO, GROWING, runDemo, undisturbed } from "./demo-kit.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const place = realpathSync(mkdtempSync(join(tmpdir(), "emporium examples ü-")));
const home = process.cwd();
// there and with its workspace, where .ci/run has made one: making it anew in another folder is a minute
const folder = EARLIER_DEMO ? home : join(place, "Meine Arbeit");

/** Within this process, in the folder of the examples: a process of its own for each costs more than most of them do. */
async function emporium(line: string) {
  const [name, ...words] = shellWords(line);
  expect(name).toBe("emporium");
  // the portals that the demo of harvest plays are asked as politely as real ones, which takes a while by the system's clock
  const clock = words[0] === "harvest" ? manualClock(Date.now()) : systemClock;
  const { status, out, err } = await runCommand(words, { env: { ...process.env, EMPORIUM_WORKSPACE: "" }, clock });
  return { status, stdout: out, stderr: withoutProgress(err) };
}

// Examples find the embedded server running, as they do beside `emporium serve`; otherwise each would start and stop its own.
let server: Database | undefined;
/** The example that makes what the others read. */
const DEMO = "emporium demo --once";
/** What an undisturbed one leaves. `whole-line.test.ts` looks at that and at what it says. */
let whole: Record<string, string>;
/** Of the files that are there now, those that are not as an undisturbed demo leaves them. */
const others = (digests: Record<string, string>) => Object.keys(digests).filter((key) => digests[key] !== whole[key]);
/** How many commands it has. */
const COMMANDS_OF_DEMO = 34;
/** In the second workspace, at moments of its time that a seed gives. */
const KILLS = THOROUGH ? 10 : 1;
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
  mkdirSync(folder, { recursive: true });
  process.chdir(folder);
  process.env.EMPORIUM_PYTHON = "false"; // a program that has no PyTorch: a network would take a minute
  whole = await undisturbed();
}, 600_000);
afterAll(async () => {
  await server?.close();
  process.chdir(home);
  rmSync(place, { recursive: true, force: true });
});

describe("the demo", () => {
  // of the earlier one all is there; that a packed program's demo is killed and given again is in test/installed/npm.test.ts
  const disturbed = EARLIER_DEMO ? undefined : it;
  disturbed?.(
    "killed with all its processes in one workspace and in another, stopped and given again, shows half of a file at no moment",
    {
      timeout: 1_200_000,
    },
    async () => {
      const random = seededRandom(40);
      const killed = async (commands: number, words: readonly string[]) => {
        const { status, err } = await runDemo(folder, { commands, delayMs: Math.floor(random() * 500) }, words);
        expect([status, wrong(err)]).toEqual([null, []]);
        expect(others(digestsOf(folder)).filter((key) => !GROWING.test(key))).toEqual([]);
      };
      const words = ["--train", "0"];
      await giveCluster(join(folder, "second"));
      // once all that a demo leaves is there
      await killed(COMMANDS_OF_DEMO, ["--workspace", "second", ...words]);
      expect(others(digestsOf(folder))).toEqual([]);

      const isAnew = whenChanged(
        "demo-out/portal/10407/cell_01/Reconstructions/VoxelSpacing10.800/Tomograms/100/cell_01.zarr/.zattrs",
      );
      const stopped = launch("demo", "--once", ...words);
      const watch = setInterval(() => {
        if (!isAnew()) return;
        clearInterval(watch);
        stopped.child.kill("SIGTERM");
      }, 3);
      const status = await stopped.ended.finally(() => clearInterval(watch));
      expect([status, stopped.said.out.includes("blocks run")]).toEqual([130, false]);
      // of a command that takes seconds the middle, of most others the one behind it; the last ones end before they are killed
      for (let kill = 0; kill < KILLS; kill++) await killed(1 + Math.floor(random() * (COMMANDS_OF_DEMO - 8)), words);
    },
  );

  it("seam 20: given again, also where another workspace has made all and was stopped and killed meanwhile; a changed graph is kept; it stays with a page that opens every view, beside a portal that serves the same tree, until it is told to stop", async () => {
    const graph = "demo-out/cells.yaml";
    const text = readFileSync(graph, "utf8");
    const changed = text.replace("minVoxels: 50", "minVoxels: 40");
    expect(changed).not.toBe(text);
    writeFileSync(graph, changed);
    const { child: demo, said, ended } = launch("demo", "--port", "0", "--train", "0");
    let beside: ReturnType<typeof launch> | undefined;
    try {
      const links = await new Promise<string[]>((resolve, reject) => {
        demo.on("exit", () => reject(new Error(`ended: ${said.out}${said.err}`)));
        demo.stdout.on("data", () => {
          const [, listed] = said.out.split("Its views in Neuroglancer:\n");
          if (listed?.endsWith("\n")) resolve(listed.trim().split("\n"));
        });
      });
      // what is in the way now was computed of other inputs, so there is nothing but to replace it
      expect([wrong(said.err), onGraph(said.out)]).toEqual([[], `${graph} --force-overwrite`]);
      expect(said.out).toContain(`${graph} is not as the demo writes it, and is kept`);
      expect(readFileSync(graph, "utf8")).toBe(changed);
      const left = digestsOf(folder);
      expect(Object.keys(left)).toEqual(Object.keys(whole));
      expect(others(left).filter((key) => !key.startsWith("blocks/"))).toEqual([]);
      beside = launch("serve", "demo-out/portal", "--no-import", "--port", "0");
      await once(beside.child.stdout, "data");
      const portal = /^Serving at (http:\S+) /m.exec(beside.said.out)![1]!;
      expect(links.length).toBeGreaterThan(15);
      const pages = said.out.split("Its tomograms:\n")[1]!.split("\n\n")[0]!.split("\n");
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
      demo.kill("SIGINT");
      expect(await ended).toBe(0);
      writeFileSync(graph, text);
    } finally {
      demo.kill("SIGKILL");
      beside?.child.kill("SIGINT");
      await beside?.ended;
    }
  }, 900_000);

  it("run again without a terminal computes again what the changed graph gave, says the same with --json, and ends; a network that was not trained is told at the end", async () => {
    server = await openCatalog({ workspace: join(folder, ".emporium"), role: "writer", purpose: "examples", log: silentLog });
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
      expect(steps.at(-2)!.command).toMatch(/broken-python'? .*segment\.py /);
      expect(steps.at(-1)).toMatchObject({
        command: "emporium serve demo-out/portal --port 0",
        result: { asked: [{ status: 200 }, {}, {}, {}] },
      });
      expect(digestsOf(folder)).toEqual(whole);
    } finally {
      process.env.EMPORIUM_PYTHON = "false";
    }
  });

  it("ends with the step that failed, says which one and by what it goes on, and goes on once its cause is gone", async () => {
    mkdirSync("my demo/drive", { recursive: true });
    writeFileSync("my demo/drive/portal-runs.json", "[]\n");
    const failed = await emporium("emporium demo --once --dest 'my demo' --workspace third");
    expect([failed.status === 0, failed.stdout.includes("curate labels")]).toEqual([false, false]);
    expect(failed.stderr).toMatch(
      /the step failed with exit status \d+: emporium curate (?:scan|match) [\s\S]*run emporium demo --once --dest 'my demo' --workspace third again to continue/,
    );
  });

  it("is refused in a folder that is not a demo's, by the words of the demo, and leaves it as it is", async () => {
    for (const below of ["mine/portal", "computed/lab", "computed/blocks"]) mkdirSync(below, { recursive: true });
    for (const path of ["mine/portal/notes.txt", "computed/blocks/facts.json"]) writeFileSync(path, "mine");
    for (const [dest, there] of [
      ["mine", "mine/portal"],
      ["computed", "computed/blocks/facts.json"],
    ] as const) {
      const { status, stdout, stderr } = await emporium(`emporium demo --once --dest ${dest}`);
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr.split("\n").slice(0, 3)).toEqual([
        `error[CONFIG_COLLISION]: ${there} exists and was not made by a demo, which would overwrite it`,
        `  at ${there}`,
        "  hint: move it away, or give --dest a folder that is not there yet",
      ]);
    }
    for (const path of ["mine/portal/notes.txt", "computed/blocks/facts.json"]) expect(readFileSync(path, "utf8")).toBe("mine");
  });

  it("cannot be a file, or below one", async () => {
    writeFileSync("file", "mine");
    for (const dest of ["file", "file/below"]) {
      const { status, stderr } = await emporium(`emporium demo --once --dest ${dest}`);
      expect([status, stderr.split("\n")[0]]).toEqual([
        2,
        expect.stringMatching(/^error\[USAGE\]: file.* (?:is|is below) a file; give a folder$/),
      ]);
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
    const told = stderr
      .replace(/^demo-out\/portal\/10401\/TS_0001: \d+ files are not looked at, since .*\n/m, "")
      // the link itself is what is printed
      .replace(/^demo-out\/access\.yaml has the link reviewer 2, .*\n/m, "");
    expect([status, told]).toEqual([0, ""]);
    expect(stdout).not.toBe("");
    if (line.includes("--json")) JSON.parse(stdout);
  });
});

/** A command in a process of its own. */
function launch(...words: string[]) {
  const env = { ...process.env, EMPORIUM_WORKSPACE: "" };
  const child = spawn(process.execPath, [program, ...words], { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  const ended = once(child, "close").then(([status]) => status as number | null);
  return { child, said, ended };
}

/** The command on the graph, as the demo printed it. */
const onGraph = (out: string) => /^\$ emporium blocks run (.*)$/m.exec(out)?.[1];
/** Without the lines in which a command says how far it is, or that a killed one left a lock. */
/** The demo sends what it imported with placeholders, and says so. */
const wrong = (err: string) =>
  err.match(/^(?:error|warning(?!: (?:taking over the lock |the tree was imported with placeholders: ))).*$/gm) ?? [];

/** True once a file is not the one that it is now. */
function whenChanged(path: string): () => boolean {
  const { mtimeMs } = statSync(path);
  return () => statSync(path, { throwIfNoEntry: false })?.mtimeMs !== mtimeMs;
}

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
