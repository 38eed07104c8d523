import { discsOf } from "../../../arrays/picture/marks.js";
import { encodePng } from "../../../arrays/picture/png.js";
import { renderPicture } from "../../../arrays/picture/render.js";
import { answerJobs } from "../../../system/thread-side.js";
import type { Drawing } from "./picture-threads.js";

/** Entry of a thread that draws pictures: sections come in, PNG files go out. */
answerJobs(({ section, names }: Drawing) =>
  names.map((name) => encodePng(renderPicture({ ...section, discs: discsOf(section.discs) }, name))),
);
