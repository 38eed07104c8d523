import { realpathSync } from "node:fs";
import { sep } from "node:path";
import { EmporiumError } from "../../core/errors.js";
import { errnoOf } from "../file/errors.js";
import type { Store } from "../store.js";

/**
 * A store whose files may be read by their paths although others may have put links there: a path that a link leads out of the folder is refused, as
 * `read` refuses it.
 */
export function linkedInside(store: Store): Store {
  const { local } = store;
  if (!local) return store;
  const path = (key: string) => {
    const wanted = local.path(key);
    try {
      const [root, real] = [realpathSync(local.path("")), realpathSync(wanted)];
      if (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)) return wanted;
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return wanted;
      throw error;
    }
    throw new EmporiumError("STORE_DENIED", `${wanted} is reached by a link that leaves its folder`, { place: { file: wanted } });
  };
  return { ...store, local: { ...local, path } };
}
