/**
 * `node bench/scan.mjs [--files 1000000] [--rounds 3] [--jobs N] [--dir DIR]`: `emporium curate scan` of a tree beside `find -printf` of the same
 * names, sizes and times, in turn, from a warm file cache. The scan's time is that of the whole program, start and inventory included. Reading heads is timed apart,
 * on a tree of small volumes and models.
 *
 * Sketch: a call of `lstat` is some 1.5 µs of kernel a file for whoever makes it, so find needs about 2 s for a million. The scan makes the same calls on several
 * threads and writes 40 MB of JSON beside: on two cores about as long.
 */
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateArchive } from "../examples/archive/generate.mjs";
import { cache, figure, measure, median, needBuild, program, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    files: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
    jobs: { type: "string" },
    dir: { type: "string", default: join(cache, "scan") },
  },
});

needBuild();
const files = Number(options.files);
const rounds = Number(options.rounds);
const tree = join(options.dir, `tree-${files}`);
const jobs = options.jobs === undefined ? [] : ["--jobs", options.jobs];

makeTree(tree, files);
mkdirSync(cache, { recursive: true });
const scratch = mkdtempSync(join(cache, "scan-"));
try {
  const walk = ["find", tree, "-type", "f", "-fprintf", join(scratch, "list"), "%p\\t%s\\t%T@\\n"];
  const workspace = join(scratch, "workspace");
  const scan = (more) => [
    process.execPath,
    program,
    "curate",
    "scan",
    tree,
    "--workspace",
    workspace,
    "--quiet",
    ...jobs,
    ...more,
  ];
  await measure("python3", walk); // the cache is warm from here on
  const cost = { find: [], scan: [], again: [] };
  for (let at = 0; at < rounds; at++) {
    cost.find.push(await measure("python3", walk));
    rmSync(workspace, { recursive: true, force: true });
    cost.scan.push(await measure("python3", scan(["--no-heads"])));
    cost.again.push(await measure("python3", scan(["--no-heads"])));
    say(`round ${at + 1}: find ${cost.find.at(-1).wall_s.toFixed(2)} s, scan ${cost.scan.at(-1).wall_s.toFixed(2)} s`);
  }
  const middle = (name, key) => median(cost[name].map((one) => one[key]));
  const ratios = cost.scan.map(({ wall_s }, at) => wall_s / cost.find[at].wall_s);
  table([
    ["", "wall s", "cpu s", "peak MiB"],
    ...["find", "scan", "again"].map((name) => [
      name,
      middle(name, "wall_s").toFixed(2),
      middle(name, "cpu_s").toFixed(2),
      (middle(name, "rss_kib") / 1024).toFixed(0),
    ]),
  ]);
  const facts = { files, rounds };
  figure("scan.ratio_to_find", round(median(ratios)), {
    unit: "×",
    ...facts,
    find_s: cost.find.map(({ wall_s }) => round(wall_s)),
    scan_s: cost.scan.map(({ wall_s }) => round(wall_s)),
    scan_cpu_s: round(middle("scan", "cpu_s")),
    find_cpu_s: round(middle("find", "cpu_s")),
    rss_mib: Math.round(middle("scan", "rss_kib") / 1024),
  });
  figure("scan.again", round(middle("again", "wall_s")), { unit: "s", ...facts, says: "nothing has changed" });
  await heads();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function heads() {
  const made = await generateArchive({ out: join(scratch, "archive"), runs: "annotated" });
  const command = [
    process.execPath,
    program,
    "curate",
    "scan",
    ...made.drives,
    "--workspace",
    join(scratch, "heads"),
    "--json",
    "--quiet",
    ...jobs,
  ];
  const out = join(scratch, "heads.json");
  await measure("python3", ["sh", "-c", 'out=$1; shift; exec "$@" > "$out"', "sh", out, ...command]);
  const { roots } = JSON.parse(readFileSync(out, "utf8"));
  const read = roots.reduce((sum, { heads_read }) => sum + heads_read, 0);
  const seconds = roots.reduce((sum, root) => sum + root.seconds.heads, 0);
  figure("scan.heads", round(read / seconds, 0), { unit: "files/s", files: read, seconds: round(seconds) });
}

/** Runs of a hundred files, as an archive has them. The tree stays for the next time. */
function makeTree(root, count) {
  const done = join(root, "complete");
  if (existsSync(done)) return;
  say(`making ${count} files in ${root}`);
  rmSync(root, { recursive: true, force: true });
  for (let run = 0, at = 0; at < count; run++) {
    const folder = join(
      root,
      "compute/TomoDB1_d1/FlagellarMotor_P1",
      `Species_${run % 20}`,
      `mka2019-05-${String(1 + (run % 28)).padStart(2, "0")}-${run}`,
    );
    mkdirSync(folder, { recursive: true });
    for (let i = 0; i < 100 && at < count; i++, at++)
      closeSync(openSync(join(folder, `frame_${String(i).padStart(4, "0")}.mrc`), "w"));
  }
  writeFileSync(done, "");
}
