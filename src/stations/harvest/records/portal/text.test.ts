import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readText } from "./text.js";

/** What prose says of a voxel: x, y, z with their units; the shortest way to write a row of the tables. */
function voxel(prose: string): string {
  const { voxelSize } = readText(prose);
  return (["x", "y", "z"] as const)
    .flatMap((axis) => (voxelSize[axis] ? [`${axis} ${voxelSize[axis].value} ${voxelSize[axis].unit}`] : []))
    .join(", ");
}

const isotropic = (value: number, unit: string) => ["x", "y", "z"].map((axis) => `${axis} ${value} ${unit}`).join(", ");

/** The two texts of the example data sets. */
const EPFL =
  "The dataset available for download on this webpage represents a 5x5x5µm section taken from the CA1 hippocampus region of the brain, corresponding to a 1065x2048x1536 volume. The resolution of each voxel is approximately 5x5x5nm. The data is provided as multipage TIF files that can be loaded in Fiji.";
const EMPIAR =
  "Serial block-face SEM; 8nm/px in xy and 50nm per section (z). FEI Magellan400 at 1.9kV and 200pA, 0.5 usec dwell, Gatan 3ViewXP.";

describe("voxel sizes in prose", () => {
  it.each([
    [EPFL, isotropic(5, "nm")],
    ["a section of 5x5x5µm, a volume of 1065x2048x1536 voxels. The resolution of each voxel is 5x5x5nm.", isotropic(5, "nm")],
    ["voxel size 5 × 5 × 5 nm³", isotropic(5, "nm")],
    ["voxel size: 5 nm x 5 nm x 5 nm", isotropic(5, "nm")],
    ["Voxel size of 4x4x40 nm^3.", "x 4 nm, y 4 nm, z 40 nm"],
    ["voxels of 8 nm × 8 nm × 0.05 μm", "x 8 nm, y 8 nm, z 0.05 µm"],
    ["imaged with a resolution of 3,5 x 3,5 x 50 nm", "x 3.5 nm, y 3.5 nm, z 50 nm"],
    ["final voxel size (4, 4, 2.96) nm", "x 4 nm, y 4 nm, z 2.96 nm"],
    ["resolution 6nmx6nmx30nm", "x 6 nm, y 6 nm, z 30 nm"],
    ["5x5x5 nm voxels", isotropic(5, "nm")],
    ["sampling 13.48 × 13.48 × 13.48 Å", isotropic(13.48, "Å")],
    ["voxel size 5 &times; 5 &times; 5 &micro;m", isotropic(5, "µm")],
    ["isotropic 8 nm voxels", isotropic(8, "nm")],
    ["8 nm isotropic voxels", isotropic(8, "nm")],
    ["an isotropic resolution of 8 nm", isotropic(8, "nm")],
    ["voxel size 10.91 Å", isotropic(10.91, "Å")],
  ])("%s", (prose, wanted) => {
    expect(voxel(prose)).toBe(wanted);
  });

  it.each([
    [EMPIAR, "x 8 nm, y 8 nm, z 50 nm"],
    ["8 nm/pixel, 50 nm/section", "x 8 nm, y 8 nm, z 50 nm"],
    ["8nm per pixel and 50 nm per slice", "x 8 nm, y 8 nm, z 50 nm"],
    ["pixel size of 8 nm; section thickness was 50 nm", "x 8 nm, y 8 nm, z 50 nm"],
    ["Pixel size: 0,008 µm. Slice thickness: 50nm.", "x 0.008 µm, y 0.008 µm, z 50 nm"],
    ["8 nm pixels, 50 nm thick sections", "x 8 nm, y 8 nm, z 50 nm"],
    ["xy resolution 8 nm, z-step of 50 nm", "x 8 nm, y 8 nm, z 50 nm"],
    ["8 nm in xy and 50 nm in z", "x 8 nm, y 8 nm, z 50 nm"],
    ["5 × 5 nm pixels", "x 5 nm, y 5 nm"],
    ["pixel size 5 x 6 nm, 70 nm sections", "x 5 nm, y 6 nm, z 70 nm"],
    ["0.0112 um/px", "x 0.0112 µm, y 0.0112 µm"],
    ["sectioned at 60 nm", "z 60 nm"],
    ["50-nm-thick sections", "z 50 nm"],
  ])("%s", (prose, wanted) => {
    expect(voxel(prose)).toBe(wanted);
  });

  it.each([
    "a 5x5x5µm section of the brain",
    "a volume of 1065x2048x1536 voxels",
    "1024 x 1024 pixels",
    "a field of view of 20 x 20 µm",
    "particles of 80 nm",
    "500 nm light",
    "",
    "nm nm nm x x x",
  ])("nothing in: %s", (prose) => {
    expect(voxel(prose)).toBe("");
  });
});

describe("settings of the microscope in prose", () => {
  it("reads EMPIAR's example", () => {
    expect(readText(EMPIAR).acquisition).toEqual({
      beam_energy: { value: 1.9, unit: "keV", si: expect.closeTo(1900 * 1.602176634e-19, 25) },
      beam_current: { value: 200, unit: "pA", si: 2e-10 },
      dwell_time: { value: 0.5, unit: "µs", si: 5e-7 },
      microscope: "FEI Magellan400",
    });
  });

  it.each([
    ["1,9 kV", "beam_energy", 1.9, "keV"],
    ["an accelerating voltage of 300 kV", "beam_energy", 300, "keV"],
    ["landing energy 1.2keV", "beam_energy", 1.2, "keV"],
    ["electrons of 500 eV", "beam_energy", 500, "eV"],
    ["stage bias of 2.5 kV, beam at 4 kV", "beam_energy", 4, "keV"],
    ["0.22 nA", "beam_current", 0.22, "nA"],
    ["milled with 30 nA, imaged with 700 pA", "beam_current", 700, "pA"],
    ["1,200 pA", "beam_current", 1200, "pA"],
    ["0.5 µs dwell", "dwell_time", 0.5, "µs"],
    ["0.5 μs dwell time", "dwell_time", 0.5, "µs"],
    ["a dwell time of 2 us", "dwell_time", 2, "µs"],
    ["dwell time: 0,8 µs", "dwell_time", 0.8, "µs"],
    ["1.5 µs/pixel", "dwell_time", 1.5, "µs"],
    ["500 ns dwell", "dwell_time", 500, "ns"],
    ["a scan rate of 0.4 MHz", "scan_rate", 0.4, "MHz"],
    ["bias voltage of 500 V", "bias_voltage", 500, "V"],
    ["a magnification of 2,159x", "magnification", 2159, ""],
    ["at 5000 × magnification", "magnification", 5000, ""],
  ])("%s", (prose, key, value, unit) => {
    expect(readText(prose).acquisition[key]).toMatchObject({ value, unit });
  });

  it.each([
    ["on a FEI Quanta 250 FEG with 3View", "FEI Quanta 250 FEG"],
    ["a Zeiss Merlin Compact VP equipped with", "Zeiss Merlin Compact VP"],
    ["JEOL JEM-2100 at 200 kV", "JEOL JEM-2100"],
    ["Thermo Scientific Krios G4 microscope", "Thermo Scientific Krios G4"],
    ["FEI Company, Hillsboro", undefined],
    ["a microscope", undefined],
  ])("%s", (prose, microscope) => {
    expect(readText(prose).acquisition.microscope).toBe(microscope);
  });

  it("reads any text in no time and never fails", () => {
    const words = fc.constantFrom(
      "5",
      "x",
      "nm",
      "8 nm",
      "voxel",
      "resolution",
      ".",
      " ",
      "µs",
      "dwell",
      "1,9",
      "kV",
      "(",
      ")",
      "per section",
      "×",
      "\u0000",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 60 }), (parts) => {
        const { voxelSize, acquisition } = readText(parts.join(" "));
        for (const length of Object.values(voxelSize)) expect(length.value).toBeGreaterThan(0);
        for (const fact of Object.values(acquisition)) expect(typeof fact === "string" || Number.isFinite(fact.si)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
