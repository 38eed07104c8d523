import { EmporiumError } from "../../core/errors.js";
import { placeOf } from "../faults.js";
import { objectName, type Store } from "../store.js";

/** A store that is only read: sources stay as they are, whatever the code above does. */
export function readOnly(store: Store): Store {
  const refuse = async (key: string): Promise<never> => {
    const name = objectName(store, key);
    throw new EmporiumError("STORE_READONLY", `${name} cannot be written: it was opened for reading only`, {
      place: placeOf(name),
    });
  };
  const { local } = store;
  return {
    url: store.url,
    features: { ...store.features, writable: false },
    stat: (key, options) => store.stat(key, options),
    read: (key, range, options) => store.read(key, range, options),
    write: refuse,
    create: refuse,
    list: (prefix, options) => store.list(prefix, options),
    children: (folder, options) => store.children(folder, options),
    remove: refuse,
    openUploads: (key, options) => store.openUploads(key, options),
    ...(store.stream && { stream: store.stream.bind(store) }),
    local: local && {
      sync: local.sync,
      io: local.io,
      path: (key) => local.path(key),
      otherThing: (key) => local.otherThing(key),
      partPath: refuse,
      adopt: (_part, key) => refuse(key),
    },
  };
}
