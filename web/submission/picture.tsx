import { FileText } from "lucide-react";
import type { SubmissionFile } from "../../src/model/page-api.js";
import { VolumePicture } from "../parts/volume-picture.js";

/** The middle section of a file; of one without sections the end of its name. */
export function Picture({ file: { path, ref } }: { file: SubmissionFile }) {
  return (
    <span className="stage">
      {ref !== undefined ? (
        <VolumePicture of={ref} />
      ) : (
        <span className="none">
          <FileText size={16} aria-hidden /> {/\.[A-Za-z]\w{0,7}$/.exec(path)?.[0] ?? "file"}
        </span>
      )}
    </span>
  );
}
