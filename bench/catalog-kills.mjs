/**
 * `npm run bench:catalog-kills -- [--kills 300] [--seed 1] [--victims client,backend,…] [--works frames,import,…] [--databases embedded,shared]`:
 * `catalog init`, `catalog migrate`, the adoption of an older catalogue, `catalog upload` and `catalog import`, in the middle of which somebody is killed: the command, a back end of the server, a session, the
 * server's first process, all of its processes, or everything at once (`test/e2e/catalog-kill-kit.mjs` and `catalog-making-kit.mjs` say how).
 * `npm run bench:catalog-making-kills` is the same with the first three works alone. After each kill no
 * data set may be there by half, and each row's object must be there with the right SHA-256; the same command, run again, must end with
 * the rows and objects of a run that nobody disturbed, compared one by one, and leave nothing else. A trial repeats from its seed, which
 * is told where it fails: `--trial SEED` with one victim, work and database.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DATABASES, openScene, VICTIMS, WORKS } from "../test/e2e/catalog-kill-kit.mjs";
import { MAKINGS, openMakings } from "../test/e2e/catalog-making-kit.mjs";
import { cache, figure, median, needBuild, round, say, table } from "./report.mjs";

const { values: options } = parseArgs({
  options: {
    kills: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    trial: { type: "string" },
    victims: { type: "string", default: VICTIMS.join() },
    works: { type: "string", default: [...WORKS, ...MAKINGS].join() },
    databases: { type: "string", default: DATABASES.join() },
    out: { type: "string", default: join(cache, "catalog-kills") },
  },
});
/** The same catalogue is killed up to so often before the command may end. */
const KILLS_MAX = 5;
/** Some kills come when the command has ended. */
const TRIALS_MAX_PER_KIND = 100;
/** Of the first seed's trials, so that those of the next seed are others. */
const TRIALS_MAX = 100_000;

needBuild();
rmSync(options.out, { recursive: true, force: true });
mkdirSync(options.out, { recursive: true });
const kinds = options.victims
  .split(",")
  .flatMap((victim) =>
    options.works.split(",").flatMap((work) => options.databases.split(",").map((database) => ({ victim, work, database }))),
  );
const open = async (works, opener, name) =>
  kinds.some(({ work }) => works.includes(work)) ? await opener({ folder: join(options.out, name) }) : undefined;
const makingWorks = MAKINGS.filter((work) => kinds.some((kind) => kind.work === work));
const openAsked = (place) => openMakings({ ...place, works: makingWorks });
const [scene, makings] = [await open(WORKS, openScene, "rows"), await open(MAKINGS, openAsked, "tables")];
const found = [];
try {
  const wanted = options.trial === undefined ? Number(options.kills) : 1;
  const perKind = Math.ceil(wanted / kinds.length);
  for (const [n, kind] of kinds.entries()) {
    for (let kills = 0, trial = 0; kills < perKind && trial < TRIALS_MAX_PER_KIND; trial++) {
      const seed = options.trial === undefined ? Number(options.seed) * TRIALS_MAX + n * 1000 + trial : Number(options.trial);
      const wish = { ...kind, seed, kills: Math.min(KILLS_MAX, perKind - kills, 1 + trial * 2) };
      const result = await (MAKINGS.includes(kind.work) ? makings : scene).trial(wish).catch((error) => notBegun(error, wish));
      if (!result) continue;
      kills += result.kills;
      found.push(result);
      for (const fault of result.faults) say(`${kind.victim} of ${kind.work}, ${kind.database}, --trial ${seed}: ${fault}`);
    }
    say(`${kind.victim.padEnd(10)} ${kind.work.padEnd(9)} ${kind.database}: ${sum(found, "kills")} kills`);
  }
} finally {
  await scene?.close();
  await makings?.close();
  rmSync(options.out, { recursive: true, force: true });
}

const heads = [
  "victim",
  "trials",
  "kills",
  "in the middle",
  "went on",
  "identical",
  "usual s",
  "extra s median",
  "extra s max",
  "told",
];
const rows = [heads];
for (const victim of options.victims.split(",")) rows.push(judged(victim));
table(rows);
process.exit(found.every(({ faults }) => faults.length === 0) ? 0 : 1);

function judged(victim) {
  const mine = found.filter((trial) => trial.victim === victim);
  const identical = mine.filter(({ faults }) => faults.length === 0).length;
  const extra = mine.map(({ seconds, usualSeconds }) => seconds - usualSeconds);
  const usual = round(median(mine.map(({ usualSeconds }) => usualSeconds)), 2);
  const codes = [...new Set(mine.flatMap((trial) => trial.codes))].sort().join(" ");
  const facts = {
    of: mine.length,
    victim,
    seed: Number(options.seed),
    kills: sum(mine, "kills"),
    kills_in_the_middle: sum(mine, "inside"),
    went_on_by_itself: sum(mine, "survived"),
    usual_s: usual,
    extra_s_median: round(median(extra), 2),
    extra_s_max: round(Math.max(...extra), 2),
  };
  figure("catalog.kill9.identical", identical, facts);
  const { kills, kills_in_the_middle, went_on_by_itself, extra_s_median, extra_s_max } = facts;
  return [
    victim,
    mine.length,
    kills,
    kills_in_the_middle,
    went_on_by_itself,
    identical,
    usual,
    extra_s_median,
    extra_s_max,
    codes,
  ];
}

/** What comes before the kills is not judged here: a machine without memory kills processes by itself. The next seed is taken. */
function notBegun(error, { victim, work, database, seed }) {
  say(`${victim} of ${work}, ${database}, --trial ${seed} could not begin: ${error.message}`);
  return undefined;
}

function sum(trials, key) {
  return trials.reduce((total, trial) => total + trial[key], 0);
}
