import { groupsOf } from "../../../../../core/groups.js";
import type { Claim, Recogniser } from "../../claims.js";
import { isAverage, isBox, isParticle } from "../common/averages.js";
import { folderOf } from "../common/paths.js";
import { shapeKey, volumesOf } from "../common/volumes.js";

/**
 * Averages of particles, references and masks for them, and cut-out particles: small cubes by the names that programs give them, or many boxes of one
 * size in one folder. A tomogram that is cut to a cube has neither; `boxQuestions` asks about single ones.
 */
export const particleAverages: Recogniser = {
  id: "particle-averages",
  software: "particle averages",
  async recognise(laboratory) {
    const claims: Claim[] = [];
    const leave = (path: string, because: string) => claims.push({ path, role: "left out", because, strength: "contents" });
    for (const file of laboratory.files)
      if (isAverage(file))
        leave(file.path, "a small cube that is called an average of particles, or a reference or mask for them");
      else if (isParticle(file)) leave(file.path, "a particle that RELION cut out, or its CTF, by its name");
    const boxes = volumesOf(laboratory).filter((file) => isBox(file) && !isAverage(file) && !isParticle(file));
    const groups = groupsOf(boxes, ({ path, volume }) => `${folderOf(path)}\0${shapeKey(volume)}`);
    for (const group of groups.values()) {
      const forms = new Set(group.map(({ path }) => path.replace(/\d+/g, "#")));
      const isMany = group.length >= MANY && group[0]!.volume.shape[0] <= PARTICLE_MAX && forms.size * 10 <= group.length;
      if (isMany) for (const { path } of group) leave(path, `one of ${group.length} boxes of one size: cut-out particles`);
    }
    return claims.length === 0 ? undefined : { software: "", by: claims.slice(0, 3).map(({ path }) => path), claims };
  },
};

/** Runs are fewer than particles, and their tomograms are no cubes. */
const MANY = 20;
const PARTICLE_MAX = 256;
