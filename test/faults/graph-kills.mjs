/**
 * A run of a graph that is killed again and again (SIGKILL to its process group, or to the process that was started alone), each time when it has
 * written so many more objects, drawn from a seed; then it runs to its end. For `test/faults/graph-kills.test.ts` and `npm run bench:blocks faults`.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../../dist/core/random.js";
import { printZarrV3, zarrV3ArrayMetadata, zarrV3GroupMetadata } from "../../dist/formats/zarr/v3-metadata.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** Of a block, along each axis. */
const BLOCK = 8;
const GRAPH = `version: 1
inputs: { em: em.zarr }
grid: { of: em, block: [${BLOCK}, ${BLOCK}, ${BLOCK}] }
nodes:
  - { id: smooth, op: gaussian, in: em, sigma: 1 }
  - { id: bin, op: threshold, in: smooth, above: { of: facts, path: mean } }
  - { id: cc, op: components, in: bin, connectivity: 26 }
  - { id: facts, op: statistics, in: smooth }
outputs:
  smooth: { to: out/smooth.zarr, chunk: [${BLOCK}, ${BLOCK}, ${BLOCK}], dtype: float32 }
  cc: { to: out/cc.zarr, chunk: [${BLOCK}, ${BLOCK}, ${BLOCK}], format: ome-zarr-0.4 }
  facts: { to: out/facts.json, format: json }
`;
const LOOK_MS = 3;

/** A volume of so many blocks along each axis, and the graph. */
export function makeScene(folder, blocks) {
  const shape = blocks.map((count) => count * BLOCK);
  const put = (key, bytes) => {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), bytes);
  };
  const array = zarrV3ArrayMetadata({ shape, dtype: "int16", chunks: shape, dimensionNames: ["z", "y", "x"] });
  const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "nanometer" }));
  const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [2, 2, 2] }] }];
  const attributes = { ome: { version: "0.5", multiscales: [{ name: "x", axes, datasets }] } };
  const random = seededRandom(5);
  const voxels = Int16Array.from({ length: shape.reduce((a, b) => a * b) }, () => random() * 2000 - 1000);
  put("em.zarr/zarr.json", printZarrV3(zarrV3GroupMetadata({ attributes })));
  put("em.zarr/0/zarr.json", printZarrV3(array));
  put("em.zarr/0/c/0/0/0", Buffer.from(voxels.buffer));
  put("graph.yaml", GRAPH);
}

function filesBelow(folder) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  } catch {
    return []; // not there yet, or a part of it gone while it was looked at
  }
}

/** Objects of the outputs and of what lies between stages. */
const objects = (folder) =>
  filesBelow(join(folder, "out")).filter(({ parentPath }) => !parentPath.includes("/.emporium/")).length;

/** What is there in the end, by name: the bytes as text. Also what should not be there any more. */
export function resultOf(folder) {
  const tree = new Map();
  const out = join(folder, "out");
  for (const entry of filesBelow(out)) {
    const path = join(entry.parentPath, entry.name);
    if (path.includes("/.emporium/")) continue;
    // where the outputs go is a part of the run's name
    const name = path.slice(out.length).replace(/^(\/\.emporium-graphs\/)[0-9a-f]{32}/, "$1RUN");
    tree.set(name, readFileSync(path, "latin1"));
  }
  return new Map([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @param more objects after which it is killed; undefined: never */
function runOnce(folder, more, isAlone) {
  const words = [program, "blocks", "run", "graph.yaml", "--jobs", "2", "--no-sync", "--json", "--quiet"];
  const child = spawn(process.execPath, words, { cwd: folder, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes) => (stdout += bytes));
  child.stderr.on("data", (bytes) => (stderr += bytes));
  const wanted = objects(folder) + (more ?? Number.POSITIVE_INFINITY);
  const look = setInterval(() => {
    if (child.exitCode === null && objects(folder) >= wanted) process.kill(isAlone ? child.pid : -child.pid, "SIGKILL");
  }, LOOK_MS);
  return new Promise((resolve) =>
    child.once("close", (status, signal) => {
      clearInterval(look);
      resolve({ status, signal, stdout, stderr });
    }),
  );
}

/**
 * Runs the graph, killed so many times or until it is done.
 *
 * @param step objects between two kills, at most
 * @param aloneShare of kills that leave worker processes to find out by themselves
 * @returns kills, and the report of the run that ended by itself
 */
export async function runKilled(folder, { kills, seed, step, aloneShare = 0.2 }) {
  const random = seededRandom(seed);
  for (let killed = 0; ; ) {
    const more = killed < kills ? Math.floor(random() * (step + 1)) : undefined;
    const { status, signal, stdout, stderr } = await runOnce(folder, more, random() < aloneShare);
    if (signal === "SIGKILL") killed++;
    else if (status === 0) return { kills: killed, report: JSON.parse(stdout) };
    else throw new Error(`exit ${status}: ${stderr}`);
  }
}
