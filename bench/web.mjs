/**
 * `npm run bench:web -- [--only catalog,jobs,space,start,viewer] [--rounds 30] [options of the parts]`: the web pages, in five parts, each a program of its own. `catalog`: what
 * pages ask of 20,000 runs, over HTTP (web-catalog.mjs). `viewer`: slices by the frames of the screen, beside Neuroglancer, vizarr and avivator (web-viewer.mjs).
 * `start`: the list of runs beside Datasette, and what pages weigh (web-start.mjs). A part that fails leaves the others alone. JSON lines on stdout,
 * tables on stderr; with 10 rounds some 20 minutes, after the volumes and peers were made once.
 *
 * `space`: a volume in three dimensions, turned, beside Neuroglancer (web-space.mjs). `jobs`: how soon an event of a run moves its bar in 50 tabs, and what that costs the run (web-jobs.mjs). Not here: requests a second of the server (bench:serve).
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { needBuild, root, say } from "./report.mjs";

/** What each part understands beside `--rounds`. */
const PARTS = {
  viewer: ["hours", "budget", "rows", "edge", "vizarr", "avivator"],
  start: ["runs"],
  catalog: ["runs"],
  jobs: ["tabs", "pairs", "tasks"],
  space: ["edge", "turns"],
};
const text = { type: "string" };
const { values } = parseArgs({
  options: {
    only: { type: "string", default: Object.keys(PARTS).join(",") },
    rounds: { type: "string", default: "30" },
    ...Object.fromEntries(
      Object.values(PARTS)
        .flat()
        .map((name) => [name, text]),
    ),
  },
});
const wanted = values.only.split(",");
const unknown = wanted.filter((name) => !PARTS[name]);
if (unknown.length > 0) {
  say(`--only: ${unknown.join(", ")}: the parts are ${Object.keys(PARTS).join(", ")}`);
  process.exit(2);
}
needBuild();
let failed = false;
for (const [name, own] of Object.entries(PARTS).filter(([part]) => wanted.includes(part))) {
  const words = ["rounds", ...own]
    .filter((option) => values[option] !== undefined)
    .flatMap((option) => [`--${option}`, values[option]]);
  say(`— ${name}`);
  const { status } = spawnSync(process.execPath, [join(root, "bench", `web-${name}.mjs`), ...words], { stdio: "inherit" });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
