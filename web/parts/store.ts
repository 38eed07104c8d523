import { useSyncExternalStore } from "react";

/** A value that several parts of a page show. */
export interface Shared<T> {
  get(): T;
  set(value: T): void;
  /** Calls the watcher whenever the value is set. @returns a function that ends that */
  watch(watcher: () => void): () => void;
  use(): T;
}

export function shared<T>(first: T): Shared<T> {
  let value = first;
  const watchers = new Set<() => void>();
  const watch = (watcher: () => void) => {
    watchers.add(watcher);
    return () => void watchers.delete(watcher);
  };
  const get = () => value;
  return {
    get,
    set(next) {
      value = next;
      for (const watcher of watchers) watcher();
    },
    watch,
    use: () => useSyncExternalStore(watch, get),
  };
}

/** The same, kept by this browser. What cannot be read back, or kept, is the first value. */
export function remembered<T>(name: string, first: T, isValid: (value: unknown) => value is T): Shared<T> {
  const key = `emporium.${name}`;
  const store = shared(readKept(key, isValid) ?? first);
  return {
    ...store,
    set(value) {
      store.set(value);
      try {
        localStorage.setItem(key, JSON.stringify(value));
      } catch {
        // full or forbidden: it holds until the page is closed
      }
    },
  };
}

/** What this browser keeps under a key; undefined for nothing, and for what is not valid. */
export function readKept<T>(key: string, isValid: (value: unknown) => value is T): T | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    return isValid(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
