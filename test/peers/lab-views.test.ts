import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { emporium, hasEnvironment, python, type Verdict } from "./environment.js";

const DEPOSITS = ["imod", "aretomo", "sim", "annotations"] as const;
const PREFIX = "https://files.example.org/portal/";
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-views-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasEnvironment("neuroglancer"))(
  "layers and views of the laboratory, judged by the programs that read them",
  () => {
    let verdicts: Verdict[];

    beforeAll(async () => {
      const lab = await generateLab({ out: join(folder, "lab"), sections: "all", deposits: [...DEPOSITS] });
      const portal = join(folder, "portal");
      for (const name of DEPOSITS) {
        const { config } = lab.deposits.find((deposit) => deposit.name === name)!;
        const words = ["ingest", "run", config, lab.input, portal, "--import-everything", "--https-prefix", PREFIX, "--no-sync"];
        const { status, stderr } = await emporium(words, { EMPORIUM_WORKSPACE: join(folder, "workspace") });
        // the traps of one deposit fail, and nothing else
        expect([0, name === "aretomo" ? 3 : 0], stderr).toContain(status);
      }
      mkdirSync(join(folder, "surfaces"));
      verdicts = JSON.parse(await python("neuroglancer", "lab_views.py", [portal, PREFIX, join(folder, "surfaces")]));
    }, 300_000);

    it.each([
      ["points", 100],
      ["masks", 30],
      ["meshes", 8],
      ["views", 300],
    ])("%s are what the annotations and tomograms are", (name, least) => {
      const own = verdicts.filter((verdict) => verdict.case === name);
      expect(own.filter(({ passed }) => !passed)).toEqual([]);
      expect(own.length).toBeGreaterThanOrEqual(least);
    });

    it.skipIf(!hasEnvironment("peers"))(
      "surfaces are closed, look outwards and have the size of what they surround, says trimesh",
      async () => {
        const judged: Verdict[] = JSON.parse(await python("peers", "check_surfaces.py", [join(folder, "surfaces")]));
        expect(judged.filter(({ passed }) => !passed)).toEqual([]);
        for (const [kind, least] of [
          ["mask", 4 * 21],
          ["mesh", 4 * 8],
          ["copies", 4 * 2],
        ] as const)
          expect(judged.filter((verdict) => verdict.case === kind).length, kind).toBeGreaterThanOrEqual(least);
      },
    );
  },
);
