import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Mdoc, parseMdoc } from "../../src/formats/mdoc/read.js";
import { inPartWithoutRealFiles, REAL_DATA_FOLDER } from "../real-data.js";
import { hasEnvironment, python, type Verdict } from "./environment.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/mdoc", import.meta.url));
const SHARED = REAL_DATA_FOLDER;
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-mdoc-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function mdocsBelow(root: string): { case: string; path: string }[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".mdoc"))
    .sort()
    .map((name) => ({ case: name, path: join(root, name) }));
}

/** A reading in the words that mdoc_check.py compares. */
function dump({ titles, header, sections }: Mdoc) {
  const texts = (fields: Mdoc["header"]) => [...fields].map(([key, { text }]) => [key, text]);
  return {
    titles,
    header: texts(header),
    sections: sections.map((section) => ({
      kind: section.kind,
      fields: texts(section.fields),
      numbers: {
        ZValue: section.zValue ?? null,
        TiltAngle: section.tiltAngleDegrees ?? null,
        ExposureTime: section.exposureTimeSeconds ?? null,
        ExposureDose: section.exposureDose ?? null,
        PixelSpacing: section.pixelSpacingAngstrom ?? null,
        RotationAngle: section.rotationAngleDegrees ?? null,
        NumSubFrames: section.numSubFrames ?? null,
      },
      subFrameName: section.subFrameName ?? null,
      dateTime: section.dateTime ?? null,
    })),
  };
}

/** What mdocfile cannot read: numbers of a list with commas between them. */
const UNREADABLE = ["more/mdoc/dummy.mrc.mdoc"];

describe.skipIf(!hasEnvironment("peers"))("mdoc files, read by mdocfile as well", () => {
  inPartWithoutRealFiles("the mdocs of test/fixtures only");
  const found = [...mdocsBelow(FIXTURES), ...(existsSync(SHARED) ? mdocsBelow(SHARED) : [])];
  const files = found.filter((file) => !UNREADABLE.includes(file.case));
  let verdicts: Verdict[];

  beforeAll(async () => {
    const jobs = files.map((file) => ({ ...file, reading: dump(parseMdoc(readFileSync(file.path), file.case)) }));
    writeFileSync(join(folder, "jobs.json"), JSON.stringify(jobs));
    verdicts = JSON.parse(await python("peers", "mdoc_check.py", [join(folder, "jobs.json")]));
  });

  it.each(files.map((file) => file.case))("%s", (name) => {
    const own = verdicts.filter((verdict) => verdict.case === name);
    expect(own.filter(({ passed }) => !passed)).toEqual([]);
    expect(own.length).toBeGreaterThanOrEqual(3);
  });
});
