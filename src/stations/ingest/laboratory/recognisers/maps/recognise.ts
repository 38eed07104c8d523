import type { Recogniser } from "../../claims.js";
import { baseName, folderOf } from "../common/paths.js";

const PROJECT = /^(?:MapsProject\.xml|EMproject\.emxml)$/i;
/** Below a project, everything that it shows. */
const LAYERS = /^LayersData$/i;

/**
 * MAPS of Thermo Fisher keeps what electron, ion and light microscopes show of a grid: `LayersData/Layer/Tile Set (1)/Tile_001-001-000000_0-000.tif` beside
 * `MapsProject.xml`. None of it is a frame.
 *
 * Source: names as in https://github.com/DiamondLightSource/python-murfey (`tests/client/test_analyser.py`)
 */
export const maps: Recogniser = {
  id: "maps",
  software: "MAPS (Thermo Fisher)",
  async recognise(laboratory) {
    const projects = laboratory.files.filter(({ path }) => PROJECT.test(baseName(path)));
    const folders = new Set(projects.map(({ path }) => folderOf(path)));
    const isShown = (path: string) => {
      const parts = path.split("/");
      const at = parts.findIndex((part) => LAYERS.test(part));
      return at >= 0 && at < parts.length - 1 && folders.has(parts.slice(0, at).join("/"));
    };
    const shown = laboratory.files.filter(({ path }) => isShown(path));
    if (projects.length === 0) return undefined;
    return {
      software: "MAPS (Thermo Fisher)",
      by: projects.slice(0, 3).map(({ path }) => path),
      claims: [
        ...projects.map(({ path }) => ({ path, because: "a project file of MAPS" })),
        ...shown.map(({ path }) => ({ path, because: "a picture of a project of MAPS" })),
      ].map((one) => ({ ...one, role: "left out", strength: "bookkeeping" })),
    };
  },
};
