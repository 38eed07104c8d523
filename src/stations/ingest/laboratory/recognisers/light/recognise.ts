import type { Claim, Recogniser } from "../../claims.js";
import type { Surveyed } from "../../survey/laboratory.js";
import { baseName, folderOf } from "../common/paths.js";
import { setSpacing } from "../common/volumes.js";
import { CORRELATIVE_FOLDER, LIGHT_FOLDER, LIGHT_NAME, LIGHT_VOXEL_LEAST } from "./names.js";

/**
 * Light microscopy beside tomography: stacks of fluorescence that somebody saved as MRC or TIFF. They are known by a folder that is called after it, or by voxels as large
 * as those of a light microscope where a name or a folder speaks of it; about others a person is asked (`lightQuestions`).
 */
export const light: Recogniser = {
  id: "light",
  software: "light microscopy",
  async recognise(laboratory) {
    const claims = laboratory.files.flatMap((file): Claim[] => {
      const because = reasonOf(file);
      return because === undefined ? [] : [{ path: file.path, role: "left out", because, strength: "contents" }];
    });
    return claims.length === 0 ? undefined : { software: "", by: claims.slice(0, 3).map(({ path }) => path), claims };
  },
};

function reasonOf({ path, volume, format }: Surveyed): string | undefined {
  if (volume === undefined && format !== "tiff") return undefined;
  const folders = folderOf(path).split("/");
  if (folders.some((folder) => LIGHT_FOLDER.test(folder))) return "recorded with light, by its folder";
  const spacing = volume && setSpacing(volume);
  const isLarge = spacing !== undefined && spacing >= LIGHT_VOXEL_LEAST;
  const isNamed = LIGHT_NAME.test(baseName(path)) || folders.some((folder) => CORRELATIVE_FOLDER.test(folder));
  return isLarge && isNamed ? "recorded with light, by its name or folder and its voxel size" : undefined;
}
