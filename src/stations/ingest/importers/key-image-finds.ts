import { isPictureName, PICTURE_NAMES, type PictureName } from "../../../arrays/picture/frame.js";
import { EmporiumError } from "../../../core/errors.js";
import { scalarText } from "../config/nodes.js";
import type { Ancestor } from "../finders/scope.js";
import { type ImportContext, scopeBelow } from "./importer.js";
import { findSection, type SectionItem, sectionOf } from "./sections.js";
import type { VoxelSpacing } from "./voxel-spacing.js";

/** Pictures of a tomogram: each with its source file, or undefined if it is rendered. */
export type KeyImages = ReadonlyMap<PictureName, SectionItem | undefined>;

/**
 * The configured pictures; all four if there is no section for them, or its sources find none. A file with the name of a picture
 * is used for it; the first file with another name is used for all others.
 *
 * @throws {EmporiumError} CONFIG_FIELD for a literal that is no picture's name
 */
export async function findKeyImages(context: ImportContext, id: number, { ancestor }: VoxelSpacing): Promise<KeyImages> {
  const pictures = new Map<PictureName, SectionItem | undefined>();
  const rest = (item?: SectionItem) => {
    for (const name of PICTURE_NAMES) if (!pictures.has(name)) pictures.set(name, item);
    return pictures;
  };
  if (!sectionOf(context, "key_image")) return rest();
  const tomogram: Ancestor = { type: "tomogram", name: String(id), path: null, folder: ancestor.folder, id };
  const { items } = await findSection(context, "key_image", scopeBelow({ scope: scopeBelow(context, ancestor) }, tomogram));
  const files = items.filter(({ folder }) => !folder);
  if (files.length === 0) return rest();
  let other: SectionItem | undefined;
  for (const item of files) {
    const name = scalarText(item.name);
    if (isPictureName(name)) pictures.set(name, item.key === null ? undefined : item);
    else if (item.key !== null) other ??= item;
    else {
      throw new EmporiumError("CONFIG_FIELD", `key image ${JSON.stringify(name)}; expected one of ${PICTURE_NAMES.join(", ")}`, {
        place: item.place,
      });
    }
  }
  return other ? rest(other) : pictures;
}
