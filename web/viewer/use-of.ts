import { useSyncExternalStore } from "react";
import type { Shared } from "../parts/store.js";

/** A part of a shared value. Drawn again only when that part is another one, so it has to be a number, a text, or an object that is kept. */
export const useOf = <T, U>(store: Shared<T>, select: (value: T) => U): U =>
  useSyncExternalStore(store.watch, () => select(store.get()));
