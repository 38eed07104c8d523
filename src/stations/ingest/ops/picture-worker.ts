import type { PictureName } from "../../../arrays/picture/frame.js";
import { type DiscList, discsOf } from "../../../arrays/picture/marks.js";
import { encodePng } from "../../../arrays/picture/png.js";
import { renderPicture, type Section } from "../../../arrays/picture/render.js";
import { answerJobs } from "../../../system/thread-side.js";

/** Pictures that are drawn of one section. */
export interface Drawing {
  readonly section: Omit<Section, "discs"> & { readonly discs: DiscList };
  readonly names: readonly PictureName[];
}

/** Entry of a thread that draws pictures: sections come in, PNG files go out. */
answerJobs(({ section, names }: Drawing) =>
  names.map((name) => encodePng(renderPicture({ ...section, discs: discsOf(section.discs) }, name))),
);
