/**
 * One run of a graph that is killed a hundred times (row A14): SIGKILL to all of its processes, or to the first of them alone, each time when it has
 * written a few objects more, from a seed. The files must be those of a run that nobody killed. `--quick` kills it ten times.
 *
 * Sketch: a start is some 0.6 s of both cores, and what is redone is what was under way, so a hundred kills are some two minutes.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { makeScene, resultOf, runKilled } from "../../test/faults/graph-kills.mjs";
import { figure, round, say } from "../report.mjs";

const SEED = 14;
/** Objects between two kills, at most: the run has some thousand. */
const STEP = 5;

export default async function faults({ out, quick }) {
  const folder = join(out, "faults");
  rmSync(folder, { recursive: true, force: true });
  const blocks = quick ? [2, 4, 4] : [5, 8, 8];
  for (const name of ["wanted", "killed"]) {
    mkdirSync(join(folder, name), { recursive: true });
    makeScene(join(folder, name), blocks);
  }
  await runKilled(join(folder, "wanted"), { kills: 0, seed: SEED, step: 0 });
  const wanted = resultOf(join(folder, "wanted"));
  const begunMs = performance.now();
  const { kills, report } = await runKilled(join(folder, "killed"), { kills: quick ? 10 : 100, seed: SEED, step: STEP });
  const isSame = isDeepStrictEqual(resultOf(join(folder, "killed")), wanted);
  const facts = { kills, tasks: report.tasks, done_last: report.done, objects: wanted.size };
  figure("blocks.faults.kills.same", isSame, { ...facts, seconds: round((performance.now() - begunMs) / 1000, 1) });
  if (!isSame) say("faults: the files differ from those of a run that nobody killed");
  process.exitCode = isSame ? process.exitCode : 1;
}
