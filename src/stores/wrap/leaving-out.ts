import type { ListOptions, Store } from "../store.js";

/**
 * A store whose listings leave out names that can be no keys, as other stores do, where a folder of this machine would end them.
 *
 * @param tell called once with each of these names, but where the lister asks for them itself
 */
export function leavingOut(store: Store, tell: (name: string) => void): Store {
  const told = new Set<string>();
  const onUnusable = (name: string) => {
    if (told.has(name)) return;
    told.add(name);
    tell(name);
  };
  const telling = (options: ListOptions = {}): ListOptions => ({ onUnusable, ...options });
  return {
    ...store,
    list: (prefix, options) => store.list(prefix, telling(options)),
    children: (folder, options) => store.children(folder, telling(options)),
  };
}
