import { expect, it } from "vitest";
import { laboratoryWith } from "../../../../../../test/laboratory-kit.js";
import { maps } from "./recognise.js";

const tiff = new Uint8Array([0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

it("tiles and snapshots of a project of MAPS are no frames", async () => {
  const found = await maps.recognise(
    await laboratoryWith({
      "grid4/MapsProject.xml": "<MapsProject />",
      "grid4/LayersData/Layer/Tile Set (1)/Tile_001-001-000000_0-000.tif": tiff,
      "grid4/LayersData/Layer/Electron Snapshot/Electron Snapshot.tiff": tiff,
      "grid4/TS_01_000_0.0.tif": tiff,
      "grid5/LayersData/TS_01_001_3.0.tif": tiff,
    }),
  );
  expect(found!.claims.map(({ path, because }) => `${path.split("/").at(-1)}: ${because}`)).toEqual([
    "MapsProject.xml: a project file of MAPS",
    "Electron Snapshot.tiff: a picture of a project of MAPS",
    "Tile_001-001-000000_0-000.tif: a picture of a project of MAPS",
  ]);
  expect(await maps.recognise(await laboratoryWith({ "LayersData/TS_01.tif": tiff }))).toBeUndefined();
});
