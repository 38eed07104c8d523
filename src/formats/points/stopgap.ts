import { Columns, hasColumn, readParticles } from "./particles.js";
import type { ReadPoints } from "./points.js";
import { stopgapRotation } from "./rotation.js";
import { scipyStopgapRotation } from "./scipy-rotation.js";

/**
 * A STOPGAP motive list: `orig_x/y/z` and the shift found since, in pixels; tomograms numbered by `tomo_num`.
 *
 * position = (orig + shift) / binning, R = Z(psi) · X(the) · Z(phi)
 */
export const readStopgap: ReadPoints = (source, options, read) =>
  readParticles(
    source,
    options,
    hasColumn("orig_x"),
    (table) => {
      const columns = new Columns(table, source.name);
      const origins = columns.need("orig_x", "orig_y", "orig_z");
      const shifts = columns.need("x_shift", "y_shift", "z_shift");
      const angles = options.kind === "orientedPoint" ? columns.need("phi", "psi", "the") : undefined;
      return {
        numbers: columns.places,
        keep: columns.filter(options.filterValue, ["tomo_num"]),
        place: (read, row, out, offset) => {
          for (let i = 0; i < 3; i++) out[offset + i] = (read[origins[i]!]![row]! + read[shifts[i]!]![row]!) / options.binning;
        },
        turn:
          angles &&
          ((read, row, out, offset) =>
            (options.compat ? scipyStopgapRotation : stopgapRotation)(
              read[angles[0]]![row]!,
              read[angles[1]]![row]!,
              read[angles[2]]![row]!,
              out,
              offset,
            )),
      };
    },
    read,
  );
