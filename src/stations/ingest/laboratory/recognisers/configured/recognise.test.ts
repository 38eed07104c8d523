import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../../test/laboratory-kit.js";
import { configured } from "./recognise.js";

const volume = mrcFile([6, 10, 10], 8);
const YAML = `
standardization_config: {source_prefix: data/lab, deposition_id: 10000}
runs:
- sources:
  - source_glob: {list_glob: "tomograms/*.rec", name_regex: "(.*)\\\\.rec$"}
    exclude: ["TS_9.*"]
tomograms:
- metadata: {voxel_spacing: 8.0, processing: denoised, processing_software: cryoCARE, reconstruction_method: WBP, reconstruction_software: "{software}", ctf_corrected: true, fiducial_alignment_status: FIDUCIAL}
  sources:
  - source_glob: {list_glob: "tomograms/{run_name}.rec"}
rawtilts:
- sources:
  - source_multi_glob: {list_globs: ["tilts/{run_name}.rawtlt"]}
    parent_filters: {exclude: {run: ["^TS_02$"]}}
alignments:
- metadata: {format: IMOD}
  sources:
  - source_glob: {list_glob: "{mapped_column}/x.xf"}
annotations:
- metadata: {annotation_object: {name: ribosome, id: "GO:0005840"}}
  sources:
  - OrientedPoint: {file_format: relion4_star, glob_string: "picks/particles.star", filter_value: "{run_name}", binning: 1}
  - SegmentationMask: {file_format: mrc, glob_string: "masks/{run_name}.mrc", mask_label: 2}
`;

async function found(files: Record<string, string | Uint8Array>) {
  const recognised = await configured.recognise(await laboratoryWith(files));
  const claims = Object.fromEntries(
    (recognised?.claims ?? []).map(({ path, role, run, details }) => [
      path,
      { role, ...(run && { run }), ...(details && { details }) },
    ]),
  );
  return { recognised, claims };
}

describe("an earlier configuration", () => {
  const files = {
    "lab/tomograms/TS_01.rec": volume,
    "lab/tomograms/TS_02.rec": volume,
    "lab/tomograms/TS_99.rec": volume,
    "lab/tilts/TS_01.rawtlt": "0\n",
    "lab/tilts/TS_02.rawtlt": "0\n",
    "lab/picks/particles.star": "data_\n",
    "lab/masks/TS_01.mrc": volume,
  };

  it("says of what its sources find what it is", async () => {
    const { claims, recognised } = await found({ "old.yaml": YAML, ...files });
    const details = {
      spacingAngstrom: 8,
      processing: "denoised",
      processingSoftware: "cryoCARE",
      reconstructionMethod: "WBP",
      ctfCorrected: true,
      fiducial: true,
    };
    expect(claims).toEqual({
      "old.yaml": { role: "left out" },
      "lab/tomograms/TS_01.rec": { role: "tomogram", run: "TS_01", details },
      "lab/tomograms/TS_02.rec": { role: "tomogram", run: "TS_02", details },
      "lab/tilts/TS_01.rawtlt": { role: "raw tilts", run: "TS_01" },
      "lab/picks/particles.star": {
        role: "points",
        details: {
          points: { format: "relion4_star", shape: "OrientedPoint", unit: "voxels", rowName: "the name of the run" },
          object: "ribosome",
        },
      },
      "lab/masks/TS_01.mrc": { role: "mask", run: "TS_01", details: { label: 2, object: "ribosome" } },
    });
    expect(recognised!.notes!.join()).toContain("sources of alignments depend on more");
  });

  it("finds its folder by the end of source_prefix, wherever it lies", async () => {
    const moved = Object.fromEntries(Object.entries(files).map(([path, content]) => [`disk 2/data/${path}`, content]));
    const { claims } = await found({ "old.yaml": YAML, ...moved });
    expect(claims["disk 2/data/lab/tomograms/TS_01.rec"]).toMatchObject({ role: "tomogram", run: "TS_01" });
  });

  it("is not used where it finds nothing; other documents are none", async () => {
    const { claims, recognised } = await found({ "old.yaml": YAML, "else/TS_01.rec": volume });
    expect(claims).toEqual({ "old.yaml": { role: "left out" } });
    expect(recognised!.notes!.join()).toContain("its runs find nothing here");
    expect(
      (await found({ "new.yaml": `${YAML}# please check: the software`, "lab/tomograms/TS_01.rec": volume })).claims,
    ).toEqual({
      "new.yaml": { role: "left out" },
    });
    expect((await found({ "a.yaml": "a: 1\n", "c.yaml": "" })).recognised).toBeUndefined();
  });

  it("(34.silence) tells what of it cannot be read, and does not use it", async () => {
    const odd = YAML.replace('["^TS_02$"]', '["(?<a>x"]').replace('["TS_9.*"]', '["(?i)ts_9.*", "(?#no)x"]');
    const { claims, recognised } = await found({
      "old.yaml": odd.replace("relion4_star", "unheard_of"),
      "broken.yaml": "standardization_config:\n  source_prefix: x\nruns: [\n",
      ...files,
    });
    expect(claims["lab/tomograms/TS_99.rec"]).toBeUndefined();
    expect([claims["lab/tilts/TS_01.rawtlt"], claims["broken.yaml"]]).toEqual([undefined, { role: "left out" }]);
    expect(recognised!.notes!.join("\n")).toMatch(/broken\.yaml[\s\S]*This configuration is not used/);
    expect(recognised!.notes!.join("\n")).toMatch(/\(\?#no\)x cannot be read as a pattern/);
    expect(recognised!.notes!.join("\n")).toMatch(/OrientedPoint of file_format unheard_of are not used/);
    expect(recognised!.notes!.join("\n")).toMatch(/sources of rawtilts, alignments depend on/);
  });
});

it("(36) what this program has written beside the data is told as such: decisions, indexes of drives, a workspace", async () => {
  const { claims } = await found({
    "new.decisions.yaml": "# What ingest new takes each file for, and why.\nruns: []\n",
    "ours.yaml": "runs: [TS_1]\nfiles:\n  - files: TS_1.st\n    is: tilt series\n    because: its name\n",
    "own/work.yaml": "files:\n  - a\nbecause: no row\n",
    "index.csv": "drive,path,dir,name,ext,size,mtime,kind\nD1,/d/a,/d,a,,1,,aux\n",
    "index.json": '[\n{"drive":"D1","path":"/d/a","dir":"/d"}]\n',
    "places.csv": "x,y,z\n1,2,3\n",
    "ws/journals/new.journal": "{}",
    "ws/runs/20260102T101112-aa/events.ndjson": "{}",
    "ws/contents/new/0a.txt": "0\n",
    "lab/journals/paper.pdf": "",
    "lab/runs/TS_1/events.ndjson": "{}",
  });
  expect(claims).toEqual(
    Object.fromEntries(
      [
        "new.decisions.yaml",
        "ours.yaml",
        "index.csv",
        "index.json",
        "ws/journals/new.journal",
        "ws/runs/20260102T101112-aa/events.ndjson",
        "ws/contents/new/0a.txt",
      ].map((path) => [path, { role: "left out" }]),
    ),
  );
});
