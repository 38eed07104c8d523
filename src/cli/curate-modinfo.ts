import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import { command } from "./command.js";

/** A run of the demo's archive. */
const EXAMPLE = "demo-out/archive/grp_tomo_db1_d1/compute/TomoDB1_d1/FlagellarMotor_P1/Hpylori_dfliQ/mka2019-11-19-65";

export default command({
  name: "curate modinfo",
  summary: "Show IMOD models: objects, points, meshes, slicer angles, and the volume they were drawn on",
  details: [
    "Reads models completely, local or remote. The volume of a model is searched beside it, or in the folder above: its size must equal the model's, and its pixel size the model's scale to 1 %. --json lists every compared volume with its score and the reasons.",
    "--ascii prints the text form of a model, version 2.0, as imodinfo -a of IMOD does; numbers have six digits. --slicer prints a line for each slicer angle: angles about x, y, z and the centre, a tab, and the label, which may contain blanks. With several models, each begins with a line # FILE.",
    "Exit status: 0 all were read, 3 some were not, 1 none was.",
  ],
  positionals: ["file"],
  options: z.object({
    file: z.array(z.string()).min(1, "a file").meta({ description: "IMOD models", value: "FILE.mod" }),
    ascii: z.boolean().default(false).meta({ description: "print the text form of IMOD" }),
    slicer: z.boolean().default(false).meta({ description: "print only the slicer angles" }),
    anonymous: z.boolean().default(false).meta({ description: "send unsigned requests to buckets" }),
  }),
  examples: [
    { run: `emporium curate modinfo ${EXAMPLE}/MS.mod ${EXAMPLE}/hat.mod`, says: "a summary for people" },
    { run: `emporium curate modinfo ${EXAMPLE}/MS.mod --ascii`, says: "the model as text" },
  ],
  async run({ file, ascii, slicer, anonymous }, io) {
    if ([ascii, slicer, io.json].filter(Boolean).length > 1) {
      throw new EmporiumError("USAGE", "curate modinfo needs one of --json, --ascii and --slicer");
    }
    const [{ inspectModels, modelsAsAscii, slicerLines }, { modelText }] = await Promise.all([
      import("../stations/curate/models/read-models.js"),
      import("../stations/curate/models/model-text.js"),
    ]);
    const options = { anonymous, signal: io.signal };
    const named = (name: string, text: string) => (file.length > 1 ? `# ${name.replace(/[\r\n]/g, " ")}\n${text}` : text);
    if (ascii) {
      const { models, errors, exitStatus } = await modelsAsAscii(file, options);
      for (const error of errors) io.fail(error);
      for (const { file: name, value } of models) io.out(named(name, value.replace(/\n$/, "")));
      return exitStatus;
    }
    if (slicer) {
      const { models, errors, exitStatus } = await slicerLines(file, options);
      for (const error of errors) io.fail(error);
      for (const { file: name, value } of models)
        if (value.length > 0 || file.length > 1) io.out(named(name, value.join("\n")).replace(/\n$/, ""));
      return exitStatus;
    }
    const { models, errors, exitStatus } = await inspectModels(file, options);
    for (const error of errors) io.fail(error);
    if (io.json) io.outJson({ models: models.map(({ file: name, value }) => ({ file: name, ...value })), errors });
    else if (models.length > 0) io.out(models.map(({ file: name, value }) => modelText(name, value)).join("\n\n"));
    return exitStatus;
  },
});
