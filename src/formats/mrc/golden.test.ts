import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { type MrcHeader, readMrcHeader } from "./header.js";
import { decodePlane, readMrcExtendedHeader, readMrcPlanes } from "./read.js";

const fixtures = new URL("../../../test/fixtures/mrc/", import.meta.url);
const golden = new URL("../../../test/golden/mrc/", import.meta.url);

/** Facts of mrcfile about a file; the script that wrote them stands beside them. */
interface Golden {
  shape: number[];
  mode: number;
  littleEndian: boolean;
  mapcrs: number[];
  nstart_xyz: number[];
  mxyz: number[];
  cella: number[];
  cellb: number[];
  voxel_size_xyz: number[];
  dmin_dmax_dmean: number[];
  rms: number;
  ispg: number;
  nsymbt: number;
  exttyp: string;
  nversion: number;
  origin_xyz: number[];
  labels: string[];
  extended_sha256: string;
  native_sha256: string;
  min: number;
  max: number;
  sum: number;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Our header in mrcfile's words. */
function inGoldenWords(header: MrcHeader) {
  const xyz = <T>(zyx: readonly T[]) => [...zyx].reverse();
  return {
    shape: header.shape,
    mode: header.mode,
    littleEndian: header.littleEndian,
    mapcrs: [header.mapc, header.mapr, header.maps],
    nstart_xyz: xyz(header.nstart),
    mxyz: xyz(header.grid),
    cella: xyz(header.cellAngstrom),
    cellb: header.cellAnglesDegrees,
    voxel_size_xyz: xyz(header.voxelSizeAngstrom),
    dmin_dmax_dmean: [header.dmin, header.dmax, header.dmean],
    rms: header.rms,
    ispg: header.ispg,
    nsymbt: header.nsymbt,
    exttyp: header.exttyp,
    nversion: header.nversion,
    origin_xyz: xyz(header.originAngstrom),
    labels: header.labels,
  };
}

describe("fixtures that mrcfile wrote or reads", () => {
  for (const file of readdirSync(fixtures).filter((name) => name.endsWith(".mrc"))) {
    it(`${file}: header and voxels are as mrcfile sees them`, async () => {
      const source = inMemory(readFileSync(new URL(file, fixtures)), file);
      const want: Golden = JSON.parse(readFileSync(new URL(file.replace(".mrc", ".json"), golden), "utf8"));
      const header = await readMrcHeader(source);
      const { extended_sha256, native_sha256, min, max, sum, ...fields } = want;
      expect({ writer: (want as unknown as { writer: string }).writer, ...inGoldenWords(header) }).toEqual(fields);
      expect(sha256(await readMrcExtendedHeader(source, header))).toBe(extended_sha256);

      const planes: Uint8Array[] = [];
      for (let z = 0; z < header.shape[0]; z++) {
        const plane = await readMrcPlanes(source, header, z, z + 1);
        // mrcfile calls every mode 0 int8, so bytes are compared under that name
        const voxels = decodePlane(plane, header.mode === 0 ? { ...header, dtype: "int8" } : header);
        planes.push(header.dtype === "float16" ? plane : new Uint8Array(voxels.buffer));
        for (const value of voxels) if (value < min || value > max) throw new Error(`${value} is outside ${min}..${max}`);
      }
      const all = await readMrcPlanes(source, header, 0, header.shape[0]);
      const values = decodePlane(all, header.mode === 0 ? { ...header, dtype: "int8" } : header);
      expect(Array.from(values as Iterable<number>).reduce((total, value) => total + value, 0)).toBe(sum);
      if (header.dtype === "float16") expect([Math.min(...values), Math.max(...values)]).toEqual([min, max]);
      else expect(sha256(Buffer.concat(planes))).toBe(native_sha256);
    });
  }
});
