import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";

/** What a command loads decides how long it takes where there is little to do: a package by accident is 5 to 40 ms of every start. */

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "emporium-start-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const list = join(folder, "loaded.txt");
const hook = join(folder, "hook.cjs");
const load = `import { appendFileSync } from "node:fs";
export function load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + "\\n"); return next(url, context); }`;
// modules are seen by Node's loader, scripts where they are read, and what they ask of Node where it is asked for
writeFileSync(
  hook,
  `const fs = require("node:fs");
const modules = require("node:module");
const { appendFileSync, readFileSync } = fs;
const { _load } = modules;
const note = (name) => appendFileSync(${JSON.stringify(list)}, name + "\\n");
fs.readFileSync = (path, ...rest) => (note(String(path)), readFileSync(path, ...rest));
modules._load = (name, ...rest) => (name.startsWith("node:") && note(name), _load(name, ...rest));
modules.syncBuiltinESMExports();
modules.register("data:text/javascript,${encodeURIComponent(load)}", require("node:url").pathToFileURL(__filename));`,
);

/** Packages, by their file of the bundle or their folder, and modules of Node that a command imports. */
function loadedBy(...words: string[]) {
  writeFileSync(list, "");
  execFileSync(process.execPath, ["--require", hook, program, ...words], {
    cwd: folder,
    stdio: "pipe",
    env: { ...process.env, XDG_CACHE_HOME: folder },
  });
  const urls = readFileSync(list, "utf8").split("\n").filter(Boolean);
  expect(urls).toContain(pathToFileURL(program).href);
  const packages = urls.flatMap(
    (url) => /\/packages\/(?!chunk-)(.+)\.c?js$/.exec(url)?.[1] ?? /\/node_modules\/(.+)/.exec(url)?.[1] ?? [],
  );
  return { packages: [...new Set(packages)].sort(), node: urls.filter((url) => url.startsWith("node:")) };
}

/** Node has them compiled, and still takes some ms for each. */
const NETWORK = ["node:dns/promises", "node:http", "node:https", "node:net", "node:tls"];

describe("a command with little to do loads little", () => {
  let lab: Awaited<ReturnType<typeof generateLab>>;
  beforeAll(async () => {
    lab = await generateLab({ out: join(folder, "lab"), shape: [4, 8, 8], runs: 1, deposits: ["imod"], sections: "tomograms" });
  });

  it.each(["--version", "--help"])("%s: no package", (word) => {
    expect(loadedBy(word).packages).toEqual([]);
  });

  it("ingest check: what reads the command line and YAML", () => {
    const { packages, node } = loadedBy("ingest", "check", lab.deposits[0]!.config);
    expect(packages).toEqual(["commander", "yaml", "zod"]);
    for (const name of NETWORK) expect(node).not.toContain(name);
  });

  it("ingest run of a finished tree: no reader or writer of pictures, XML or bzip2, no network", () => {
    const words = ["ingest", "run", lab.deposits[0]!.config, lab.input, join(folder, "tree"), "--import-everything"];
    expect(loadedBy(...words).packages).toContain("yaml");
    const { packages, node } = loadedBy(...words);
    expect(packages).toEqual(["commander", "yaml", "zod"]);
    for (const name of NETWORK) expect(node).not.toContain(name);
  });
});
