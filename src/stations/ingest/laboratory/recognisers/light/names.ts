/** Dyes and proteins that light up, and ways to look at them, as people put them into names. */
const WORDS = String.raw`e?gfp|[ycrb]fp|m?cherry|tdtomato|m?(?:scarlet|neongreen|venus|ruby)|dapi|hoechst|alexa|bodipy|(?:mito|lyso)tracker|flm|fluo(?:rescen(?:ce|t))?|confocal|airyscan|wide_?field|bright_?field|reflection`;

/** Whether the name of a file has such a word. */
export const LIGHT_NAME = new RegExp(String.raw`(?:^|[_.\- ])(?:${WORDS})\d*(?=[_.\- ]|$)`, "i");
/** Folders of a light microscope alone. */
export const LIGHT_FOLDER =
  /^(?:flm|fluo(?:rescen(?:ce|t))?|light(?:[_ -]?microscop[ey])?|confocal|airyscan|wide_?field)(?:[_ -]?(?:data|images?|stacks?|raw))?$/i;
/** Folders of correlative microscopy, in which tomograms lie, too. */
export const CORRELATIVE_FOLDER = /(?:^|[_.\- ])(?:clem|correlati(?:on|ve))(?=[_.\- \d]|$)/i;
/** Å; electrons are recorded with finer voxels, even where a tomogram shows a whole cell. */
export const LIGHT_VOXEL_LEAST = 300;
