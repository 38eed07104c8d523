import { parentPort } from "node:worker_threads";
import { discsOf } from "../../../arrays/picture/marks.js";
import { encodePng } from "../../../arrays/picture/png.js";
import { renderPicture } from "../../../arrays/picture/render.js";
import { asEmporiumError, toErrorRecord } from "../../../core/errors.js";
import type { Drawing } from "./picture-threads.js";

/** Entry of a thread that draws pictures: sections come in, PNG files go out. */
parentPort!.on("message", ({ section, names }: Drawing) => {
  try {
    const files = names.map((name) => encodePng(renderPicture({ ...section, discs: discsOf(section.discs) }, name)));
    parentPort!.postMessage({ files });
  } catch (error) {
    parentPort!.postMessage({ error: toErrorRecord(asEmporiumError(error)) });
  }
});
