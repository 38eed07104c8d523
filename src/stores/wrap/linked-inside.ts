import { realpathSync } from "node:fs";
import { errnoOf } from "../file/errors.js";
import { isInside, leavesFolder } from "../file/inside.js";
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
    let real: string;
    try {
      const root = realpathSync(local.path(""));
      real = realpathSync(wanted);
      if (isInside(root, real)) return wanted;
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return wanted;
      throw error;
    }
    throw leavesFolder(wanted, local.path(""), real);
  };
  return { ...store, local: { ...local, path } };
}
