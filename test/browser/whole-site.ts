import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { generateLab, generateMicroscopy } from "../../examples/lab/generate.mjs";
import type { JobBrief, JobPlan, ReportList, Submission } from "../../src/model/page-api.js";
import type { PagePath } from "../../src/model/pages.js";
import { printRef } from "../../src/model/ref.js";
import { remove } from "../e2e/curate-kit.js";
import { askedBy, askedSoFar } from "./browser.js";
import { desk } from "./workspace-kit.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/", import.meta.url));
const MIXED = ["mrc/mode2-le.mrc", "tiff/movie-u8-le.tif", "dm/volume-f4-le.dm4", "mod/imodmodel-0.1.0.mod"];
const DRIVES = ["grp_tomo_db1_d1", "grp_tomo_db1_d2"];

/** One server with something on each of its pages. */
export interface WholeSite {
  readonly url: string;
  /** A server of a folder with nothing in it, whose workspace is new. */
  readonly emptyUrl: string;
  /** For everything. */
  readonly token: string;
  /** Addresses below `url` of every page, the first of each with most to show. */
  readonly addresses: Readonly<Record<PagePath, readonly [string, ...string[]]>>;
  close(): Promise<void>;
}

interface Ids {
  readonly runs: { id: number; name: string; tiltseries: Edges; tomograms: Edges; annotations: Edges; frames: Edges }[];
}
interface Edges {
  readonly edges: { node: { id: number } }[];
}

/** The miniature laboratory, an archive, a comparison, frames of a microscope and a folder of files: as one person's workspace has them. */
export async function makeWholeSite(): Promise<WholeSite> {
  const at = desk();
  const folder = (name: string) => join(at.folder, name);
  const close = async () => {
    await at.close();
    remove(at.folder);
  };
  try {
    for (const name of ["empty", "mixed", "new"]) mkdirSync(folder(name));
    for (const file of MIXED) copyFileSync(join(FIXTURES, file), join(folder("mixed"), file.split("/")[1]!));
    writeFileSync(join(folder("mixed"), "broken.mrc"), "this is no volume");
    writeFileSync(join(folder("mixed"), "notes.xyz"), "nothing that is known");
    await Promise.all([
      generateLab({ out: folder("lab"), deposits: ["imod", "cell"], sections: "all" }),
      ofMicroscope(),
      ofArchive(),
    ]);
    for (const deposit of ["imod", "cell"])
      await at.run("ingest", "run", `lab/${deposit}.yaml`, "lab/input", "tree", "--import-everything", "--quiet");
    await at.run("ingest", "validate", "standardized", "tree", "--quiet");
    const storage = ["--config", "microscopy/frames.json", "--storage", "microscopy/storage"];
    await at.run("catalog", "upload", "--csv", "microscopy/files.csv", ...storage);
    const emptyUrl = await at.serve("empty", "--workspace", folder("new"));
    const url = await at.serve("tree", "mixed", "empty", "lab", "microscopy/storage", "--write", "--token-file", "tokens");
    const token = /\S+$/m.exec(readFileSync(folder("tokens"), "utf8"))![0];
    return { url, emptyUrl, token, addresses: await addressesOf(url, token), close };
  } catch (error) {
    await close();
    throw error;
  }

  async function ofMicroscope(): Promise<void> {
    await generateMicroscopy({ out: folder("microscopy") });
  }
  async function ofArchive(): Promise<void> {
    await at.run("harvest", "compare", "documents/file_metadata.json", "--web", "documents/web_metadata.json");
    await at.run("curate", "match", ...DRIVES, "--runs", "portal-runs.json");
    await at.run("curate", "labels", ...DRIVES, "--matches", "matching_runs.csv", "--csv", "labels.csv", "--plot", "labels.svg");
    await at.run("curate", "batches", "add", "old-d1-MS", "--label", "MS", "--state", "submitted");
  }
  async function addressesOf(url: string, token: string): Promise<WholeSite["addresses"]> {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const api = async <T>(path: string, body?: object) =>
      (await (
        await fetch(`${url}/api/v1/${path}`, { headers, ...(body && { method: "POST", body: JSON.stringify(body) }) })
      ).json()) as T;
    const some = "(first: 1) { edges { node { id } } }";
    const query = `{ runs { id name tiltseries${some} tomograms${some} annotations${some} frames${some} } }`;
    const { data } = (await (await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`)).json()) as { data: Ids };
    const run = (name: string) => data.runs.find((one) => one.name === name)!;
    const [serial, cell] = [run("TS_0001"), run("cell_01")];
    const first = ({ edges }: Edges) => edges[0]!.node.id;
    const [{ id: report }] = (await api<ReportList>("reports")).reports as [ReportList["reports"][number]];
    const jobs = await api<JobBrief[]>("jobs");
    const input = {
      kind: "ingest.run",
      config: folder("lab/imod.yaml"),
      input: folder("lab/input"),
      output: folder("lab/out"),
      importEverything: true,
    };
    const plan = await api<JobPlan>("jobs", input);
    const submission = await looked(await api<Submission>("submissions", { folder: folder("lab/input/lab/imod") }));
    const view = {
      name: "The beads above",
      note: "Sharp in all three planes.",
      to: `/view/tomogram/${first(serial.tomograms)}?l=ortho`,
    };
    await api("views", view);
    const { datasets } = await api<{ datasets: { id: string }[] }>("microscopy");
    async function looked(one: Submission): Promise<Submission> {
      return one.state === "surveying" ? looked(await api<Submission>(`submissions/${one.id}`)) : one;
    }
    const at = (key: string) => printRef({ kind: "place", place: "mixed", key });
    return {
      "/": ["/"],
      "/datasets": ["/datasets", "/datasets?as=table"],
      "/datasets/$id": ["/datasets/10401"],
      "/runs": ["/runs", "/runs?as=table"],
      "/runs/$id": ["", "?tab=frames", "?tab=alignment", "?tab=files", "?tab=particles"].map(
        (tab) => `/runs/${serial.id}${tab}`,
      ) as [string],
      "/annotations": ["/annotations"],
      "/annotations/$id": [`/annotations/${first(serial.annotations)}`],
      "/depositions": ["/depositions"],
      "/depositions/$id": ["/depositions/10301"],
      "/microscopy": ["/microscopy"],
      "/microscopy/$id": [`/microscopy/${datasets[0]!.id}`],
      "/browse": ["/browse"],
      "/browse/$place/$": ["/browse/mixed", "/browse/mixed?header=mode2-le.mrc", `/browse/tree/10401/${serial.name}`],
      "/view/tomogram/$id": [
        `/view/tomogram/${first(cell.tomograms)}?l=ortho`,
        `/view/tomogram/${first(cell.tomograms)}?l=quad`,
        `/view/tomogram/${first(cell.tomograms)}`,
      ],
      "/view/tiltseries/$id": [`/view/tiltseries/${first(serial.tiltseries)}`],
      "/view/frame/$id": [`/view/frame/${first(serial.frames)}`],
      "/view/dropped/$name": ["/view/dropped/volume.mrc"],
      "/view/at/$place/$": [`/view/at/${at("mode2-le.mrc")}`, `/view/at/${at("broken.mrc")}`],
      "/neuroglancer/tomogram/$id": [`/neuroglancer/tomogram/${first(cell.tomograms)}`],
      "/neuroglancer/at/$place/$": [`/neuroglancer/at/${at("mode2-le.mrc")}`],
      "/new": ["/new", `/new?of=${submission.id}`, `/new?of=${submission.id}&is=tomogram`],
      "/ingest": ["/ingest"],
      "/ingest/plan/$id": [`/ingest/plan/${plan.planId}`],
      "/jobs": ["/jobs"],
      "/jobs/new": ["/jobs/new"],
      "/jobs/new/$kind": ["/jobs/new/ingest.validate"],
      "/jobs/$id": [`/jobs/${jobs[0]!.id}`],
      "/reports": ["/reports"],
      "/reports/$id": [`/reports/${report}`],
      "/curate/overlap": ["/curate/overlap", "/curate/overlap?by=label"],
      "/curate/matches": ["/curate/matches"],
      "/curate/labels": ["/curate/labels"],
      "/curate/batches": ["/curate/batches"],
      "/harvest": ["/harvest"],
      "/harvest/compare": ["/harvest/compare"],
      "/search": ["/search?q=ribosome"],
      "/saved": ["/saved"],
      "/about": ["/about"],
    };
  }
}

/** What a page waits for: an answer, a picture, a sharp slice. */
const WAITS = `(() => {
  const one = (selector) => document.querySelector(selector) !== null;
  const inSight = ({ left, right, top, bottom }) => right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
  const pictures = [...document.images].some((image) => !image.complete && (image.loading !== "lazy" || inSight(image.getBoundingClientRect())));
  return !one("h1, .v-canvas, iframe, dialog") || pictures || document.fonts.status !== "loaded" ||
    one("[aria-busy=true], .waits, .v-slow, .v-pane:not([data-sharp=true])");
})()`;

/** The same, looked at some times in a row: asked from outside each time, it takes more of the processors than what is waited for. */
const RESTS = `(async () => {
  for (let calm = 0; calm < 3; calm++) {
    if (${WAITS}) return false;
    await new Promise((done) => setTimeout(done, 70));
  }
  return true;
})()`;

/** Waits until the page no longer changes: some times in a row nothing is waited for. @returns false where it did not come to rest in time */
export async function atRest(page: Page, timeoutMs = 15_000): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  while (performance.now() <= until) {
    const before = askedSoFar(page);
    if (askedBy(page).length === 0 && (await page.evaluate<boolean>(RESTS).catch(() => false)) && askedSoFar(page) === before)
      return true;
    await page.waitForTimeout(70);
  }
  return false;
}
