import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../core/json.js";
import type { ReadRecord } from "../../../portals/web-metadata.js";
import { fillFromWeb } from "./fill.js";
import type { NormalisedRecord } from "./record.js";

const web = (raw_metadata: JsonObject, record: JsonObject = {}): ReadRecord => ({
  name: "x",
  raw_metadata,
  download_links: [],
  portal: undefined,
  source_url: undefined,
  record,
});

const bare = (more: Partial<NormalisedRecord> = {}): NormalisedRecord => ({
  name: "x",
  format: "tiff",
  shape: [16, 100, 200],
  dtype: "uint8",
  unit: [null, null, null],
  voxel_size: [null, null, null],
  offset: [null, null, null],
  channels: 1,
  axes: ["z", "y", "x"],
  contrast: null,
  acquisition: {},
  sources: { shape: "file", dtype: "file" },
  warnings: [],
  raw_metadata: {},
  ...more,
});

const entry = (set: JsonObject): JsonObject => ({ "EMPIAR-10001": { title: "t", imagesets: [set] } });

describe("voxel sizes", () => {
  const structured = entry({
    directory: "/data",
    pixel_width: 80,
    pixel_height: "80.0",
    details: "9 nm/px in xy, 50nm per section",
  });

  it("come from the file, then from the portal's field, then from its prose", () => {
    const filled = fillFromWeb(bare(), web(structured));
    expect(filled).toMatchObject({
      voxel_size: [50, 80, 80],
      unit: ["nm", "Å", "Å"],
      sources: { voxel_size: "web", unit: "web" },
      warnings: [
        "conflict:voxel_size: the portal 80 Å along y, the portal's text 9 nm",
        "conflict:voxel_size: the portal 80 Å along x, the portal's text 9 nm",
      ],
    });
    const own = fillFromWeb(
      bare({ voxel_size: [null, 8, 8], unit: [null, "nm", "nm"], sources: { voxel_size: "file" } }),
      web(structured),
    );
    expect(own).toMatchObject({
      voxel_size: [50, 8, 8],
      sources: { voxel_size: "file", "voxel_size.z": "web", "unit.z": "web" },
    });
    expect(own.warnings).toEqual([
      "conflict:voxel_size: the file 8 nm along y, the portal's text 9 nm",
      "conflict:voxel_size: the file 8 nm along x, the portal's text 9 nm",
    ]);
  });

  it.each([
    ["without a unit", [5, 5, 5], [null, null, null]],
    ["in a unit that nobody knows", [5, 5, 5], ["px", "px", "px"]],
    ["that is zero", [0, 0, 0], ["nm", "nm", "nm"]],
    ["that is no number", [Number.NaN, Number.NaN, Number.NaN], ["nm", "nm", "nm"]],
  ] as const)("of a file %s give way", (_, voxel_size, unit) => {
    const filled = fillFromWeb(
      bare({ voxel_size: [...voxel_size], unit: [...unit] }),
      web({ dataset_description: "voxel size 4 x 4 x 4 nm" }),
    );
    expect(filled).toMatchObject({ voxel_size: [4, 4, 4], unit: ["nm", "nm", "nm"], warnings: [] });
  });

  it("agree when prose has rounded them, in any unit", () => {
    const record = bare({ voxel_size: [0.05, 0.007998, 0.007998], unit: ["µm", "µm", "µm"] });
    expect(
      fillFromWeb(record, web(entry({ pixel_width: 80, pixel_height: 80, details: "8 nm/px, 50 nm per section" }))).warnings,
    ).toEqual([]);
  });

  it("leave axes alone that are none of space", () => {
    const record = bare({ axes: ["page", "y", "x"] });
    expect(fillFromWeb(record, web({ dataset_description: "voxel size 4 x 4 x 40 nm" })).voxel_size).toEqual([null, 4, 4]);
  });

  it("are the same filled twice", () => {
    const once = fillFromWeb(bare(), web(structured));
    expect(fillFromWeb(once, web(structured))).toEqual(once);
  });

  it("of a viewer's space only fill", () => {
    const state = web({ layers: [], dimensions: { x: [8e-9, "m"], y: [8e-9, "m"], z: [8e-9, "m"] } });
    expect(fillFromWeb(bare(), state)).toMatchObject({ voxel_size: [8, 8, 8], sources: { voxel_size: "web" } });
    const own = bare({ voxel_size: [16, 16, 16], unit: ["nm", "nm", "nm"] });
    expect(fillFromWeb(own, state)).toMatchObject({ voxel_size: [16, 16, 16], warnings: [] });
  });
});

describe("EMPIAR", () => {
  it("compares sizes and types, in the form of the interface and of the XML", () => {
    const api = entry({ image_width: "210", image_height: 100, voxel_type: "UNSIGNED 16 BIT INTEGER", frames_per_image: 1 });
    const xml: JsonObject = {
      entry: {
        admin: { title: "t" },
        imageSet: {
          voxelType: "UNSIGNED 16 BIT INTEGER",
          dimensions: { imageWidth: { "@units": "pixel", "#text": "210" }, imageHeight: "100", pixelWidth: { "#text": "80.0" } },
        },
      },
    };
    for (const raw of [api, xml]) {
      expect(fillFromWeb(bare(), web(raw)).warnings).toEqual([
        "conflict:shape: the file x 200, the portal x 210",
        "conflict:dtype: the file uint8, the portal uint16",
      ]);
    }
    expect(fillFromWeb(bare(), web(xml)).voxel_size).toEqual([null, null, 80]);
  });

  it("counts the slices of a stack", () => {
    const stack = bare({ raw_metadata: { files: ["a1.tif"] } });
    const raw = entry({ num_images_or_tilt_series: 17, frames_per_image: 1 });
    expect(fillFromWeb(stack, web(raw)).warnings).toEqual(["conflict:shape: the file z 16, the portal z 17"]);
    expect(fillFromWeb(bare(), web(raw)).warnings).toEqual([]);
  });

  it("asks the image set whose folder the file is in, and none where that is not told", () => {
    const raw: JsonObject = {
      "EMPIAR-10001": {
        title: "t",
        imagesets: [
          { directory: "/data/raw", pixel_width: 10, pixel_height: 10 },
          { directory: "data/raw/binned", pixel_width: 20, pixel_height: 20 },
        ],
      },
    };
    const at = (location: string) => fillFromWeb(bare(), web(raw), location).voxel_size[2];
    expect(at("https://ftp.ebi.ac.uk/empiar/world_availability/10001/data/raw/a.tif")).toBe(10);
    expect(at("https://ftp.ebi.ac.uk/empiar/world_availability/10001/data/raw/binned/a.tif")).toBe(20);
    expect(at("a.tif")).toBe(null);
  });
});

describe("IDR", () => {
  it("gives sizes, contrast and channels", () => {
    const raw: JsonObject = {
      imgData: {
        meta: { pixelsType: "float", imageDescription: "taken at 5 kV" },
        size: { width: 200, height: 100, z: 16, c: 2 },
        pixel_size: { x: 0.02, y: 0.02, z: null },
        channels: [{ window: { start: 3, end: 9 } }],
      },
      image: { Pixels: { PhysicalSizeX: { Value: 20, Unit: "NANOMETER", Symbol: "nm" } } },
    };
    expect(fillFromWeb(bare({ channels: null, dtype: null }), web(raw))).toMatchObject({
      voxel_size: [null, 0.02, 20],
      unit: [null, "µm", "nm"],
      contrast: { min: 3, max: 9 },
      channels: 2,
      dtype: "float32",
      acquisition: { beam_energy: { value: 5, unit: "keV" } },
      sources: { contrast: "web", channels: "web", dtype: "web", acquisition: "web" },
      warnings: [],
    });
  });

  it("(34.silence) tells numbers of channels that differ: the file may be one channel of the image", () => {
    const raw: JsonObject = { imgData: { size: { width: 200, height: 100, z: 16, c: 2 } } };
    expect(fillFromWeb(bare(), web(raw))).toMatchObject({
      channels: 1,
      warnings: ["conflict:channels: the file 1, the portal 2"],
    });
    expect(fillFromWeb(bare({ channels: 2 }), web(raw)).warnings).toEqual([]);
  });
});

describe("CryoET", () => {
  const node = (id: number, spacing: number): JsonObject => ({
    node: {
      id,
      voxelSpacing: spacing,
      sizeX: 200,
      sizeY: 100,
      sizeZ: 16,
      s3MrcFile: `s3://b/1/TS/${id}.mrc`,
      s3OmezarrDir: `s3://b/1/TS/${id}.zarr`,
    },
  });
  const raw: JsonObject = { runs: [{ id: 1, tomograms: { edges: [node(1, 10), node(2, 5)] } }] };

  it("knows a tomogram by its file or folder, wherever it is copied to", () => {
    expect(fillFromWeb(bare(), web(raw), "zarr://s3://b/1/TS/2.zarr")).toMatchObject({
      voxel_size: [5, 5, 5],
      unit: ["Å", "Å", "Å"],
    });
    expect(fillFromWeb(bare(), web(raw), "/data/1/TS/1.mrc").voxel_size).toEqual([10, 10, 10]);
    expect(fillFromWeb(bare(), web(raw), "/data/other.mrc").voxel_size).toEqual([null, null, null]);
  });

  it("(34.silence) takes the only tomogram of a run for the image if their sizes are the same, and tells it", () => {
    const one: JsonObject = { runs: [{ id: 1, tomograms: { edges: [node(1, 10)] } }] };
    expect(fillFromWeb(bare(), web(one), "/data/1/TS/1.mrc")).toMatchObject({ voxel_size: [10, 10, 10], warnings: [] });
    const guessed = fillFromWeb(bare(), web(one), "/data/other.mrc");
    expect(guessed).toMatchObject({
      voxel_size: [10, 10, 10],
      warnings: ["web-guess: the portal's facts are those of the only tomogram of the run, which has the same size"],
    });
    expect(fillFromWeb(guessed, web(one), "/data/other.mrc")).toEqual(guessed);
  });

  it("(34.silence) gives a tilt series no voxel size of the only tomogram of its run, and tells what it leaves out", () => {
    const one: JsonObject = { runs: [{ id: 1, tomograms: { edges: [node(1, 10)] } }] };
    const series = bare({ shape: [41, 400, 800] });
    expect(fillFromWeb(series, web(one), "s3://b/1/TiltSeries/TS.mrc")).toEqual({
      ...series,
      warnings: [
        "web-guess: the portal's facts of the only tomogram of the run are left out: nothing shows that this is the image, and its size is another",
      ],
    });
  });
});

describe("BioImage Archive", () => {
  const attribute = (name: string, value: string): JsonObject => ({ name, value });
  const study = (...attributes: JsonObject[]) =>
    web({ submission: { accno: "S-BIAD1", section: { attributes: [], subsections: [[{ attributes }]] } }, info: {} });

  it("reads attributes of any section, and their prose", () => {
    const filled = fillFromWeb(
      bare(),
      study(
        attribute("Imaging Instrument", "Zeiss Gemini 450"),
        attribute("Image acquisition parameters", "1.5 kV, 8 nm/pixel"),
        attribute("Voxel size Z (nm)", "40"),
      ),
    );
    expect(filled).toMatchObject({
      voxel_size: [40, 8, 8],
      acquisition: { microscope: "Zeiss Gemini 450", beam_energy: { value: 1.5, unit: "keV" } },
    });
  });

  it("believes no attribute that several acquisitions have differently", () => {
    const filled = fillFromWeb(bare(), study(attribute("Voxel size Z (nm)", "40"), attribute("Voxel size Z (nm)", "50")));
    expect(filled.voxel_size).toEqual([null, null, null]);
  });
});

describe("OpenOrganelle", () => {
  const sections: JsonObject = {
    "Acquisition details": {
      Imaging_start_date: " Mon Mar 09 2015",
      "Final_voxel_size_(nm)": " (4, 4, 2.96) (x, y, z)",
      "Dimensions_(nm)": " (800, 400, 47.36) (x, y, z)",
    },
    "FIB-SEM parameters": {
      "Scan_rate_(MHz)": " 0.4",
      "Current_(nA)": " 0.22",
      "Imaging_duration_(days)_": " 13",
      "Bias_(Volts)": " 0",
    },
  };

  it("gives what the page says, and finds that size and extent fit together", () => {
    expect(fillFromWeb(bare(), web(sections))).toMatchObject({
      voxel_size: [2.96, 4, 4],
      unit: ["nm", "nm", "nm"],
      acquisition: {
        scan_rate: { value: 0.4, unit: "MHz", si: 4e5 },
        beam_current: { value: 0.22, unit: "nA", si: 2.2e-10 },
        imaging_duration: { value: 13, unit: "day", si: 13 * 86400 },
        bias_voltage: { value: 0, unit: "V", si: 0 },
        date: "2015-03-09",
      },
      warnings: [],
    });
  });

  it("asks the manifest's source of that very volume first", () => {
    const raw: JsonObject = {
      ...sections,
      sources: {
        manifest: {
          sources: {
            em: {
              url: "https://janelia-cosem-datasets.s3.amazonaws.com/x/x.n5/em",
              transform: { axes: ["z", "y", "x"], units: ["nm", "nm", "nm"], scale: [5.92, 8, 8], translate: [0, 0, 0] },
              displaySettings: { contrastLimits: { start: 0.1, end: 0.2 } },
            },
          },
        },
      },
    };
    const filled = fillFromWeb(bare(), web(raw), "n5://s3://janelia-cosem-datasets/x/x.n5/em/s0");
    expect(filled).toMatchObject({ voxel_size: [5.92, 8, 8], contrast: { min: 0.1, max: 0.2 } });
    expect(fillFromWeb(bare(), web(raw), "n5://s3://janelia-cosem-datasets/x/x.n5/other").voxel_size).toEqual([2.96, 4, 4]);
  });

  it("holds scan rate and dwell time against each other", () => {
    const dwell = (value: number) =>
      bare({ acquisition: { dwell_time: { value, unit: "s", si: value } }, sources: { acquisition: "file" } });
    expect(fillFromWeb(dwell(2.5e-6), web(sections)).warnings).toEqual([]);
    const wrong = fillFromWeb(dwell(5e-7), web(sections));
    expect(wrong.warnings).toEqual(["conflict:scan_rate: 0.4 MHz and a dwell time of 5e-7 s are not each other's reciprocal"]);
    expect(wrong.sources).toMatchObject({ acquisition: "file", "acquisition.scan_rate": "web" });
  });
});

describe("microscopes", () => {
  const raw = entry({ details: "FEI Magellan400" });
  it.each([
    ["Magellan 400", []],
    ["FEI Magellan400 FEG", []],
    ["FEI Quanta", ["conflict:microscope: the file FEI Quanta, the portal's text FEI Magellan400"]],
  ])("%s", (microscope, warnings) => {
    expect(fillFromWeb(bare({ acquisition: { microscope }, sources: { acquisition: "file" } }), web(raw)).warnings).toEqual(
      warnings,
    );
  });
});

it("a portal that says nothing leaves the record as it is", () => {
  for (const raw of [{}, { a: 1 }, { layers: [] }, { submission: {} }, { runs: [] }, { imgData: {} }] as JsonObject[]) {
    expect(fillFromWeb(bare(), web(raw))).toEqual(bare());
  }
});
