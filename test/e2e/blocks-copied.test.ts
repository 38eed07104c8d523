import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonWithNumpy } from "../python-with-numpy.js";
import { noise, treeOf, writeImage } from "./blocks-kit.js";

const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const python = pythonWithNumpy();
const SHAPE = [8, 16, 16] as const;

let root: string;
const at = (...words: string[]) => join(root, ...words);
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "emporium-copied-"));
  mkdirSync(at("here/own"), { recursive: true });
  mkdirSync(at("here/elsewhere"));
  await writeImage(at("here/em.zarr"), [...SHAPE], "int16", noise([...SHAPE], "int16"));
  cpSync(fileURLToPath(new URL("./external-programs.py", import.meta.url)), at("here/own/net.py"));
  writeFileSync(at("here/own/double.mjs"), "export const apply = ({ data }) => data.map((value) => 2 * value);\n");
  writeFileSync(
    at("here/graph.yaml"),
    `version: 1
inputs: { em: em.zarr }
grid: { of: em, block: [8, 8, 8] }
nodes:
  - { id: double, op: map, in: em, module: own/double.mjs }
  - { id: net, op: external, in: { em: double }, command: [${python}, own/net.py, sums], files: [own/double.mjs], halo: 1, dtype: int32 }
outputs:
  double: { to: out/double.zarr, chunk: [8, 8, 8] }
  net: { to: elsewhere/net.zarr, chunk: [8, 8, 8] }
`,
  );
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const answer = (folder: string, command: string) => {
  const done = spawnSync(process.execPath, [cli, "blocks", command, "graph.yaml", "--json", "-q", "--jobs", "1"], {
    cwd: at(folder),
    encoding: "utf8",
  });
  if (done.stdout === "") throw new Error(done.stderr);
  return JSON.parse(done.stdout) as Record<string, unknown>;
};

describe.runIf(python)("a folder with a graph, its programs and its volumes", () => {
  it("has the same run wherever it lies, and its outputs are that run's there; another script makes another run", () => {
    const first = answer("here", "run");
    expect(first).toMatchObject({ exitStatus: 0, errors: [], done: 8 });
    execFileSync("cp", ["-a", at("here"), at("there")]);
    rmSync(at("here"), { recursive: true });
    const tree = treeOf(at("there"));
    expect(answer("there", "run")).toMatchObject({ run: first.run, exitStatus: 0, errors: [] });
    expect(treeOf(at("there"))).toEqual(tree);
    appendFileSync(at("there/own/double.mjs"), "// another text\n");
    const changed = answer("there", "plan");
    expect(changed).toMatchObject({ exitStatus: 0 });
    expect(changed.run).not.toBe(first.run);
  });
});
