import { existsSync } from "node:fs";
import { join } from "node:path";
import { quoteWord } from "../core/shell.js";
import { curateSteps } from "./curate-demo.js";
import { DEPOSITS } from "./demo-deposits.js";
import { wordsToReplace } from "./demo-own.js";
import type { DemoStep } from "./demo-steps.js";

/** A part of the whole way: commands that belong together, and what a person would do after them. */
export interface DemoStation {
  readonly name: string;
  readonly steps: readonly DemoStep[];
  /** One sentence on what a person would do next. */
  readonly next: string;
}

export interface Surroundings {
  /** Folder of all that is made. */
  readonly dest: string;
  /** The portals that are played. */
  readonly portalsUrl: string;
  /** Variables for the bucket that is played. */
  readonly bucketEnv: Readonly<Record<string, string>>;
  /** A further volume to convert. */
  readonly volume: string | undefined;
  /** The demo ends at its end: then a server is started, asked and stopped, where it would stay with one of its own. */
  readonly ends: boolean;
}

/** Numbers at the portal: of the dataset that the drive's runs are in, and of the depositions of its tomograms and its annotations. */
const NUMBERS = { dataset: "11030", tomograms: "10308", annotations: "10309" };

/** Paths below the demo's folder. */
export function demoPlaces(dest: string) {
  const at = (...names: string[]) => join(dest, ...names);
  return {
    lab: at("lab"),
    drive: at("drive"),
    bucket: at("s3"),
    portal: at("portal"),
    graph: at("cells.yaml"),
    picture: at("blocks/network.png"),
    harvested: at("harvest/12407/data"),
    web: at("harvest/web_metadata.json"),
    files: at("harvest/file_metadata.json"),
    hats: at("hats.yaml"),
    packaged: at("drive/packages/d5-hat"),
  };
}

/** The step that converts one volume. An output that a demo of another workspace has left is replaced. */
function volumeStep(volume: string, out: string): DemoStep {
  const further = async () => ([".mrc", ".zarr"].some((end) => existsSync(`${out}${end}`)) ? ["--force-overwrite"] : []);
  return { says: "One volume, without a configuration", name: "ingest convert", words: [volume, out], further };
}

/** The whole way, station by station: each takes what the one before it has written. */
export function demoStations(around: Surroundings): DemoStation[] {
  return [
    ...sourceStations(around),
    ingestStation(around.dest),
    ...treeStations(around),
    ...(around.ends ? [pages(demoPlaces(around.dest).portal)] : []),
  ];
}

const step = (says: string, name: string, ...words: string[]): DemoStep => ({ says, name, words });

/** Stations before the tree: they make files of a portal and of a drive, and a configuration for them. */
function sourceStations({ dest, portalsUrl }: Surroundings): DemoStation[] {
  const { drive, harvested, web, files, hats, packaged } = demoPlaces(dest);
  const at = (...names: string[]) => join(dest, ...names);
  const cell = join(harvested, "lab/cell/tomograms/cell_01.mrc");
  const base = ["--portal-base", `empiar=${portalsUrl}`];
  return [
    {
      name: "harvest",
      steps: [
        step("What the portal knows of an entry", "harvest describe", "EMPIAR-12407", ...base, "--out", web),
        step("Its files", "harvest download", "EMPIAR-12407", ...base, "--dest", at("harvest")),
      ],
      next: "name the entries that you want, with --include for some of their files.",
    },
    {
      name: "inspect",
      steps: [
        step(
          "What a volume says of itself, beside what its portal says",
          "harvest inspect",
          `empiar=${cell}`,
          "--web",
          web,
          "--out",
          files,
        ),
        step("Both as a page", "harvest compare", files, "--web", web, "--out", at("harvest/comparison.html")),
      ],
      next: `open ${at("harvest/comparison.html")}: contradictions are marked, and only a person can decide them.`,
    },
    {
      name: "curate",
      steps: curateSteps({
        dest: drive,
        drives: [join(drive, "grp_tomo_db1_d5")],
        runs: join(drive, "portal-runs.json"),
        packaging: ["--deposition", NUMBERS.annotations],
      }),
      next: `write accept or reject beside what is in review_runs.csv, and send ${packaged} on once its lines "please fill in" are filled in.`,
    },
    {
      name: "configure",
      steps: [
        {
          ...step("A configuration for the tomograms that were harvested", "ingest new", "--from", join(harvested, "hats")),
          words: [
            "--from",
            join(harvested, "hats"),
            "--deposition",
            NUMBERS.tomograms,
            "--dataset",
            NUMBERS.dataset,
            "--out",
            hats,
          ],
          unless: hats,
        },
        step("What a person has still to fill in", "ingest check", hats, join(packaged, "config.yaml")),
      ],
      next: `fill in the lines of ${hats} that are listed: authors, title, sample.`,
    },
  ];
}

/** The station whose outputs become a part of the tree. */
function ingestStation(dest: string): DemoStation {
  const { lab, portal, harvested, hats, packaged } = demoPlaces(dest);
  const run = (says: string, config: string, input: string, ...more: string[]) =>
    step(says, "ingest run", config, input, portal, "--import-everything", ...more);
  const ofCell = run(
    "The cell to look at, as it was harvested: ribosomes, membranes, microtubules",
    join(lab, "cell.yaml"),
    harvested,
  );
  return {
    name: "ingest",
    steps: [
      run("The tomograms that were harvested become a dataset of the portal", hats, join(harvested, "hats")),
      run("The annotations of the drive become annotations of its runs", join(packaged, "config.yaml"), packaged),
      ofCell,
      ...DEPOSITS.filter(({ name }) => name !== "cell").map(({ name, says, words }) =>
        run(says, join(lab, `${name}.yaml`), join(lab, "input"), ...words),
      ),
      { ...ofCell, says: "The same command again finds everything done" },
    ],
    next: "run the same command again after each change of a source or a configuration; only what is missing is done.",
  };
}

/** Stations that use the finished tree. */
function treeStations({ dest, bucketEnv, volume }: Surroundings): DemoStation[] {
  const { portal, graph } = demoPlaces(dest);
  const at = (...names: string[]) => join(dest, ...names);
  return [
    {
      name: "validate",
      steps: [step("Every rule of the portal", "ingest validate", "standardized", portal, "--html", at("validation.html"))],
      next: `go through ${at("validation.html")}, correct each error at its source, and ingest again.`,
    },
    {
      name: "verify",
      steps: [step("Every byte is what was written, every level follows from the one below", "verify", portal)],
      next: "verify again after each move of the tree; --write-proof keeps the checksums with the data.",
    },
    {
      name: "catalog",
      steps: [
        step("A database in the workspace", "catalog init"),
        step("The tree as rows", "catalog import", portal),
        step("What is in it", "catalog status"),
      ],
      next: `ask it: emporium serve ${portal} answers GraphQL from it, with the interface of the CryoET Data Portal.`,
    },
    {
      name: "publish",
      steps: [
        {
          ...step(
            "The tree to a bucket, metadata last, with the placeholders that its imports had",
            "publish tree",
            portal,
            "s3://portal",
            "--allow-placeholders",
          ),
          env: bucketEnv,
        },
        { ...step("The bucket has what the tree has", "publish verify", portal, "s3://portal"), env: bucketEnv },
      ],
      next: "put your own bucket in its place: without the three variables it is Amazon's, with your account.",
    },
    {
      name: "blocks",
      steps: [
        {
          ...step("What is dense in the cell, labeled block by block", "blocks run", graph),
          further: () => wordsToReplace(graph),
        },
        ...(volume === undefined ? [] : [volumeStep(volume, at("volume"))]),
      ],
      next: `change ${graph}, and run it with --force-overwrite, which puts what it computes in the place of this.`,
    },
  ];
}

/** Any free port: the usual one may be another program's. */
function pages(portal: string): DemoStation {
  const says = "The server of the tree: it starts, is asked for its pages once, and ends";
  return {
    name: "pages",
    steps: [{ says, name: "serve", words: [portal, "--port", "0"], visited: true }],
    next: `look at it yourself: emporium serve ${quoteWord(portal)} prints its address, and serves until Ctrl-C.`,
  };
}
